"""The checks of ``batched_matmul``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    agreeing,
    expect_array,
    expect_close,
    expect_faster,
    expect_freed,
    expect_fused_matmul,
    expect_no_host_round_trip,
    expect_phases,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
    matmul_runs,
    operations_of,
)
from graders.harness.errors import WrongPhases

Draw = Callable[[str], np.random.Generator]

# (batch, m, k, n). The first shape comes twice, as does a batch of one: kept results and
# plans then meet other numbers, and what was not freed has a second chance to pile up. The
# squares do not tell rows from columns, all others do.
SHAPES = (
    (5, 16, 24, 8),
    (3, 33, 17, 65),
    (5, 16, 24, 8),
    # Each is like the first one but in some extents, or has operands as large as these:
    # plans that are kept by less than all shapes meet an operand that they do not fit.
    (5, 16, 24, 11),
    (5, 20, 24, 8),
    (5, 16, 9, 8),
    (5, 24, 16, 12),
    (5, 8, 24, 16),
    # So often running that a result which is kept by its operands or by their addresses
    # meets others there.
    *((1, 16, 24, 8),) * 5,
    # More elements, and more rows, than a program may have been tried with.
    (131, 70, 5, 3),
    (600, 4, 3, 2),
    (7, 40, 12, 28),
    (1, 21, 50, 9),
    (4, 12, 12, 12),
    (2, 48, 96, 1),
)
EPILOGS = ("RELU_BIAS", "RELU", "RELU_AUX_BIAS", "RELU_AUX")
FORMS = ("batched", "sequence")
NAMES = ("a", "b", "bias")
_INDEX = 8  # bytes: an int64


@dataclass(frozen=True)
class Case:
    """One batch of operands, and how messages call it."""

    a: npt.NDArray[np.float32]
    b: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    @property
    def batch(self) -> int:
        """The number of products."""
        return len(self.a)

    @property
    def where(self) -> str:
        """The case in words."""
        _, m, k = self.a.shape
        return f"a batch of {self.batch}, {m} x {k} times {k} x {self.b.shape[2]}"

    @property
    def args(self) -> tuple[Any, ...]:
        """What the function gets."""
        return gpu(self.a), gpu(self.b), gpu(self.bias)


def drawn(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Case:
    """Draw a case: signed operands, and a bias that decides what is clipped."""
    batch, m, k, n = shape
    a = rng.standard_normal((batch, m, k), dtype=np.float32)
    b = rng.standard_normal((batch, k, n), dtype=np.float32)
    bias = rng.standard_normal((batch, m, 1), dtype=np.float32) * np.float32(k**0.5)
    return Case(a, b, bias)


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """Return the operands, drawn once: calls with equal arguments are made once."""
    rng = draw("cases")
    made = [drawn(rng, shape) for shape in SHAPES]
    # No entry of the first bias is negative, and much of its product is.
    np.abs(made[1].bias[0] / 4, out=made[1].bias[0])
    return made


def test_values_batched(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """The batched form returns ReLU(A B + b) for every element of the batch."""
    _expect_values(learner, "batched", cases, oracles, limits["relative_error"])


def test_values_sequence(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, Any],
) -> None:
    """The sequence returns ReLU(A B + b) for every element of the batch."""
    _expect_values(learner, "sequence", cases, oracles, limits["relative_error"])


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """Operands and results stay on the GPU."""
    for form in FORMS:
        for case in cases:
            seen = learner.call(form, *case.args)
            _, m, _ = case.a.shape
            expect_array(
                seen.value,
                shape=_shapes(seen, (case.batch, m, case.b.shape[2])),
                dtype=_dtypes(seen),
                memory_space="cuda",
                name=f"the result of {form}",
            )
            # A quarter of the smallest operand: no statistic is as large, nor is an index
            # for each element of the batch.
            smallest = min(x.nbytes for x in (case.a, case.b, case.bias)) // 4
            smallest = max(smallest, 16, _INDEX * case.batch + 1)
            where = f"{form}, {case.where}"
            expect_no_host_round_trip(seen.evidence, smallest=smallest, where=where)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The operands are the same after the call as before."""
    for form in FORMS:
        for case in cases:
            expect_unchanged(learner.call(form, *case.args), names=NAMES)


