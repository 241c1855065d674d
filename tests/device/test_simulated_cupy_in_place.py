"""What works in place in the simulated CuPy: values, kernels, what they read and wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.machine import MACHINE

HOST = np.array([[1.0, np.nan, -2.0, 5.0], [np.inf, 3.0, 4.0, 0.0]])


def record(
    action: Callable[[], Any], operand: Any = None, made_by: str = ""
) -> tuple[Evidence, Any]:
    """Run an action, one array marked as an operand of the call, and who made it."""
    MACHINE.begin()
    if operand is not None:
        operand.block.operand = True
        operand.block.made_by = made_by
    result = action()
    return MACHINE.end(), result


def ran(evidence: Evidence) -> list[tuple[str, str]]:
    """Return the kernels' operations, as CuPy names them, and their kinds."""
    return [
        (k.name.removeprefix("cupy_").split("__")[0], k.kind) for k in evidence.kernels
    ]


@pytest.mark.parametrize("computed", [True, False])
def test_nan_to_num_in_place_is_a_kernel_on_its_argument(
    cp: Any, computed: bool
) -> None:
    x = cp.asarray(HOST)
    x = x * 1 if computed else x
    evidence, result = record(lambda: cp.nan_to_num(x, copy=False, posinf=7.0), x)
    assert result is x
    assert ran(evidence) == [("nan_to_num", "elementwise")]
    assert evidence.kernels[0].elements == 8
    assert evidence.kernels[0].reads_operand
    assert evidence.allocations == 0
    assert x.block.made_by == evidence.kernels[0].name
    np.testing.assert_array_equal(x.get(), np.nan_to_num(HOST, posinf=7.0))


def test_nan_to_num_in_place_of_parts_and_of_single_numbers(cp: Any) -> None:
    x = cp.array([np.nan, 1.0, np.nan])
    part, number = x[:2], x[2]
    assert cp.nan_to_num(part, False) is part
    np.testing.assert_array_equal(x.get(), [0.0, 1.0, np.nan])
    assert cp.nan_to_num(number, copy=False, nan=4.0) is number
    np.testing.assert_array_equal(x.get(), [0.0, 1.0, 4.0])
    assert cp.nan_to_num(x) is not x
    assert float(cp.nan_to_num(np.nan)) == 0


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("cp.median(x, overwrite_input=True)", ["sort", "median"]),
        ("cp.percentile(x, 50, overwrite_input=True)", ["sort", "percentile"]),
        ("cp.quantile(x, 0.5, None, None, True)", ["sort", "quantile"]),
        ("cp.median(x)", ["median"]),
        ("cp.around(x, 1, x)", ["around"]),
        ("cp.cumsum(x, 1, None, x)", ["cumsum"]),
        ("cp.take(x, cp.arange(4), 1, x)", ["arange", "take"]),
        ("cp.dot(cp.eye(2), x.copy(), x)", ["eye", "copy", "dot"]),
        ("x.byteswap(True)", ["byteswap"]),
        ("ndimage.gaussian_filter(x, 1.0, output=x)", ["gaussian_filter"]),
        ("special.erf(x, x)", ["erf"]),
    ],
)
def test_what_is_written_into_an_argument_is_accounted(
    cp: Any, action: str, expected: list[str]
) -> None:
    from cupyx.scipy import ndimage, special

    x = cp.arange(8.0).reshape(2, 4) * 1.5
    scope = {"cp": cp, "x": x, "ndimage": ndimage, "special": special}
    evidence, result = record(lambda: eval(action, scope), x)
    assert [name for name, _ in ran(evidence)] == expected
    changed = expected != ["median"]
    assert (x.block.made_by != "") == changed
    assert (result is x) == (changed and "sort" not in expected)


@pytest.mark.parametrize(
    "look",
    [
        "cp.atleast_2d(x)",
        "cp.broadcast_arrays(x, x)",
        "cp.diff(x, 0)",
        "cp.real(x)",
        "cp.real_if_close(x)",
        "cp.squeeze(x)",
        "cp.linalg.matrix_power(x, 1)",
    ],
)
@pytest.mark.parametrize("computed", [True, False])
def test_an_array_given_back_as_it_is_costs_nothing(
    cp: Any, look: str, computed: bool
) -> None:
    x = cp.ones((3, 3))
    x = x * 2 if computed else x
    evidence, result = record(lambda: eval(look, {"cp": cp, "x": x}))
    assert evidence.kernels == evidence.copies == ()
    one = result[0] if isinstance(result, (list, tuple)) else result
    one[0, 0] = 9
    assert float(x[0, 0]) == 9


