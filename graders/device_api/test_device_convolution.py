"""The checks of ``device_convolution``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.device_api.launches import (
    expect_device_calls,
    expect_in_bounds,
    expect_made_there,
    listed,
    numba_launches,
)
from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
)
from graders.harness.checks.absent import ProgramAbsent
from graders.harness.errors import (
    CompileFailed,
    Crashed,
    EnvironmentUnavailable,
    Failure,
    NotFused,
    NotRun,
)

Draw = Callable[[str], np.random.Generator]
Operand = npt.NDArray[np.complexfloating]

# Batch, length and dtype. The first two have one shape and different numbers, the third
# another number of rows, the fourth their length in the other precision; batches that no
# number of transforms in a block divides, one of them larger than any that a grid would
# be limited to, one larger than what eight bits hold; lengths of 2, 3 and 5, among them the
# shortest. One worker meets two lengths in one precision, one after the other.
_CASES = (
    (5, 1000, "complex64"),
    (5, 1000, "complex64"),
    (7, 1000, "complex64"),
    (4, 1000, "complex128"),
    (131, 96, "complex64"),
    (307, 16, "complex64"),
    (1, 2048, "complex64"),
    (3, 243, "complex128"),
)
# Rows: factors of an element each, as 1 / n in double precision, have the bytes of one.
_MORE_THAN_TABLES = 4
# Each length takes a program seconds to compile: these are compiled beside the others, by
# workers with these numbers. The first worker meets one length, in both precisions.
_BESIDE = {96: 1, 16: 1, 2048: 2, 243: 3}


@dataclass(frozen=True)
class Case:
    """
    A batch of signals with their filters.

    Attributes:
        signal: A signal in each row.

        filter_data: The filters' spectra.

        after: What the same worker was given before it, in words.
    """

    signal: Operand
    filter_data: Operand
    after: str = ""

    @property
    def what(self) -> str:
        """The operands in words."""
        batch, size = self.signal.shape
        rows = "1 row" if batch == 1 else f"{batch} rows"
        return f"{rows} of {size} in {self.signal.dtype.name}"

    @property
    def where(self) -> str:
        """The case in words: the operands, and what was called before, if different."""
        different = self.after not in ("", self.what)
        return f"{self.what}, after {self.after}" if different else self.what


@dataclass(frozen=True)
class Drawn:
    """
    The cases of one grading.

    Attributes:
        cases: Those that the checks judge.

        left_out: Those that this GPU cannot do, in words, each with what the reference
            said of it.
    """

    cases: list[Case]
    left_out: dict[str, str]


@dataclass(frozen=True)
class Workers:
    """
    A program in several workers; a length is always called in the same one.

    Attributes:
        programs: By the number of the worker; 0 is the first.
    """

    programs: Mapping[int, Learner]

    def call(self, case: Case) -> Observation:
        """Return what was observed of a case."""
        signal, filter_data = gpu(case.signal), gpu(case.filter_data)
        return self.programs[_worker(case)].call("convolve", signal, filter_data)

    def call_all(self, cases: list[Case]) -> None:
        """Call all cases, those of different workers at the same time."""
        if self.programs[0] is self.programs[1]:
            return
        parts: dict[int, list[Case]] = {}
        for case in cases:
            parts.setdefault(_worker(case), []).append(case)
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(self._call_each, parts.values()))

    def _call_each(self, cases: list[Case]) -> None:
        for case in cases:
            with suppress(Failure, NotRun):  # kept, and told by the check that asks
                self.call(case)


@pytest.fixture(scope="module", name="workers")
def in_workers(learner: Learner, learner_beside: Callable[[int], Learner]) -> Workers:
    """Return the learner's program in its workers."""
    others = {number: learner_beside(number) for number in set(_BESIDE.values())}
    return Workers({0: learner, **others})


def _worker(case: Case) -> int:
    """Return the number of the worker that a case belongs to."""
    return _BESIDE.get(case.signal.shape[1], 0)


@pytest.fixture(scope="module")
def drawn(workers: Workers, reference: Learner, draw: Draw) -> Drawn:
    """Return the cases, drawn once: calls with equal arguments are made once."""
    rng = draw("cases")
    cases: list[Case] = []
    last: dict[int, str] = {}
    for drawn_case in (_draw(rng, *case) for case in _CASES):
        worker = _worker(drawn_case)
        cases.append(replace(drawn_case, after=last.get(worker, "")))
        last[worker] = drawn_case.what
    workers.call_all(cases)
    return possible(workers, reference, cases)


