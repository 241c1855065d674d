"""The checks of ``execution_spaces``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    SMALL_CHANGE,
    ArrayValue,
    Learner,
    Observation,
    describe,
    expect_array,
    expect_close,
    expect_copies,
    expect_no_device_copies,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
)
from graders.harness.checks.possible import on_a_machine_for
from graders.harness.errors import (
    Failure,
    WrongDtype,
    WrongMemorySpace,
    WrongPhases,
    WrongValue,
)
from graders.memory_spaces.transforms import (
    expect_no_other,
    expect_untouched,
    expect_whole,
    spaces_of,
)

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]

SPACES = ("cpu", "cuda")
# Even and odd, without a prime factor above 7: where nvmath's CPU library is FFTW with
# threads, it writes into the operand at lengths such as 1287 = 9 * 11 * 13 (seen with FFTW
# 3.3.10), and that is not the learner's doing. Each operand has more than 8 KB, which is
# more than what copies of scalars and tables are forgiven.
EVEN = (1152, 1200, 1344, 1400, 1500, 2048)
ODD = (1125, 1215, 1225, 1323, 1575, 2025)
# Of the short ones all copies are forgiven; values and spaces are judged like any other's.
TINY = (8, 12, 15, 20, 25)
LONG = (131072, 140000, 147456)
_NAMES = {"cpu": "CPU", "cuda": "GPU"}
_ARRAYS = {"cpu": "NumPy", "cuda": "CuPy"}


@dataclass(frozen=True)
class Case:
    """
    One transform.

    Attributes:
        x: The operand's values.

        memory: The memory space in which the learner gets it.

        space: The execution space that is asked for.
    """

    x: npt.NDArray[Any]
    memory: str
    space: str

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        return (
            f"{self.x.size} numbers of {self.x.dtype} in a {_ARRAYS[self.memory]} array, "
            f'space "{self.space}"'
        )


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """
    Return the transforms, drawn once.

    Each pair of memory and execution space comes in both precisions, with an even and an
    odd length; one length comes three times with other values, and that of each other pair
    four times running; at last it comes in each space in turn. Very short arrays and long
    ones are on the side where one would not expect them.
    """
    rng = draw("spectra")
    lengths = {
        "complex64": [int(n) for n in rng.choice(EVEN, size=4, replace=False)],
        "complex128": [int(n) for n in rng.choice(ODD, size=4, replace=False)],
    }
    found = []
    for dtype in lengths:
        for memory in SPACES:
            for space in SPACES:
                n = lengths[dtype].pop()
                found.append(Case(_numbers(rng, n, dtype), memory, space))
    first = found[0]
    for memory in SPACES:
        again = _numbers(rng, first.x.size, "complex64")
        # The one of the same kind comes soon, where what was kept of the first is in use.
        place = 2 if memory == first.memory else len(found)
        found.insert(place, Case(again, memory, first.space))
    found = _with_repeats(rng, found, first)
    # One length in both spaces, there and back: a plan belongs to one of them.
    for memory in SPACES:
        for space in ("cuda", "cpu", "cuda"):
            again = _numbers(rng, first.x.size, "complex64")
            found.append(Case(again, memory, space))
    lopsided = (
        (TINY, "cpu", "cuda"), (LONG, "cuda", "cpu"),
        (TINY, "cuda", "cpu"), (LONG, "cpu", "cpu"),
    )  # fmt: skip
    for sizes, memory, space in lopsided:
        x = _numbers(rng, int(rng.choice(sizes)), "complex64")
        found.append(Case(x, memory, space))
    return found


def _with_repeats(
    rng: np.random.Generator, cases: list[Case], first: Case
) -> list[Case]:
    """
    Return cases of which those of other pairs than the first's come again.

    They do in one precision. A plan or a buffer that was kept shows when the next operand
    is another one. The worker puts it where the last one was every other time, so that
    both happens for each pair.
    """
    found = []
    for case in cases:
        found.append(case)
        is_other = (case.memory, case.space) != (first.memory, first.space)
        if is_other and case.x.dtype == first.x.dtype and case.x.size != first.x.size:
            found += [
                replace(case, x=_numbers(rng, case.x.size, case.x.dtype.name))
                for _ in range(3)
            ]
    return found


def test_predictions(learner: Learner, draw: Draw, oracles: ModuleType) -> None:
    """The execution space and the result's memory space of each call are known."""
    questions = list(oracles.EXECUTION)
    answers = {}
    for index in draw("questions").permutation(len(questions)):
        call, space = questions[index]
        value = learner.call("where_does_it_run", call, space).value
        answers[call, space] = _prediction(value, call, space)
    wrong = [
        question
        for question in questions
        if answers[question] != oracles.where_does_it_run(*question)
    ]
    if wrong:
        call, space = wrong[0]
        expected = oracles.where_does_it_run(call, space)
        msg = (
            f"{len(questions) - len(wrong)} of {len(questions)} predictions are right. For "
            f"{call!r} with operands in {space!r}, where_does_it_run says "
            f"{answers[call, space]}. nvmath's log says: "
            f"{oracles.log_line(call, space)!r} Expected were the execution space "
            f"{expected[0]!r} and a result in {expected[1]!r}."
        )
        raise WrongValue(msg, hint=_misunderstanding(answers, oracles))