@pytest.mark.parametrize(
    "index",
    [
        "(xp.array([0, 0, 1]), xp.array([1, 1, 2]))",
        "(slice(None), xp.array([3, 3]))",
        "(xp.array([1, -1]), slice(1, 3))",
        "(1, xp.array([0, 0]))",
        "([0, 1], [1, 1])",
        "(Ellipsis, xp.array([0]))",
        "(slice(1), slice(2))",
        "xp.array([1, 1])",
        "xp.array([[True, False, True, False]] * 2)",
        "1",
    ],
)
def test_scatters_take_every_index_that_cupy_takes(cp: Any, index: str) -> None:
    import cupyx

    host = np.arange(8.0).reshape(2, 4)
    for scatter, at in (
        (cp.add.at, np.add.at),
        (cupyx.scatter_add, np.add.at),
        (cupyx.scatter_max, np.maximum.at),
        (cupyx.scatter_min, np.minimum.at),
    ):
        x, expected = cp.asarray(host), host.copy()
        scatter(x, eval(index, {"xp": cp}), 2.5)
        at(expected, eval(index, {"xp": np}), 2.5)
        np.testing.assert_array_equal(x.get(), expected)


def test_a_scatter_reads_its_indices(cp: Any) -> None:
    x, rows, columns = cp.zeros((2, 4)), cp.array([0, 1]), cp.array([2, 3])
    evidence, _ = record(lambda: cp.add.at(x, (rows, columns), 1.0), columns)
    assert ran(evidence) == [("add_at", "elementwise")]
    assert evidence.kernels[0].reads_operand
    with pytest.raises(IndexError, match="integer or boolean"):
        cp.add.at(x, (rows, cp.array([0.5, 1.0])), 1.0)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("x.__setitem__(mask, 0)", "scatter_update_mask"),
        ("x.__setitem__((slice(None), mask[0]), 0.0)", "scatter_update_mask"),
        ("x.__setitem__(mask, y[0])", "scatter_update_mask"),
        ("cp.putmask(x, mask, 0)", "putmask"),
        ("cp.place(x, mask, y)", "place"),
        ("cp.tril(x)", "tril"),
        ("cp.triu(x, 1)", "triu"),
        ("cp.choose(mask, [x, y])", "choose"),
    ],
)
def test_what_a_condition_chooses_is_computed(
    cp: Any, action: str, expected: str
) -> None:
    x, y = cp.ones((4, 4)), cp.zeros((4, 4))
    mask = cp.asarray(np.eye(4, dtype=bool))
    scope = {"cp": cp, "x": x, "y": y, "mask": mask}
    evidence, _ = record(lambda: eval(action, scope), x)
    assert ran(evidence) == [(expected, "elementwise")]
    assert evidence.kernels[0].reads_operand


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("x.__setitem__(cp.arange(2), 0)", "fill"),
        ("x.__setitem__(cp.arange(2), y[:2])", "copy"),
        ("cp.put(x, cp.arange(2), 5.0)", "copy"),
        ("cp.copyto(x, y)", "copy"),
        ("cp.copyto(x, y, where=mask)", "copy"),  # its kernel on CUDA is cupy_copy
    ],
)
def test_what_positions_choose_is_moved(cp: Any, action: str, kind: str) -> None:
    x, y, mask = cp.ones((4, 4)), cp.zeros((4, 4)), cp.ones((4, 4), dtype=bool)
    evidence, _ = record(lambda: eval(action, {"cp": cp, "x": x, "y": y, "mask": mask}))
    assert evidence.kernels[-1].kind == kind


def test_a_scalar_by_a_mask_leaves_an_array_to_who_made_it(cp: Any) -> None:
    x, y = cp.ones(4), cp.zeros(2)
    mask = cp.asarray(np.array([True, False, True, False]))
    record(lambda: x.__setitem__(mask, 0), x, "simulated_fft_c2r")
    assert x.block.made_by == "simulated_fft_c2r"
    record(lambda: x.__setitem__(mask, y), x, "simulated_fft_c2r")
    assert x.block.made_by.startswith("cupy_scatter_update_mask")