def test_fused(learner: Learner, cases: list[Case]) -> None:
    """Bias and ReLU are part of the product, in both forms."""
    for form in FORMS:
        for case in cases:
            if case.batch == 1 and form == "sequence":
                continue  # whether the loop reaches that one is another check's subject
            evidence = learner.call(form, *case.args).evidence
            expect_fused_matmul(
                evidence,
                epilogs=EPILOGS,
                runs=max(1, len(matmul_runs(evidence))),
                beyond=max(*case.a.shape, case.b.shape[2]),
                where=f"{form}, {case.where}",
            )


def test_one_call(learner: Learner, cases: list[Case]) -> None:
    """The batched form plans one product with a batch dimension and runs it once."""
    for case in cases:
        evidence = learner.call("batched", *case.args).evidence
        where = f"batched, {case.where}"
        hint = "Matmul takes three-dimensional operands: the first axis is the batch."
        expect_phases(evidence, "matmul", executions=1, where=where, hint=hint)
        (step,) = operations_of(evidence, "matmul", "execute")
        if step.batch != case.batch:
            msg = (
                f"The product that nvmath executed had a batch of {step.batch} ({where}). "
                f"Expected was {case.batch}."
            )
            raise WrongPhases(msg, hint=hint)


def test_one_plan(learner: Learner, cases: list[Case]) -> None:
    """The sequence plans once and executes once for each element of the batch."""
    for case in cases:
        evidence = learner.call("sequence", *case.args).evidence
        where = f"sequence, {case.where}"
        expect_phases(evidence, "matmul", executions=case.batch, where=where)
        largest = max(op.batch for op in operations_of(evidence, "matmul", "execute"))
        if largest > 1:
            msg = (
                f"An execution had a batch of {largest} ({where}). Expected was one "
                "product at a time: the elements of a sequence come one after the other."
            )
            hint = (
                "Which operands does each execution get: one element, or all of them?"
            )
            raise WrongPhases(msg, hint=hint)


def test_freed(learner: Learner, cases: list[Case]) -> None:
    """What a call plans is freed, or kept for later calls."""
    for form in FORMS:
        seen = [(c.where, learner.call(form, *c.args).evidence) for c in cases]
        expect_freed(seen, "matmul", form=form)


def test_faster(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Mapping[str, Any],
    note: Callable[[str, Any], None],
) -> None:
    """The batched form takes a tenth of the time of a loop, or less."""
    rng = draw("faster")
    case = drawn(rng, tuple(limits["shape_cuda"]))
    expect_faster(
        learner,
        baseline,
        "batched",
        case.args,
        threshold=limits["speedup"],
        rng=rng,
        note=note,
        other_name="a planned product in a loop",
        metric="end_to_end",
        baseline_function="sequence",
        verify=agreeing(2 * limits["relative_error"]),  # each may be off by as much
    )


def _expect_values(
    learner: Learner,
    form: str,
    cases: list[Case],
    oracles: ModuleType,
    relative_error: float,
) -> None:
    known: dict[str, npt.NDArray[Any]] = {}
    for case in cases:
        seen = learner.call(form, *case.args)
        expected = oracles.batched_relu(case.a, case.b, case.bias)
        name = f"the result of {form}"
        expect_ready(seen)
        result = expect_array(
            seen.value, shape=expected.shape, dtype="float32", name=name
        )
        expect_close(
            result,
            expected,
            relative_error=relative_error,
            name=name,
            where=case.where,
            mistakes=_remembered(known.get(case.where))
            | oracles.batched_relu_mistakes(case.a, case.b, case.bias),
        )
        expect_settled(seen)
        known[case.where] = expected


def _remembered(
    earlier: npt.NDArray[Any] | None,
) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    if earlier is None:
        return {}
    return {
        "This is the answer of an earlier call, with other numbers: a plan keeps its "
        "operands until reset_operands.": lambda: earlier
    }


def _shapes(seen: Observation, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape that is not this check's business: that of the result itself."""
    return getattr(seen.value, "shape", shape)


def _dtypes(seen: Observation) -> str:
    return getattr(seen.value, "dtype", "float32")
