"""``cupy.ReductionKernel`` in the simulator: values, shapes, types, errors, evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]
NORM = ("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "l2norm")


def numbers(*shape: int, dtype: str = "float32") -> Any:
    return np.random.default_rng(5).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_norm_along_axes(cp: Any, dtype: str, axis: Any, keepdims: bool) -> None:
    x = numbers(7, 5, 6, dtype=dtype)
    norm = cp.ReductionKernel(*NORM)
    for array in (cp.asarray(x), cp.asarray(np.asfortranarray(x))):
        found = norm(array, axis=axis, keepdims=keepdims)
        expected = np.sqrt((x * x).sum(axis=axis, keepdims=keepdims))
        assert (found.dtype, found.shape) == (dtype, expected.shape)
        np.testing.assert_allclose(found.get(), expected, rtol=1e-5)


def test_two_operands_and_a_number(cp: Any) -> None:
    x, y = numbers(6, 4), numbers(4)
    largest = cp.ReductionKernel(
        "T x, T y, float32 limit", "T z", "min(fabs(x - y), limit)", "max(a, b)",
        "z = a", "-INFINITY", "largest",
    )  # fmt: skip
    found = largest(cp.asarray(x), cp.asarray(y), 0.5, axis=0)
    expected = np.minimum(np.abs(x - y), np.float32(0.5)).max(axis=0)
    np.testing.assert_allclose(found.get(), expected, rtol=1e-6)


def test_what_it_adds_up_in_is_the_type_asked_for(cp: Any) -> None:
    x = cp.full(1000, 0.1, cp.float32)
    usual = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0")
    double = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "s", "double")
    counted = cp.ReductionKernel("T x", "int64 n", "x > 0.05", "a + b", "n = a", "0")
    exact = np.float32(np.full(1000, 0.1, "float32").astype(float).sum())
    assert double(x).get() == exact
    assert usual(x).dtype == np.float32
    assert (counted(x).get(), counted(x).dtype) == (1000, np.int64)


def test_it_begins_where_it_is_told_to(cp: Any) -> None:
    """A maximum that begins at 0 is never negative."""
    x = cp.asarray(-1 - np.arange(5, dtype=np.float32))
    largest = ("T x", "T y", "x", "max(a, b)", "y = a")
    assert cp.ReductionKernel(*largest, "0")(x).get() == 0
    assert cp.ReductionKernel(*largest, None)(x).get() == -1
    total = cp.ReductionKernel(*NORM)
    assert total(cp.zeros((0, 3), cp.float32), axis=0).get().tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="largest which has no identity"):
        cp.ReductionKernel(*largest, None, "largest")(cp.zeros(0))


def test_an_output_of_one_s_own(cp: Any) -> None:
    x, norm = cp.asarray(numbers(3, 4)), cp.ReductionKernel(*NORM)
    out = cp.empty(3, cp.float32)
    assert norm(x, out, axis=1) is out
    np.testing.assert_allclose(out.get(), np.linalg.norm(x.get(), axis=1), rtol=1e-6)
    assert norm(x, axis=1, out=out) is out
    with pytest.raises(ValueError, match="Out shape is mismatched"):
        norm(x, out)
    with pytest.raises(ValueError, match="cannot specify 'out' as both"):
        norm(x, out, axis=1, out=out)
    with pytest.raises(TypeError, match="Type is mismatched"):
        norm(x, cp.empty(3, cp.float64), axis=1)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        ("norm()", TypeError, "Wrong number of arguments for l2norm"),
        ("norm(x, axes=0)", TypeError, "Wrong arguments"),
        ("norm(1.0)", ValueError, "Loop size is undecided"),
        ("norm(x, axis=3)", ValueError, "axis 3 is out of bounds"),
    ],
)
def test_wrong_calls_are_refused_as_cupy_does(
    cp: Any, call: str, error: type[Exception], text: str
) -> None:
    names = {"norm": cp.ReductionKernel(*NORM), "x": cp.ones((2, 3), cp.float32)}
    with pytest.raises(error, match=text):
        eval(call, names)


def test_it_is_one_kernel_that_reads_its_operands(cp: Any, record: Record) -> None:
    x, norm = cp.ones((8, 16), cp.float32), cp.ReductionKernel(*NORM)
    norm(x)
    _, seen = record(lambda: norm(x, axis=1))
    kernels = [(k.name, k.kind, k.elements) for k in seen.kernels]
    assert kernels == [("l2norm", "reduction", 128)]
    assert not seen.copies


@pytest.mark.parametrize(
    "changed",
    [
        {"preamble": "__device__ float f(float x) { return x; }"},
        {"post_map_expr": "y = a / _in_ind.size()"},
    ],
)
def test_what_is_beyond_it_is_named(cp: Any, changed: dict[str, str]) -> None:
    given = dict(
        zip(
            ["in_params", "out_params", "map_expr", "reduce_expr", "post_map_expr",
             "identity", "name"], NORM, strict=True,
        )
    ) | changed  # fmt: skip
    with pytest.raises(NotModelled):
        cp.ReductionKernel(**given)(cp.ones(3, cp.float32))
