"""How programs are timed against each other, from made-up rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    ArrayValue,
    Evidence,
    Kernel,
    Observation,
    Operation,
    agreeing,
    expect_faster,
)
from graders.harness.errors import (
    EnvironmentUnavailable,
    TooSlow,
    WrongMemorySpace,
    WrongShape,
    WrongValue,
)
from graders.harness.supervisor import Timed
from graders.stateful_api.test_autotuned_matmul import execution_time


def _rows(timed: Timed) -> list[ArrayValue]:
    """A result that follows from what the round was given."""
    numbers = np.arange(5, dtype=np.float32) + timed.turn % 1000
    return [ArrayValue(numbers + row) for row in range(3)]


def product(seconds: float, *, elementwise: float = 0.0) -> Evidence:
    """An executed product of so many seconds, and another kernel beside it."""
    kernels = (
        Kernel(name="nvjet_tst_128x64", kind="gemm", start=1.0, seconds=seconds),
        Kernel(name="cupy_add__f", kind="elementwise", start=9.0, seconds=elementwise),
    )
    ran = Operation(library="matmul", phase="execute", handle=0, start=0.5)
    return Evidence(kernels=kernels, operations=(ran,))


class Program:
    """Stands for a learner's program whose rounds all do the same."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.rounds = 0
        self.starts = 1
        self.alone = False
        self.prepared_alone = True
        self.others_let_in = 0
        self.turns: list[int] = []
        self.sampled: list[tuple[int, Timed]] = []
        self.result: Callable[[Timed], Any] = _rows

    def hold(self, args: tuple[Any, ...]) -> None:
        assert args == (1,)

    def restart(self) -> None:
        self.starts += 1

    @contextmanager
    def gpu_alone(self) -> Iterator[Callable[[], None]]:
        def let_others_in() -> None:
            self.others_let_in += 1

        self.alone = True
        yield let_others_in
        self.alone = False

    def call_held(
        self, function: str, *, trace: bool, alone: bool, timed: Timed
    ) -> Observation:
        assert (function, trace) == ("f", True)
        self.turns.append(timed.turn)
        if timed.sample is not None:
            self.sampled.append((self.rounds, timed))
            rows = self.result(timed)
            return Observation(evidence=self.evidence, value=rows, seconds=1.0)
        assert alone or not self.rounds, "only the first call may share the GPU"
        self.prepared_alone = self.prepared_alone and alone
        assert alone or not self.alone, "it is prepared before the GPU is held"
        self.rounds += 1
        return Observation(evidence=self.evidence, seconds=1.0)


def compare(
    learner: Program, other: Program, **wanted: Any
) -> tuple[dict[str, Any], Program]:
    """Compare two programs; return what was noted."""
    noted: dict[str, Any] = {}
    expect_faster(
        learner,  # type: ignore[arg-type]
        other,  # type: ignore[arg-type]
        "f",
        (1,),
        rng=np.random.default_rng(1),
        note=noted.__setitem__,
        **({"threshold": 0.75, "verify": agreeing(1e-6)} | wanted),
    )
    return noted, learner


def test_a_program_may_be_timed_by_a_part_of_its_work() -> None:
    """Its products take as long as the other's, all its work twice as long."""
    mine, others = product(1e-3, elementwise=1e-3), product(1e-3)
    noted, _ = compare(Program(mine), Program(others), time=execution_time)
    assert noted["ratio"]["ratio"] == pytest.approx(1.0)
    with pytest.raises(TooSlow, match=r"2\.00 times as long") as caught:
        compare(Program(mine), Program(others))
    assert "Count the kernels" in caught.value.hint
    with pytest.raises(TooSlow) as caught:
        compare(Program(mine), Program(others), hint="Look here.")
    assert caught.value.hint == "Look here."


def test_a_program_that_runs_nothing_is_told_so() -> None:
    """It fails; where the grader's own runs nothing, nobody does."""
    nothing, right = Evidence(), product(1e-3)
    with pytest.raises(WrongMemorySpace, match="ran nothing on the GPU"):
        compare(Program(nothing), Program(right), time=execution_time)
    with pytest.raises(EnvironmentUnavailable):
        compare(Program(right), Program(nothing), time=execution_time)
    blind = replace(nothing, available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable, match="no CUPTI"):
        compare(Program(blind), Program(right), time=execution_time)


def test_the_gpu_is_held_for_all_rounds_together() -> None:
    """One hold serves all rounds, and between rounds others may be let in."""
    mine, others = Program(product(1e-3)), Program(product(2e-3))
    compare(mine, others)
    assert mine.others_let_in == mine.rounds - 1 == others.rounds - 1
    assert not mine.alone


def test_what_tunes_itself_is_prepared_alone() -> None:
    """Others' work would mislead a program that measures times and keeps its choice."""
    for alone in (False, True):
        mine, others = Program(product(1e-3)), Program(product(2e-3))
        compare(mine, others, prepare_alone=alone)
        assert mine.prepared_alone is others.prepared_alone is alone


def test_no_two_rounds_have_the_same_values() -> None:
    """Each round's inputs are turned by another number of steps."""
    mine, others = Program(product(1e-3)), Program(product(2e-3))
    compare(mine, others)
    assert len(set(mine.turns)) >= len(mine.turns) - 2
    assert mine.turns != others.turns


def test_results_of_rounds_are_judged() -> None:
    """One among the first, at a place that is drawn, and one at the end; both alike."""
    places = set()
    for _ in range(12):
        mine, others = Program(product(1e-3)), Program(product(2e-3))
        compare(mine, others)
        assert [t for _, t in mine.sampled] == [t for _, t in others.sampled]
        (first, _), (last, _) = mine.sampled
        assert first < last == mine.rounds
        places.add(first)
    assert len(places) > 1


@pytest.mark.parametrize(
    ("result", "failure", "said"),
    [
        (lambda _: [ArrayValue(np.zeros(5, np.float32))] * 3, WrongValue, "differs"),
        (
            lambda t: [ArrayValue(a.array * np.float32(np.nan)) for a in _rows(t)],
            WrongValue,
            "no number",
        ),
        (
            lambda t: [ArrayValue(a.array[:2]) for a in _rows(t)],
            WrongShape,
            "rows of 2",
        ),
        (lambda t: _rows(t)[:1], WrongShape, "rows of 5"),
        (lambda _: None, WrongValue, "no array"),
        (lambda _: [ArrayValue(np.array(["x"]))] * 3, WrongValue, "no array"),
        (lambda _: _rows(Timed(turn=7)), WrongValue, "differs"),
    ],
    ids=["zeros", "nan", "short rows", "few rows", "none", "texts", "an earlier one's"],
)
def test_a_program_that_does_something_else_when_timed(
    result: Callable[[Timed], Any], failure: type[Exception], said: str
) -> None:
    """However fast it is, its result is not what was asked for."""
    mine, others = Program(product(1e-3)), Program(product(2e-3))
    mine.result = result
    with pytest.raises(failure, match=said):
        compare(mine, others)


def test_a_program_that_changes_its_mind_later_is_found() -> None:
    """The last round is judged as well."""
    mine, others = Program(product(1e-3)), Program(product(2e-3))

    def late(timed: Timed) -> Any:
        return None if len(mine.sampled) > 1 else _rows(timed)

    mine.result = late
    with pytest.raises(WrongValue, match="When it was timed"):
        compare(mine, others)
