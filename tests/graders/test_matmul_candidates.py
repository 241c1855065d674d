"""The candidates of matmul_validation: right ones are right, wrong ones are not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from graders.kernel_fusion.candidates import RIGHT, WRONG

ROOT = Path(__file__).parents[2]
SHAPES = [(2, 3, 4), (5, 1, 3), (7, 20, 5), (4, 4, 4), (30, 17, 41), (1, 6, 3)]
# Sums of some twenty products of numbers near 1.
ROUNDING = {"float32": 3e-6, "float64": 1e-14}


def _oracles():
    path = ROOT / "reference" / "kernel_fusion" / "oracles.py"
    spec = importlib.util.spec_from_file_location("kernel_fusion_oracles", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracles = _oracles()


def _case(shape, dtype, order="C", seed=0):
    m, k, n = shape
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    bias = 2 * rng.standard_normal(m)
    return tuple(np.asarray(x, dtype=dtype, order=order) for x in (a, b, bias))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("candidate", RIGHT, ids=lambda c: c.name)
def test_right_candidates_differ_by_rounding_alone(candidate, shape, dtype, order):
    operands = _case(shape, dtype, order)
    kept = [x.copy() for x in operands]
    result = candidate.program(*operands)
    assert result.dtype == dtype
    assert result.shape == (shape[0], shape[2])
    expected = oracles.linear_relu(*kept)
    np.testing.assert_allclose(result, expected, atol=20 * ROUNDING[dtype], rtol=0)
    assert all(np.array_equal(x, y) for x, y in zip(operands, kept, strict=True))


def test_right_candidates_differ_in_rounding_and_in_memory_order():
    operands = _case((30, 40, 20), "float32")
    results = [c.program(*operands) for c in RIGHT]
    assert len({r.astype(np.float64).tobytes() for r in results}) >= 3
    assert any(r.flags.f_contiguous for r in results)
    assert any(r.flags.c_contiguous for r in results)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 3, 6), (7, 20, 5), (30, 17, 41)])
@pytest.mark.parametrize("candidate", WRONG, ids=lambda c: c.name)
def test_wrong_candidates_show_on_an_ordinary_case(candidate, shape, dtype):
    operands = _case(shape, dtype)
    kept = [x.copy() for x in operands]
    try:
        with np.errstate(all="ignore"):
            result = candidate.program(*operands)
    except (ValueError, TypeError, RuntimeError):
        return
    assert result.shape == (shape[0], shape[2])
    assert result.dtype == dtype
    assert np.isfinite(result).all()
    changed = any(not np.array_equal(x, y) for x, y in zip(operands, kept, strict=True))
    error = np.abs(result - oracles.linear_relu(*kept)).max()
    assert changed or error > 50 * ROUNDING["float32"]


def test_the_misplaced_result_has_the_right_entries():
    candidate = next(c for c in WRONG if c.name == "misread_result")
    operands = _case((7, 20, 5), "float64")
    seen, right = candidate.program(*operands), oracles.linear_relu(*operands)
    np.testing.assert_allclose(np.sort(seen, axis=None), np.sort(right, axis=None))
    assert not np.allclose(seen, right)


@pytest.mark.parametrize("name", ["square_pitch", "square_or_raise"])
def test_the_square_ones_are_right_for_square_matrices(name):
    candidate = next(c for c in WRONG if c.name == name)
    operands = _case((6, 6, 6), "float64")
    np.testing.assert_allclose(
        candidate.program(*operands), oracles.linear_relu(*operands)
    )


@pytest.mark.parametrize("name", ["positive_part", "magnitudes"])
def test_the_positive_ones_are_right_for_positive_inputs(name):
    candidate = next(c for c in WRONG if c.name == name)
    operands = [abs(x) for x in _case((3, 4, 5), "float64")]
    np.testing.assert_allclose(
        candidate.program(*operands), oracles.linear_relu(*operands)
    )


def test_every_mistake_of_the_exercise_is_planted():
    names = {c.name for c in WRONG}
    assert {
        "no_bias",
        "bias_on_rows",
        "bias_after_relu",
        "no_relu",
        "second_transposed",
        "half_operands",
        "square_pitch",
        "positive_part",
        "scribbles_on_a",
        "changed_bias",
        "raises",
        "raises_type_error",
        "misread_result",
    } <= names
    assert len(names) == len(WRONG)
    assert not names & {c.name for c in RIGHT}


def test_exact_steps_agree_with_the_oracle():
    operands = _case((3, 4, 5), "float64")
    steps = oracles.exact_steps(*operands)
    expected = oracles.linear_relu(*operands)
    np.testing.assert_allclose(steps.activated.astype(float), expected, atol=1e-14)
    assert (steps.scale.astype(float) >= np.abs(steps.biased.astype(float))).all()
