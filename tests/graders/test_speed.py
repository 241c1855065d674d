"""How programs are timed against each other, from made-up rounds."""

from __future__ import annotations

import sys
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
from tests.device import made_up_nvml as made_up
from tests.device.made_up_nvml import MadeUpNvml


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

    gpu = made_up.GPU

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.rounds = 0
        self.starts = 1
        self.is_fresh = True
        self.alone = False
        self.prepared_alone = True
        self.others_let_in = 0
        self.turns: list[int] = []
        self.sampled: list[tuple[int, Timed]] = []
        self.sampled_alone: list[bool] = []
        self.result: Callable[[Timed], Any] = _rows

    def hold(self, args: tuple[Any, ...]) -> None:
        assert args == (1,)

    def restart(self) -> None:
        self.starts += 1
        self.is_fresh = True

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
            self.sampled_alone.append(self.alone)
            assert alone == self.alone
            rows = self.result(timed)
            return Observation(evidence=self.evidence, value=rows, seconds=1.0)
        assert alone or self.is_fresh, "only the first call may share the GPU"
        self.is_fresh = False
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


def test_work_on_a_side_stream_counts() -> None:
    """Where it runs makes no difference; what overlaps counts once."""
    whole = product(2e-3).kernels[0]
    aside = Evidence(kernels=(replace(whole, seconds=5e-4), replace(whole, stream=13)))
    with pytest.raises(TooSlow, match=r"2\.00 times as long"):
        compare(Program(aside), Program(product(1e-3)))


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
        # Four pairs tell here. What was prepared alone is warm: it need not be warmed.
        assert mine.rounds == others.rounds == 4 + (1 if alone else 2)


def test_no_two_rounds_have_the_same_values() -> None:
    """Each round's inputs are turned by another number of steps."""
    mine, others = Program(product(1e-3)), Program(product(2e-3))
    compare(mine, others)
    assert len(set(mine.turns)) >= len(mine.turns) - 2
    assert mine.turns != others.turns


@pytest.mark.parametrize("alone", [False, True])
def test_results_of_rounds_are_judged(alone: bool) -> None:
    """One among the first, at a place that is drawn, and one at the end; both alike."""
    places = set()
    for _ in range(12):
        mine, others = Program(product(1e-3)), Program(product(2e-3))
        compare(mine, others, prepare_alone=alone)
        assert [t for _, t in mine.sampled] == [t for _, t in others.sampled]
        # A program cannot tell its rounds apart; the other's keep the GPU from nobody.
        assert mine.sampled_alone == [True, True]
        assert others.sampled_alone == [False, False]
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


# -------------------------------------------------------------------- a GPU that is slowed


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Callable[..., MadeUpNvml]:
    """Make up a driver's NVML."""

    def make(**what: Any) -> MadeUpNvml:
        made = MadeUpNvml(**what)
        monkeypatch.setitem(sys.modules, "pynvml", made)
        return made

    return make


SLOW, FAST = (product(2e-3), product(1e-3)), (product(1e-3), product(2e-3))


def test_a_slowed_gpu_fails_nobody(nvml: Callable[..., MadeUpNvml]) -> None:
    """Measured once more in fresh processes, and credited; the report has the numbers."""
    nvml(reasons=(made_up.HW_HEAT,), clocks=(1980, 1200, 1500))
    mine, others = (Program(evidence) for evidence in SLOW)
    noted, _ = compare(mine, others)
    assert mine.starts == others.starts == 2
    assert noted["ratio"]["answer"] == "inconclusive"
    said = noted["ratio"]["credited"]
    assert (
        "slowed down by heat (SM clock 1,500 MHz of at most 1,980; 88 degrees" in said
    )
    assert "0.50 times as fast" in said
    clocks = noted["ratio"]["clocks"]
    assert clocks["slowed_by"] == ["heat"]
    assert clocks["readings"][0]["reasons"] == ("hw_thermal_slowdown",)


