"""The checks of ``device_convolution``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.device_api.launches import (
    expect_device_calls,
    expect_in_bounds,
    listed,
    numba_launches,
    short,
)
from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_settled,
    expect_unchanged,
    gpu,
    require_evidence,
)
from graders.harness.errors import CompileFailed, Crashed, Failure, NotFused

Draw = Callable[[str], np.random.Generator]
Operand = npt.NDArray[np.complexfloating]

# Batch, length and dtype. The first two have one shape and different numbers; batches
# that no number of transforms in a block divides; lengths of 2, 3 and 5 in all mixtures.
_CASES = (
    (5, 128, "complex64"),
    (5, 128, "complex64"),
    (4, 1000, "complex128"),
    (7, 96, "complex64"),
    (1, 2048, "complex64"),
    (3, 243, "complex128"),
)


@dataclass(frozen=True)
class Case:
    """A batch of signals with their filters."""

    signal: Operand
    filter_data: Operand

    @property
    def where(self) -> str:
        """The case in words."""
        batch, size = self.signal.shape
        rows = "1 row" if batch == 1 else f"{batch} rows"
        return f"{rows} of {size} in {self.signal.dtype.name}"


@pytest.fixture(scope="module")
def cases(learner: Learner, reference: Learner, draw: Draw) -> list[Case]:
    """Return the cases, drawn once, but those that the GPU cannot do."""
    rng = draw("cases")
    drawn = [_draw(rng, *case) for case in _CASES]
    return [case for case in drawn if _possible(learner, reference, case)]


def _draw(rng: np.random.Generator, batch: int, size: int, dtype: str) -> Case:
    def operand() -> Operand:
        parts = rng.standard_normal((2, batch, size))
        return np.asarray((parts[0] + 1j * parts[1]).astype(dtype))

    return Case(operand(), operand())


def _possible(learner: Learner, reference: Learner, case: Case) -> bool:
    """Return whether the length can be transformed here: ours fails only where none can."""
    try:
        _convolve(learner, case)
    except (Crashed, CompileFailed):
        try:
            _convolve(reference, case)
        except Failure:
            return False
    except Failure:
        pass  # the checks say so
    return True


def test_device_api(learner: Learner, cases: list[Case]) -> None:
    """A kernel of numba-cuda transforms with nvmath.device.FFT."""
    case = cases[0]
    name = "nvmath.device.FFT's execute"
    expect_device_calls(_convolve(learner, case), "mathdx", name, case.where)


def test_values(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
) -> None:
    """Each row is convolved with its filter, for every length, batch and precision."""
    for number, case in enumerate(cases):
        observation = _convolve(learner, case)
        expect_in_bounds(observation, case.where)
        result = expect_array(
            observation.value,
            shape=case.signal.shape,
            dtype=("complex64", "complex128"),
            name=f"the result ({case.where})",
        )
        expected = oracles.convolve(case.signal, case.filter_data)
        expect_close(
            result,
            expected,
            relative_error=limits[case.signal.dtype.name],
            where=case.where,
            mistakes=_remembered(oracles, case, cases[:number])
            | oracles.convolve_mistakes(case.signal, case.filter_data),
        )
        expect_settled(observation)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The result is an array on the GPU, of the signal's dtype."""
    for case in cases:
        expect_array(
            _convolve(learner, case).value,
            shape=case.signal.shape,
            dtype=case.signal.dtype.name,
            memory_space="cuda",
            name=f"the result ({case.where})",
        )


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """Signal and filter are the same after the call as before."""
    for case in cases:
        expect_unchanged(_convolve(learner, case), names=["signal", "filter_data"])


def test_one_kernel(learner: Learner, cases: list[Case]) -> None:
    """Exactly one kernel runs, one of numba-cuda."""
    for case in cases:
        observation = _convolve(learner, case)
        evidence = require_evidence(observation.evidence)
        kernels = [k for k in evidence.kernels if not short(k).startswith("cupy_fill")]
        launches = numba_launches(observation)
        if len(kernels) == len(launches) == 1:
            continue
        msg = (
            f"{len(kernels)} kernels ran for {case.where}, {len(launches)} of them "
            f"launched by numba-cuda; {listed(kernels)}. Expected was exactly one, yours."
        )
        hint = (
            "Each kernel reads and writes the whole batch once more. What of it can be "
            "done while the numbers are in registers?"
        )
        raise NotFused(msg, hint=hint)


def _remembered(
    oracles: ModuleType, case: Case, earlier: list[Case]
) -> dict[str, Callable[[], Any]]:
    """Return what a program would give that kept something of an earlier call."""
    mistakes: dict[str, Callable[[], Any]] = {}
    for old in earlier:
        if old.signal.shape == case.signal.shape:
            same, kept = partial(oracles.convolve, old.signal), old.filter_data
            mistakes["This is the result of an earlier call."] = partial(same, kept)
            mistakes["The filter is that of an earlier call."] = partial(
                oracles.convolve, case.signal, kept
            )
    return mistakes


def _convolve(learner: Learner, case: Case) -> Observation:
    return learner.call("convolve", gpu(case.signal), gpu(case.filter_data))
