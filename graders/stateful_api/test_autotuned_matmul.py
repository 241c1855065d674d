"""The checks of ``autotuned_matmul``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    ArrayValue,
    Evidence,
    Learner,
    Observation,
    agreeing,
    expect_array,
    expect_autotuned,
    expect_close,
    expect_faster,
    expect_freed,
    expect_no_host_round_trip,
    expect_operands_used,
    expect_own_memory,
    expect_phases,
    expect_settled,
    expect_unchanged,
    gpu,
    operations_of,
    raise_memory_space,
    stream,
)
from graders.harness.errors import Failure, WrongPhases, WrongValue
from graders.harness.measure.ratio import device_time
from graders.stateful_api.feeding import expect_items, fed, fed_both_ways

Draw = Callable[[str], np.random.Generator]
Pair = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

FUNCTION = "tuned_matmul"
COMPUTE_TYPES = ("COMPUTE_32F_FAST_TF32", "COMPUTE_32F_FAST_16F")
# (m, k, n) and how many pairs. The first shape comes twice running: what was kept then
# meets other numbers, some at the same place, and what was not freed has a second chance to
# pile up. Then a has its old shape and b another, b its old one and a another, the product
# its old one and the operands others, and all their old sizes: what is kept by less than
# both shapes does not fit. Autotuning takes half a second on a GPU, so there are no more.
STREAMS = (
    ((48, 70, 80), 4),
    ((48, 70, 80), 1),
    ((48, 70, 19), 2),
    ((33, 70, 19), 3),
    ((33, 44, 19), 1),
    ((19, 44, 33), 1),
    ((24, 140, 40), 1),
    # More pairs than a program may keep results, or tune anew, for.
    ((48, 70, 80), 40),
)
# Extents that are multiples of 16: no reason for tensor cores not to be used.
_LAST_BITS = np.uint32(2**13 - 1)  # of a float32, those that 11 significant bits lack
PRECISE = ((256, 512, 384), 2)


@dataclass(frozen=True)
class Case:
    """A stream of pairs, and how messages call it."""

    pairs: tuple[Pair, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Those of a and of b."""
        return tuple(operand.shape for operand in self.pairs[0])

    @property
    def where(self) -> str:
        """The case in words."""
        count = "one pair" if len(self.pairs) == 1 else f"{len(self.pairs)} pairs"
        return f"{count}, {self.shape_in_words}"

    @property
    def shape_in_words(self) -> str:
        """The shapes of a pair."""
        (m, k), (_, n) = self.shapes
        return f"{m} x {k} times {k} x {n}"

    @property
    def items(self) -> list[Any]:
        """What the function is fed with."""
        return [(gpu(a), gpu(b)) for a, b in self.pairs]


def drawn(rng: np.random.Generator, shape: tuple[int, int, int], count: int) -> Case:
    """Draw a stream of signed matrices."""
    m, k, n = shape
    return Case(
        tuple(
            (
                rng.standard_normal((m, k), dtype=np.float32),
                rng.standard_normal((k, n), dtype=np.float32),
            )
            for _ in range(count)
        )
    )


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """Return the streams, drawn once: calls with equal arguments are made once."""
    rng = draw("cases")
    return [drawn(rng, *each) for each in STREAMS]


@pytest.fixture(scope="module")
def precise(draw: Draw) -> Case:
    """Return the stream on which precisions are told apart."""
    return drawn(draw("precise"), *PRECISE)