def test_a_slowed_gpu_excuses_nobody_who_is_far_too_slow(
    nvml: Callable[..., MadeUpNvml],
) -> None:
    """Both programs ran in turns: half the clock explains a factor of two, not of eight."""
    nvml(reasons=(made_up.HW_HEAT,))
    mine, others = Program(product(8e-3)), Program(product(1e-3))
    with pytest.raises(TooSlow):
        compare(mine, others)
    assert mine.starts == 1


def test_a_gpu_that_was_slowed_once_is_asked_again(
    nvml: Callable[..., MadeUpNvml],
) -> None:
    """Who is too slow at its full speed as well fails."""
    nvml(reasons=(0, made_up.POWER_BRAKE, 0))  # within the first measurement
    mine, others = (Program(evidence) for evidence in SLOW)
    with pytest.raises(TooSlow, match=r"2\.00 times as long"):
        compare(mine, others)
    assert mine.starts == 2


@pytest.mark.parametrize(
    "bits", [0, made_up.IDLE, made_up.POWER_CAP, made_up.APPLICATION]
)
def test_ordinary_clocks_excuse_nobody(
    bits: int, nvml: Callable[..., MadeUpNvml]
) -> None:
    """Nor does a GPU of which nothing is known: it fails in one measurement."""
    driver = nvml(reasons=(bits,))
    mine, others = (Program(evidence) for evidence in SLOW)
    with pytest.raises(TooSlow):
        compare(mine, others)
    assert (mine.starts, driver.opened) == (1, 0)


def test_without_nvml_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow program fails, a fast one passes, and why no clock was read is told."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(TooSlow):
        compare(*(Program(evidence) for evidence in SLOW))
    noted, _ = compare(*(Program(evidence) for evidence in FAST))
    assert "NVML does not answer" in noted["ratio"]["clocks"]["unavailable_because"]


def test_a_pass_on_a_slowed_gpu_stays_one(nvml: Callable[..., MadeUpNvml]) -> None:
    """Both programs took turns on it."""
    nvml(reasons=(made_up.SW_HEAT,))
    noted, mine = compare(*(Program(evidence) for evidence in FAST))
    assert (noted["ratio"]["answer"], mine.starts) == ("above", 1)
    assert "credited" not in noted["ratio"]
    assert noted["ratio"]["clocks"]["slowed_by"] == ["heat"]


def test_clocks_are_read_between_groups_of_rounds(
    nvml: Callable[..., MadeUpNvml],
) -> None:
    """Before the first four and after each four, while the GPU is held; never within."""
    driver = nvml()
    mine, others = (Program(evidence) for evidence in FAST)
    seen: list[tuple[int, int]] = []
    plain = mine.call_held

    def watched(function: str, **how: Any) -> Observation:
        seen.append((mine.rounds + others.rounds, driver.asked))
        return plain(function, **how)

    mine.call_held = watched  # type: ignore[method-assign]
    noted, _ = compare(mine, others)
    readings = len(noted["ratio"]["clocks"]["readings"])
    assert readings == 1 + noted["ratio"]["pairs"] // 2 == driver.asked
    # Two calls prepare the programs, two warm them; then there are groups of four.
    for rounds, asked in seen:
        assert asked == (0 if rounds < 4 else 1 + min((rounds - 4) // 4, readings - 1))


def test_noise_is_credited_with_its_numbers() -> None:
    """Where two measurements do not tell, the check passes and says why."""

    class Wavering(Program):
        def call_held(self, *args: Any, **how: Any) -> Observation:
            seen = super().call_held(*args, **how)
            seconds = 1e-3 * (1.5 if self.rounds % 3 else 0.6)
            return replace(seen, evidence=product(seconds))

    mine, others = Wavering(product(1e-3)), Program(product(1e-3))
    noted, _ = compare(mine, others, threshold=1.0)
    assert mine.starts == 2
    assert noted["ratio"]["answer"] == "inconclusive"
    assert "32 pairs of rounds" in noted["ratio"]["credited"]
    assert "The interval holds the ratio" in noted["ratio"]["credited"]
