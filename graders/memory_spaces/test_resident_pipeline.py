"""The checks of ``resident_pipeline``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    ArrayValue,
    Learner,
    Observation,
    copied_bytes,
    copies_of,
    describe,
    expect_array,
    expect_close,
    expect_copies,
    expect_ready,
    expect_settled,
    expect_unchanged,
    without_autotuning,
)
from graders.harness.device.evidence import Evidence
from graders.harness.errors import NotRun, WrongDtype, WrongMemorySpace, WrongValue
from graders.harness.models import Reason
from graders.memory_spaces.products import Products, read_products

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """
    One call.

    Attributes:
        name: What is special about it, for messages.

        a: Shape (m, k).

        b: Shape (k, k).

        rounds: How many products.
    """

    name: str
    a: npt.NDArray[Any]
    b: npt.NDArray[Any]
    rounds: int

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        m, k = self.a.shape
        plural = "round" if self.rounds == 1 else "rounds"
        return f"{self.name}, m {m}, k {k}, {self.a.dtype}, {self.rounds} {plural}"


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """
    Return the calls, drawn once.

    One shape comes with one round, with several, and again with other values; m is
    above k, below it, and k itself: there a transposed matrix fits as well. It has two
    rounds, which no power of b does with fewer products: a's and b's have one size there.
    Forty rounds without a division in each overflow float32. One b lies in memory column
    by column.
    """
    rng = draw("pipelines")
    m, k = int(rng.integers(70, 120)), int(rng.integers(121, 180))
    few, some = int(rng.integers(3, 6)), int(rng.integers(6, 12))
    square = int(rng.integers(91, 120))
    drawn = (
        ("one product", (m, k), "float32", 1),
        ("several rounds", (m, k), "float32", some),
        ("other values of the same shapes", (m, k), "float32", some),
        ("m and k swapped", (k, m), "float64", few),
        ("many rounds", (int(rng.integers(40, 60)), k + 30), "float32", 40),
        ("a single row", (1, int(rng.integers(61, 90))), "float64", 2),
        ("a large b, in Fortran order", (33, 257), "float64", some + 1),
        ("a as large as b", (square, square), "float32", 2),
    )
    found = []
    for name, shape, dtype, rounds in drawn:
        a, b = _signed(rng, shape, dtype), _matrix(rng, shape[1], dtype)
        found.append(
            Case(name, a, np.asfortranarray(b) if "Fortran" in name else b, rounds)
        )
    return found


def test_values(
    learner: Learner, cases: list[Case], oracles: ModuleType, limits: Limits
) -> None:
    """The last x is right, for every number of rounds, in the operands' precision."""
    for number, case in enumerate(cases):
        observation = _pipeline(learner, case)
        expect_ready(observation)
        result = expect_array(
            observation.value,
            shape=case.a.shape,
            dtype=case.a.dtype.name,
            memory_space=None,
            name="the result",
        )
        expect_no_overflow(result, case)
        expect_close(
            result,
            oracles.pipeline(case.a, case.b, case.rounds),
            relative_error=limits["relative_error"][case.a.dtype.name],
            name="the result",
            where=case.where,
            mistakes=_remembered(case, cases[:number], oracles)
            | oracles.pipeline_mistakes(case.a, case.b, case.rounds),
        )
        expect_settled(observation)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The result is a NumPy array, in CPU memory."""
    for case in cases:
        value = _pipeline(learner, case).value
        if not isinstance(value, ArrayValue):
            msg = (
                f"pipeline returned {describe(value)} ({case.where}). Expected was a "
                "NumPy array."
            )
            raise WrongDtype(msg, hint="Return the last x, in CPU memory.")
        if value.memory_space != "cpu":
            msg = (
                f"The result is in GPU memory ({value.type_name}; {case.where}). Expected "
                "was a NumPy array, in CPU memory."
            )
            raise WrongMemorySpace(
                msg, hint="One journey up, and one down: cp.asnumpy."
            )


def test_on_gpu(learner: Learner, cases: list[Case]) -> None:
    """Every product is computed on the GPU."""
    for case in cases:
        evidence = _pipeline(learner, case).evidence
        products = read_products(evidence, *case.a.shape)
        went_up = copied_bytes(evidence, "host_to_device") >= _up(case)
        expect_products(products, case, went_up=went_up)


def test_copies(learner: Learner, cases: list[Case]) -> None:
    """The operands go up once and the result comes down once, whatever the rounds."""
    for case in cases:
        evidence = _pipeline(learner, case).evidence
        expect_result_of_gpu(read_products(evidence, *case.a.shape), case)
    for case in cases:
        evidence = without_autotuning(_pipeline(learner, case).evidence)
        expect_copies(
            evidence,
            host_to_device=_up(case),
            device_to_host=case.a.nbytes,
            repeats=case.rounds,
            where=case.where,
            hint=copies_hint(evidence, case),
        )


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The operands are the same after the call as before."""
    for case in cases:
        expect_unchanged(_pipeline(learner, case), names=["a", "b", "rounds"])


