"""The checks of ``unitary_fft``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import ModuleType

import numpy as np
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_in_bounds,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
)
from graders.kernel_fusion.signals import (
    Array,
    Draw,
    Operand,
    operands,
    remembered_operands,
    round_trips,
)
from graders.kernel_fusion.transforms import (
    expect_complex,
    expect_on_device,
    expect_scaled_in_callback,
    explained_by_order,
)

Limits = Mapping[str, float]
Cases = dict[str, list[Operand]]

FORWARD, INVERSE = "unitary_fft", "unitary_ifft"


@pytest.fixture(scope="module")
def cases(draw: Draw) -> Cases:
    """Return each function's operands, drawn once: equal calls are made once."""
    return {name: operands(draw, name) for name in (FORWARD, INVERSE)}


def test_forward(
    learner: Learner, cases: Cases, oracles: ModuleType, limits: Limits
) -> None:
    """The forward transform is the orthonormal FFT, in both precisions."""
    _expect_right(learner, FORWARD, cases, oracles, limits)


def test_inverse(
    learner: Learner, cases: Cases, oracles: ModuleType, limits: Limits
) -> None:
    """The inverse transform is the orthonormal inverse FFT, in both precisions."""
    _expect_right(learner, INVERSE, cases, oracles, limits)


def test_round_trip(learner: Learner, draw: Draw, limits: Limits) -> None:
    """One after the other, in either order, the two give the operand again."""
    for case in round_trips(draw):
        for one, other in ((FORWARD, INVERSE), (INVERSE, FORWARD)):
            between = _result(learner, one, case.x, case.where)
            back = _result(learner, other, between, case.where)
            expect_close(
                back,
                case.x.astype(np.complex128),
                relative_error=2 * limits[case.x.dtype.name],
                name=f"the result of {other}({one}(x))",
                where=case.where,
                mistakes={
                    f"{other} did not transform back: this is what {one} gives if it "
                    "is called twice.": partial(_mirrored, case.x)
                },
            )


def test_memory_space(learner: Learner, cases: Cases) -> None:
    """Operand and result stay on the GPU."""
    for function, case in _all(cases):
        expect_on_device(learner.call(function, gpu(case.x)), case.x, case.where)


def test_inputs_unchanged(learner: Learner, cases: Cases) -> None:
    """The operand is the same after the call as before."""
    for function, case in _all(cases):
        expect_unchanged(learner.call(function, gpu(case.x)), names=["x"])


def test_fused(learner: Learner, cases: Cases) -> None:
    """A callback of nvmath's transform scales, and no other kernel computes."""
    for function, case in _all(cases):
        observation = learner.call(function, gpu(case.x))
        evidence = observation.evidence
        where = f"{function}: {case.where}"
        expect_scaled_in_callback(evidence, case.x, where)


def _expect_right(
    learner: Learner, function: str, cases: Cases, oracles: ModuleType, limits: Limits
) -> None:
    oracle = getattr(oracles, function)
    for number, case in enumerate(cases[function]):
        result = _result(learner, function, case.x, case.where)
        with explained_by_order(case.x):
            expect_close(
                result,
                oracle(case.x),
                relative_error=limits[case.x.dtype.name],
                where=case.where,
                mistakes=remembered_operands(oracle, case, cases[function][:number])
                | oracles.unitary_mistakes(case.x, inverse=function == INVERSE),
            )
        expect_settled(learner.call(function, gpu(case.x)))


def _result(learner: Learner, function: str, x: Array, where: str) -> Array:
    observation: Observation = learner.call(function, gpu(x))
    expect_in_bounds(observation, where)
    expect_complex(observation, where)
    result = expect_array(
        observation.value,
        shape=x.shape,
        dtype=x.dtype.name,
        name=f"the result of {function} ({where})",
    )
    expect_ready(observation)
    return result


def _mirrored(x: Array) -> Array:
    """Return what two transforms in the same direction make: x backwards in time."""
    return np.roll(x[..., ::-1], 1, axis=-1)


def _all(cases: Cases) -> list[tuple[str, Operand]]:
    return [(name, case) for name, drawn in cases.items() for case in drawn]