def test_values(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """Every product of the stream is right, in the order of the pairs."""
    for case in cases:
        seen = fed(learner, FUNCTION, case.items)
        _expect_products(seen, case, oracles, limits)
        if not seen.shared_results:  # another check's subject
            expect_settled(seen)


def test_any_iterable(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """The pairs may come in a list or from a generator."""
    case = cases[0]
    for items in (case.items, stream(case.items)):
        seen = learner.call(FUNCTION, items)
        _expect_products(seen, case, oracles, limits)


def test_own_arrays(learner: Learner, cases: list[Case]) -> None:
    """Each result is an array of its own."""
    for case in cases:
        names = [f"{x} of pair {i}" for i in range(len(case.pairs)) for x in "ab"]
        seen = fed(learner, FUNCTION, case.items)
        expect_items(seen.value, len(case.pairs), where=case.where, noun="pairs")
        expect_own_memory(seen, names, where=case.where)


def test_reduced_precision(
    learner: Learner,
    cases: list[Case],
    precise: Case,
    draw: Draw,
    oracles: ModuleType,
    limits: Mapping[str, Any],
    device: str,
) -> None:
    """The product has a compute type of reduced precision, and its results show it."""
    case, seen = precise, fed(learner, FUNCTION, precise.items)
    _expect_compute_type(seen.evidence, case)
    for other in cases:  # also where extents are odd, or small
        try:
            found = fed(learner, FUNCTION, other.items).evidence
        except Failure:
            continue  # said by other checks, as is where nothing is executed
        if operations_of(found, "matmul", "execute"):
            _expect_compute_type(found, other)
    errors = _errors(seen, case, oracles)
    if device == "cuda" and min(errors) < limits["least_error"]:
        # Such a type allows coarser factors and demands none: where others' work misled
        # the tuning, it may have chosen single precision. With larger matrices and the
        # GPU to itself it does not, for that takes several times as long.
        case = drawn(draw("clear"), tuple(limits["shape_clear"]), len(case.pairs))
        seen = fed(learner, FUNCTION, case.items, alone=True)
        errors = _errors(seen, case, oracles)
    if min(errors) < limits["least_error"]:
        msg = (
            f"The products are off by {min(errors):.1e} ({case.where}): single "
            f"precision. Expected was {limits['least_error']:.0e} or more, as the "
            "compute type gives it."
        )
        hint = "Is what you return what the product with that compute type gave?"
        raise WrongValue(msg, hint=hint)
    for values in _products(seen, case):
        if not np.any(values):
            msg = f"A product is zero everywhere ({case.where}): it shows no precision."
            raise WrongValue(msg, hint="Is it executed before it is given away?")
        if not np.any(np.ascontiguousarray(values).view(np.uint32) & _LAST_BITS):
            msg = (
                f"The products themselves have 11 bits or fewer ({case.where}). "
                "Expected was single precision: only the factors may be coarser."
            )
            raise WrongValue(msg, hint="Look for float16 and astype.")


def _errors(seen: Observation, case: Case, oracles: ModuleType) -> list[float]:
    """Return the relative error of each product, L2."""
    found = []
    for values, (a, b) in zip(_products(seen, case), case.pairs, strict=True):
        right = oracles.product(a, b)
        found.append(float(np.linalg.norm(values - right) / np.linalg.norm(right)))
    return found


def _products(seen: Observation, case: Case) -> list[npt.NDArray[Any]]:
    results = expect_items(seen.value, len(case.pairs), where=case.where, noun="pairs")
    (m, _), (_, n) = case.shapes
    return [
        expect_array(result, shape=(m, n), dtype="float32", name="a product")
        for result in results
    ]


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """Operands and results stay on the GPU."""
    for case in cases:
        seen = fed(learner, FUNCTION, case.items)
        count = len(case.pairs)
        for value in expect_items(seen.value, count, where=case.where, noun="pairs"):
            if isinstance(value, ArrayValue) and value.memory_space != "cuda":
                raise_memory_space(value, "cuda", "a result")
        smallest = min(x.nbytes for pair in case.pairs for x in pair) // 4
        expect_no_host_round_trip(seen.evidence, smallest=smallest, where=case.where)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The pairs are the same after the call as before."""
    for case in cases:
        expect_unchanged(fed(learner, FUNCTION, case.items), names=["pairs"])


def test_phases(learner: Learner, cases: list[Case], precise: Case) -> None:
    """One plan, one autotuning, then one execution for each pair."""
    seen = [(case, fed(learner, FUNCTION, case.items)) for case in (*cases, precise)]
    for each in fed_both_ways(learner, FUNCTION, cases[0].items):
        seen.append((cases[0], each))
    for case, evidence in ((case, each.evidence) for case, each in seen):
        count = len(case.pairs)
        expect_phases(evidence, "matmul", executions=count, where=case.where)
        expect_autotuned(evidence, where=case.where)
        _expect_whole_products(evidence, case)
        expect_operands_used(
            evidence,
            "matmul",
            sizes={operand.nbytes for operand in case.pairs[0]},
            what="the matrices of each pair",
            where=case.where,
        )


def _expect_whole_products(evidence: Evidence, case: Case) -> None:
    """
    Judge that what was executed are products of the pairs; padded ones are larger.

    Raises:
        WrongPhases: One is smaller than that.
    """
    (m, k), (_, n) = case.shapes
    for op in operations_of(evidence, "matmul", "execute"):
        # Which operand comes first is nvmath's to choose: compare extents by size.
        pairs = zip(sorted(op.shape), sorted((m, k, n)), strict=False)
        if any(extent < wanted for extent, wanted in pairs):
            seen = " x ".join(map(str, op.shape))
            msg = (
                f"nvmath executed a product of the extents {seen} ({case.where}). "
                f"Expected was the product of each pair: {m} x {k} times {k} x {n}."
            )
            hint = "What does reset_operands give to the next execution?"
            raise WrongPhases(msg, hint=hint)


def test_freed(learner: Learner, cases: list[Case]) -> None:
    """What a call plans is freed with the last product, or kept for later calls."""
    calls = [
        (case.shape_in_words, fed(learner, FUNCTION, case.items).evidence)
        for case in cases
    ]
    expect_freed(calls, "matmul")


def test_not_slower(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Mapping[str, Any],
    note: Callable[[str, Any], None],
) -> None:
    """An execution takes at most two fifths longer than an untuned one."""
    rng = draw("not_slower")
    case = drawn(rng, tuple(limits["shape_cuda"]), int(limits["pairs_cuda"]))
    expect_faster(
        learner,
        baseline,
        FUNCTION,
        (case.items,),
        threshold=limits["speedup"],
        rng=rng,
        note=note,
        other_name="the same products untuned, autotuning left out",
        time=execution_time,
        verify=agreeing(2 * limits["relative_error"]),  # each may be off by as much
        prepare_alone=True,
        hint="Is the algorithm that was tuned the one that is executed?",
    )


def execution_time(evidence: Evidence) -> float:
    """
    Return how long the executed products kept the GPU busy.

    Planning and autotuning do not count, nor do copies and what else a program does.
    """
    executed = operations_of(evidence, "matmul", "execute")
    begun = min((op.start for op in executed), default=0.0)
    products = tuple(
        k for k in evidence.kernels if k.kind == "gemm" and k.start >= begun
    )
    return device_time(replace(evidence, kernels=products, copies=()))


def _expect_compute_type(evidence: Evidence, case: Case) -> None:
    executed = operations_of(evidence, "matmul", "execute")
    compute = sorted({op.compute for op in executed})
    if not compute or not set(compute) <= set(COMPUTE_TYPES):
        computed = f"The product was executed with {' and '.join(compute)}"
        seen = computed if compute else "nvmath executed no product"
        msg = f"{seen} ({case.where}). Expected was {' or '.join(COMPUTE_TYPES)}."
        hint = "Which field of MatmulOptions says how the product is computed?"
        raise WrongValue(msg, hint=hint)


def _expect_products(
    seen: Observation, case: Case, oracles: ModuleType, limits: Mapping[str, Any]
) -> None:
    results = expect_items(seen.value, len(case.pairs), where=case.where, noun="pairs")
    right = [oracles.product(a, b) for a, b in case.pairs]
    for number, (result, expected) in enumerate(zip(results, right, strict=True)):
        name = f"product {number}"
        values = expect_array(result, shape=expected.shape, dtype="float32", name=name)
        expect_close(
            values,
            expected,
            relative_error=limits["relative_error"],
            name=name,
            where=case.where,
            mistakes=_mistakes(number, right),
        )


def _mistakes(
    number: int, right: list[npt.NDArray[Any]]
) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    """Return the products of other pairs: operands that were not reset, or too early."""
    text = (
        "This is the product of pair {}. Are both operands reset before the execution, "
        "and is each result an array of its own?"
    )
    return {
        text.format(other): functools.partial(np.copy, wrong)
        for other, wrong in enumerate(right)
        if other != number
    }