def expect_no_overflow(result: npt.NDArray[Any], case: Case) -> None:
    """
    Judge that numbers did not outgrow their dtype on the way.

    Raises:
        WrongValue: Some are NaN or infinite, and x is too large for its dtype where it is
            not divided in each round.
    """
    broken = ~np.isfinite(result)
    root = case.b.shape[0] ** 0.5
    largest = float(np.finfo(case.a.dtype).max)
    # A divided x keeps its size: undivided, each round makes it sqrt(k) times as large.
    if not broken.any() or case.rounds * np.log(root) < np.log(largest):
        return
    msg = (
        f"With {case.rounds} rounds, {int(broken.sum()):,} of {broken.size:,} numbers are "
        f"NaN or infinite ({case.where}), with few rounds none is. Expected was that "
        f"they keep their size: {case.a.dtype} ends at {largest:.1e}."
    )
    raise WrongValue(msg, hint="Is each round divided by sqrt(k) before the next one?")


def expect_products(products: Products, case: Case, *, went_up: bool = False) -> None:
    """
    Judge that each round's product ran on the GPU, in full.

    Args:
        products: Those that ran there.

        case: The call.

        went_up: Whether the operands were copied to the GPU.

    Raises:
        WrongMemorySpace: There were fewer, or smaller ones.
    """
    m, k = case.a.shape
    if products.are_enough(case.rounds, m * k):
        return
    ran = "1 product" if products.count == 1 else f"{products.count} products"
    if products.count < case.rounds:
        also = f", {products.powers} of them k x k" if products.powers else ""
        msg = (
            f"{ran} ran on the GPU{also} ({case.where}). Expected was one x @ b for each "
            f"round: {case.rounds}."
        )
        raise WrongMemorySpace(msg, hint=_missing_hint(products, went_up=went_up))
    msg = (
        f"{ran} ran on the GPU, and computed {products.numbers:,} numbers in all "
        f"({case.where}). Expected were {case.rounds * m * k:,}: {m} x {k} in each round."
    )
    hint = "Which rows of x are multiplied on the GPU, and where are the others?"
    raise WrongMemorySpace(msg, hint=hint)


def _missing_hint(products: Products, *, went_up: bool) -> str:
    if products.powers:
        return "Do you compute a power of b, or several rounds at once?"
    if products.count:
        return "Where are the other rounds: with NumPy on the CPU, or left out?"
    if went_up:
        return "The operands went up: how often does the loop run, and on which arrays?"
    return (
        "NumPy multiplies NumPy arrays on the CPU. What must an operand be, so that @ "
        "runs on the GPU?"
    )


def expect_result_of_gpu(products: Products, case: Case) -> None:
    """
    Make sure that what came down can be the result: copies of something else say nothing.

    A program that needs fewer products, by way of powers of b, has its result there, too.

    Raises:
        NotRun: Products are missing on the GPU.
    """
    m, k = case.a.shape
    if products.are_enough(case.rounds, m * k) or products.reach(case.rounds):
        return
    msg = "This check builds on 'on gpu', which did not pass."
    raise NotRun(msg, reason=Reason.PREREQUISITE)


def copies_hint(evidence: Evidence, case: Case) -> str:
    """Return what to look at where too much was copied."""
    down, up = (
        [copy.nbytes for copy in copies_of(evidence, direction)]
        for direction in ("device_to_host", "host_to_device")
    )
    if case.a.dtype == np.float32 and len(up) <= 2 and sum(up) == 2 * _up(case):  # noqa: PLR2004 - a and b
        return "Twice as large: a and b became float64 before they went up. Where?"
    if case.a.dtype == np.float32 and down == [2 * case.a.nbytes]:
        return (
            "One copy, but twice as large: x became float64. Which number or array in the "
            "loop is float64? The result of np.sqrt is, that of math.sqrt is not."
        )
    if len(down) > 1 and sum(down) == case.a.nbytes:
        return (
            f"The result came down in {len(down):,} pieces: cp.asnumpy takes all of it at "
            "once."
        )
    looks = [nbytes for nbytes in down if nbytes <= case.a.itemsize]
    if len(looks) >= case.rounds and sum(down) == case.a.nbytes + sum(looks):
        return (
            "Single numbers came down: print, float(), item() and if make the host wait "
            "for one."
        )
    return (
        "Which line in the loop takes a NumPy array, or makes one? The result of a round "
        "is the next one's operand: it can stay where it is."
    )


def _pipeline(learner: Learner, case: Case) -> Observation:
    return learner.call("pipeline", case.a, case.b, case.rounds)


def _up(case: Case) -> int:
    return case.a.nbytes + case.b.nbytes


def _signed(
    rng: np.random.Generator, shape: tuple[int, int], dtype: str
) -> npt.NDArray[Any]:
    return rng.standard_normal(shape).astype(dtype)


def _matrix(rng: np.random.Generator, k: int, dtype: str) -> npt.NDArray[Any]:
    """Draw a b that is not symmetric and keeps x at about its size."""
    return rng.standard_normal((k, k)).astype(dtype)


def _remembered(
    case: Case, earlier: Sequence[Case], oracles: ModuleType
) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    """Return what a program gives that keeps something of an earlier call."""
    mistakes: dict[str, Callable[[], npt.NDArray[Any]]] = {}
    for other in earlier:
        if other.a.shape == case.a.shape and other.a.dtype == case.a.dtype:
            mistakes |= {
                f"This is the result of an earlier call ({other.where}): what do you "
                "keep?": partial(oracles.pipeline, other.a, other.b, other.rounds),
                f"This is computed with the a of an earlier call ({other.where}).": (
                    partial(oracles.pipeline, other.a, case.b, case.rounds)
                ),
                f"This is computed with the b of an earlier call ({other.where}).": (
                    partial(oracles.pipeline, case.a, other.b, case.rounds)
                ),
            }
    return mistakes