@pytest.fixture
def cases(drawn: Drawn, note: Callable[[str, Any], None]) -> list[Case]:
    """Return the cases that are judged; what was left out goes into the report."""
    if drawn.left_out:
        note("left_out", drawn.left_out)
    return drawn.cases


def _draw(rng: np.random.Generator, batch: int, size: int, dtype: str) -> Case:
    def operand() -> Operand:
        parts = rng.standard_normal((2, batch, size))
        return np.asarray((parts[0] + 1j * parts[1]).astype(dtype))

    return Case(operand(), operand())


def possible(workers: Workers, reference: Learner, drawn: list[Case]) -> Drawn:
    """
    Leave out the cases that neither the learner's program nor the reference can do here.

    Raises:
        EnvironmentUnavailable: No case of some dtype is left, so that nothing could be
            said of it: cuFFTDx itself does not work on this machine.
    """
    found = Drawn([], {})
    for case in drawn:
        problem = _problem(workers, reference, case)
        if problem:
            found.left_out[case.where] = problem
        else:
            found.cases.append(case)
    left = {case.signal.dtype.name for case in found.cases}
    for case in drawn:
        if case.signal.dtype.name not in left:
            msg = (
                f"no length can be transformed in {case.signal.dtype.name} inside a "
                "kernel on this machine, by the reference neither "
                f"({found.left_out[case.where][:300]})"
            )
            raise EnvironmentUnavailable(msg)
    return found


def _problem(workers: Workers, reference: Learner, case: Case) -> str:
    """Return why a length cannot be transformed here, or nothing where ours does it."""
    try:
        workers.call(case)
    except (Crashed, CompileFailed):
        try:
            reference.call("convolve", gpu(case.signal), gpu(case.filter_data))
        except ProgramAbsent:
            pass  # nothing is known of this machine, and the checks say what was seen
        except Failure as failure:
            return failure.message
    except Failure:
        pass  # the checks say so
    return ""


def test_device_api(workers: Workers, cases: list[Case]) -> None:
    """A kernel of numba-cuda transforms with nvmath.device.FFT."""
    name = "nvmath.device.FFT's execute"
    for case in cases:
        seen = workers.call(case)
        expect_device_calls(seen, "mathdx", name, case.where)
        if len(case.signal) >= _MORE_THAN_TABLES:
            expect_made_there(seen, case.signal.nbytes, case.where)


def test_values(
    workers: Workers,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
) -> None:
    """Each row is convolved with its filter, for every length, batch and precision."""
    for number, case in enumerate(cases):
        observation = workers.call(case)
        expect_in_bounds(observation, case.where)
        expect_ready(observation)
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
            mistakes=_remembered(oracles, case, expected, cases[:number])
            | oracles.convolve_mistakes(case.signal, case.filter_data),
        )
        expect_settled(observation)


def test_memory_space(workers: Workers, cases: list[Case]) -> None:
    """The result is an array on the GPU, of the signal's dtype."""
    for case in cases:
        expect_array(
            workers.call(case).value,
            shape=case.signal.shape,
            dtype=case.signal.dtype.name,
            memory_space="cuda",
            name=f"the result ({case.where})",
        )


def test_inputs_unchanged(workers: Workers, cases: list[Case]) -> None:
    """Signal and filter are the same after the call as before."""
    for case in cases:
        expect_unchanged(workers.call(case), names=["signal", "filter_data"])


def test_one_kernel(workers: Workers, cases: list[Case]) -> None:
    """Exactly one kernel runs, one of numba-cuda."""
    for case in cases:
        observation = workers.call(case)
        launches = numba_launches(observation)
        kernels = [k for k in observation.evidence.kernels if k.kind != "fill"]
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
    oracles: ModuleType, case: Case, expected: Operand, earlier: list[Case]
) -> dict[str, Callable[[], Any]]:
    """Return what a program would give that kept something of an earlier call."""
    mistakes: dict[str, Callable[[], Any]] = {}
    length = case.signal.shape[1]
    for old in earlier:
        size = old.signal.shape[1]
        if size != length and _worker(old) == _worker(case):
            mistakes[f"This is divided by the length of an earlier call, {size}."] = (
                partial(np.multiply, expected, length / size)
            )
        if old.signal.shape == case.signal.shape:
            same, kept = partial(oracles.convolve, old.signal), old.filter_data
            mistakes["This is the result of an earlier call."] = partial(same, kept)
            mistakes["The filter is that of an earlier call."] = partial(
                oracles.convolve, case.signal, kept
            )
    return mistakes