def test_spectrum(
    learner: Learner,
    reference: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """The spectrum is right, and of the operand's shape and dtype."""
    for number, case in enumerate(cases):
        observation = _spectrum(learner, reference, case)
        expect_ready(observation)
        result = expect_array(
            observation.value,
            shape=case.x.shape,
            dtype=case.x.dtype.name,
            memory_space=None,
            name="the spectrum",
        )
        expect_close(
            result,
            oracles.spectrum_on(case.x),
            relative_error=limits["relative_error"][case.x.dtype.name],
            name="the spectrum",
            where=case.where,
            mistakes=_remembered(case, cases[:number], oracles)
            | oracles.spectrum_mistakes(case.x),
        )
        expect_settled(observation)


def test_memory_space(learner: Learner, reference: Learner, cases: list[Case]) -> None:
    """The spectrum is an array of the operand's own type, in its memory space."""
    for case in cases:
        value = _spectrum(learner, reference, case).value
        if not isinstance(value, ArrayValue):
            msg = (
                f"spectrum_on returned {describe(value)} ({case.where}). Expected was a "
                f"{_ARRAYS[case.memory]} array."
            )
            raise WrongMemorySpace(msg, hint="Return the spectrum itself.")
        if value.memory_space != case.memory:
            msg = (
                f"The spectrum is in {_NAMES[value.memory_space]} memory "
                f"({value.type_name}; {case.where}). Expected was the operand's, "
                f"{_NAMES[case.memory]} memory."
            )
            hint = (
                "nvmath brings a result back to where its operand was, wherever it is "
                "computed: which line takes it elsewhere?"
            )
            raise WrongMemorySpace(msg, hint=hint)


def test_execution_space(
    learner: Learner, reference: Learner, cases: list[Case]
) -> None:
    """The transform is computed in the space that was asked for, by nvmath."""
    for case in cases:
        evidence = _spectrum(learner, reference, case).evidence
        ran = spaces_of(evidence)
        if not ran:
            msg = (
                f"nvmath ran no transform ({case.where}). Expected was one of nvmath.fft, "
                f"on the {_NAMES[case.space]}."
            )
            hint = "NumPy's and CuPy's own FFTs know one space each; nvmath.fft knows both."
            raise WrongPhases(msg, hint=hint)
        elsewhere = [space for space in ran if space != case.space]
        if elsewhere:
            msg = (
                f"nvmath ran the transform on the {_NAMES[elsewhere[0]]} ({case.where}). "
                f"Expected was the {_NAMES[case.space]}."
            )
            raise WrongMemorySpace(msg, hint=_steering_hint(case, elsewhere[0]))
        expect_whole(evidence, case.x.size, case.where)
        expect_no_other(evidence, case.where)


def test_copies(
    learner: Learner,
    reference: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    """Nothing is copied but what must travel: operand there, result back."""
    for case in cases:
        observation = _spectrum(learner, reference, case)
        evidence = observation.evidence
        expect_copies(
            evidence,
            host_to_device=_moved(case),
            device_to_host=_moved(case),
            where=case.where,
            hint="Who copies beside nvmath, and what for?",
        )
        expect_no_device_copies(evidence, where=case.where)
        if case.x.nbytes > SMALL_CHANGE and _is_right(
            observation, case, oracles, limits
        ):
            expect_untouched(evidence, case.x.size, case.where)


def test_inputs_unchanged(
    learner: Learner, reference: Learner, cases: list[Case]
) -> None:
    """The operand is the same after the call as before."""
    for case in cases:
        expect_unchanged(_spectrum(learner, reference, case), names=["x", "space"])


def _numbers(rng: np.random.Generator, n: int, dtype: str) -> npt.NDArray[Any]:
    """Draw numbers whose mean is not zero and whose order shows."""
    real, imaginary = rng.standard_normal((2, n))
    values: npt.NDArray[Any] = real + 0.5 + 1j * (imaginary * 0.5 - 0.25)
    return values.astype(dtype)


def _spectrum(learner: Learner, reference: Learner, case: Case) -> Observation:
    operand = gpu(case.x) if case.memory == "cuda" else case.x
    # The CPU needs an FFT library of its own.
    with on_a_machine_for(reference, "spectrum_on", operand, case.space):
        return learner.call("spectrum_on", operand, case.space)


def _is_right(
    observation: Observation, case: Case, oracles: ModuleType, limits: Limits
) -> bool:
    """Return whether no other check has to do with what the program computed."""
    try:
        dtype = case.x.dtype.name
        result = expect_array(observation.value, shape=case.x.shape, dtype=dtype)
        error = limits["relative_error"][dtype]
        expect_close(result, oracles.spectrum_on(case.x), relative_error=error)
        expect_unchanged(observation, names=["x", "space"])
    except Failure:
        return False
    return True


def _prediction(value: Any, call: str, space: str) -> tuple[str, str]:
    asked = f"where_does_it_run({call!r}, {space!r})"
    if not isinstance(value, tuple) or len(value) != 2:  # noqa: PLR2004 - a pair
        msg = (
            f"{asked} returned {describe(value)}. Expected was a tuple of two strings."
        )
        raise WrongDtype(
            msg, hint="The execution space first, then the result's memory space."
        )
    for item in value:
        if not isinstance(item, str):
            msg = f"{asked} returned a tuple with {describe(item)}. Expected were strings."
            raise WrongDtype(msg, hint='The spaces are named "cpu" and "cuda".')
        if item not in SPACES:
            msg = f'{asked} names the space {item[:40]!r}. Expected were "cpu" and "cuda".'
            raise WrongValue(msg, hint="Write the names as the docstring does.")
    return value[0], value[1]


def _misunderstanding(
    answers: Mapping[tuple[str, str], tuple[str, str]], oracles: ModuleType
) -> str:
    """Name the idea behind a set of wrong predictions, where it is a known one."""
    truth = {question: oracles.where_does_it_run(*question) for question in answers}
    ideas: Sequence[tuple[str, Callable[[str, str], tuple[str, str]]]] = (
        (
            "You let every call follow its operands. Is there one that knows a single "
            "execution space?",
            lambda _call, space: (space, space),
        ),
        (
            "You let every call run on the GPU. Is that so for a function that has a "
            "library for either space?",
            lambda _call, space: ("cuda", space),
        ),
        (
            "You leave each result where it was computed. What type has the product of "
            "two NumPy arrays?",
            lambda call, space: (truth[call, space][0], truth[call, space][0]),
        ),
        (
            "The two are in the opposite order: the execution space comes first.",
            lambda call, space: truth[call, space][::-1],
        ),
        (
            'You take "matmul" for the advanced one. nvmath.linalg.matmul is a generic '
            "function.",
            lambda call, space: ("cuda" if "matmul" in call else space, space),
        ),
    )
    for idea, predicted in ideas:
        if all(answers[question] == predicted(*question) for question in answers):
            return idea
    return ""


def _remembered(
    case: Case, earlier: Sequence[Case], oracles: ModuleType
) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    return {
        f"This is the spectrum of an earlier call ({other.where}): what do you keep?": (
            partial(oracles.spectrum_on, other.x)
        )
        for other in earlier
        if other.x.size == case.x.size
    }


def _steering_hint(case: Case, seen: str) -> str:
    if seen == case.memory:
        return (
            "Left alone, nvmath.fft runs where its operand is. Which of its arguments "
            "says otherwise?"
        )
    return "The space that was asked for is the operand's own: what overrides it?"


def _moved(case: Case) -> int:
    return 0 if case.memory == case.space else case.x.nbytes
