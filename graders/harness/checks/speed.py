"""Judge a time ratio between the learner's program and another of the grader's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from graders.harness.checks.absent import ProgramAbsent
from graders.harness.checks.learner import Learner
from graders.harness.checks.timed_results import Verify, rows_of
from graders.harness.device.evidence import Evidence
from graders.harness.device.gpu_clocks import ClockLog
from graders.harness.errors import (
    EnvironmentUnavailable,
    ImportFailed,
    TooSlow,
    WrongMemorySpace,
)
from graders.harness.measure.ratio import (
    FEW,
    Answer,
    Ratio,
    device_time,
    measure_ratio,
)
from graders.harness.supervisor import Observation, Timed

Note = Callable[[str, Any], None]
Metric = Literal["device_time", "end_to_end"]

# By how much a GPU that is slowed down may shift a ratio: its clock goes down to half, or
# lower (nvml.h, HW slowdown: "by a factor of 2 or more"), while one of two programs runs.
_SLOWED_AT_MOST = 2.0
_TAKES = {
    "device_time": "keeps the GPU busy for",
    "end_to_end": "takes, until the GPU is idle,",
}
_HINTS = {
    "device_time": "Count the kernels, and the bytes that each reads and writes.",
    "end_to_end": "What is done again in each round that could be done once?",
}
_SPARE_SECONDS = 0.005
_LEAST_SECONDS = 1e-9


def expect_faster(
    learner: Learner,
    other: Learner,
    function: str,
    args: tuple[Any, ...],
    *,
    threshold: float,
    rng: np.random.Generator,
    note: Note,
    other_name: str = "the plain CuPy program",
    baseline_function: str = "",
    metric: Metric = "device_time",
    key: str = "ratio",
    time: Callable[[Evidence], float] = device_time,
    verify: Verify,
    channels: int = 0,
    prepare_alone: bool = False,
    hint: str = "",
) -> None:
    """
    Judge that the learner's program takes less time than another.

    Both programs are warm and take turns while the GPU is leased to nobody else. In each
    round they get fresh copies of the inputs, turned so that no round has the values of
    the one before. Of two rounds more, one at a place that is drawn and one at the end,
    the results are judged: they look like the others to a program.

    Args:
        learner: The learner's program.

        other: The program that it is compared with, one of the grader's own: what it
            claims is believed.

        function: The learner's function.

        args: Its arguments.

        threshold: How many times faster it must be.

        rng: Draws the order of rounds.

        note: Takes the measured ratio into the report.

        other_name: How the message calls the other program.

        baseline_function: The other program's function. The default is the same name.

        metric: ``"device_time"`` counts kernels and copies on all streams, each instant
            once; host time, planning and compiling do not count. ``"end_to_end"`` counts
            the host's time from the call until the GPU is idle.

        key: The ratio's name in the report's details.

        time: Reads the seconds of ``"device_time"`` from a round's evidence; it raises
            EnvironmentUnavailable where there is nothing to be timed.

        verify: Judges the results of rounds, by rows of them: ``timed_results``.

        channels: How many an image has that may be returned as ``(H, W, channels)`` or
            ``(channels, H, W)``; 0 where the result has one shape alone.

        prepare_alone: Whether each program's first call needs the GPU to itself as well:
            a program that tunes itself measures times of its own, and may keep the choice.

        hint: What to look at where the program is too slow. The default fits the metric.

    Raises:
        TooSlow: The interval of the ratio lies below the threshold. Where it holds the
            threshold even after a second run in fresh processes, credit is given and the
            report says ``inconclusive``. So it is where the interval lies below and heat,
            the hardware or a power brake slowed the GPU down, both times; a pass under
            such conditions stays one, for both programs ran under them in turns.

        WrongMemorySpace: Nothing of the learner's ran on the GPU.

        WrongShape, WrongValue: Its rounds did not return what they should.
    """
    rounds = Rounds(
        learner,
        other,
        function,
        baseline_function or function,
        args,
        metric,
        time,
        verify,
        channels,
    )
    found = rounds.measure(threshold, rng, prepare_alone=prepare_alone)
    if found.answer is Answer.INCONCLUSIVE:
        learner.restart()
        other.restart()
        found = rounds.measure(threshold, rng, prepare_alone=prepare_alone)
    figures = {**found.to_dict(), "metric": metric, "other": other_name}
    if found.answer is Answer.INCONCLUSIVE:
        figures["credited"] = _credit(function, other_name, found)
    note(key, figures)
    if found.answer is Answer.BELOW:
        takes = _TAKES[metric]
        msg = (
            f"{function} {takes} {1 / found.ratio:.2f} times as long as "
            f"{other_name}. Expected was a ratio of {threshold:g} or more in its favour; "
            f"measured were {found.ratio:.2f} (between {found.low:.2f} and "
            f"{found.high:.2f}, {found.pairs} pairs of rounds)."
        )
        raise TooSlow(msg, hint=hint or _HINTS[metric])


class Rounds:
    """
    Rounds of two functions over the same arguments.

    Args:
        learner: The learner's program.

        other: The program that it is compared with.

        function: The learner's function.

        other_function: The other program's.

        args: Their arguments.

        metric: As for :func:`expect_faster`.

        time: Reads the seconds of ``"device_time"`` from a round's evidence.

        verify: Judges the results of rounds.

        channels: As for :func:`expect_faster`.
    """

    def __init__(
        self,
        learner: Learner,
        other: Learner,
        function: str,
        other_function: str,
        args: tuple[Any, ...],
        metric: Metric,
        time: Callable[[Evidence], float],
        verify: Verify,
        channels: int = 0,
    ) -> None:
        self._programs = learner, other
        self._verify = verify
        self._channels = channels
        self._rng = np.random.default_rng()
        self._verified_at = 0
        self._sampled: list[tuple[Timed, Any]] = []
        self._functions = function, other_function
        self._args = args
        self._metric = metric
        self._time = time
        self._overheads: list[float] = []
        self._let_others_in: Callable[[], None] = lambda: None

    def measure(
        self, threshold: float, rng: np.random.Generator, *, prepare_alone: bool = False
    ) -> Ratio:
        """Run rounds in turns, alone on the GPU, until they tell."""
        for which, program in enumerate(self._programs):
            program.hold(self._args)
            # What is loaded, planned or compiled once needs no GPU of its own.
            self._call(which, alone=prepare_alone)
        # Among the rounds that there are in any case. Not drawn from the grading's seed:
        # nothing that a program is given tells it.
        rounds = FEW if prepare_alone else 1 + FEW
        self._verified_at = int(self._rng.integers(1, rounds + 1))
        with (
            ClockLog(self._programs[0].gpu) as log,
            self._programs[0].gpu_alone() as self._let_others_in,
        ):
            found = measure_ratio(
                self._own,
                self._others,
                threshold=threshold,
                rng=rng,
                is_warm=prepare_alone,
                between=log.read,
            )
            self.sample_result()
        self.judge_results()
        return _fairly(replace(found, clocks=log.clocks()))

    def sample_result(self) -> None:
        """Have the learner's program do a round more, of which the result crosses."""
        timed = Timed(
            turn=self._next_turn(),
            sample=int(self._rng.integers(2**62)),
            channels=self._channels,
        )
        self._sampled.append((timed, self._call(0, timed=timed).value))

    def judge_results(self) -> None:
        """
        Judge what was sampled by what the other program returns in the same rounds.

        Its rounds need no GPU of their own: nobody looks at how long they take.
        """
        sampled, self._sampled = self._sampled, []
        for timed, own in sampled:
            others = self._call(1, timed=timed, alone=False).value
            self._verify(rows_of(own), rows_of(others))

    def _next_turn(self) -> int:
        return int(self._rng.integers(1, 2**31))

    def _own(self) -> float:
        self._let_others_in()
        self._verified_at -= 1
        if self._verified_at == 0:
            self.sample_result()
        seen = self._call(0)
        if self._metric != "device_time":
            return believed_seconds(seen, self._overheads)
        try:
            return self._time(seen.evidence)
        except EnvironmentUnavailable:
            if not seen.evidence.available:
                raise
            msg = (
                f"{self._functions[0]} ran nothing on the GPU when it was timed. Expected "
                "was the same work as when its result was checked."
            )
            hint = "Does it return what it kept from an earlier call?"
            raise WrongMemorySpace(msg, hint=hint) from None

    def _others(self) -> float:
        seen = self._call(1)
        if self._metric == "device_time":
            return self._time(seen.evidence)
        self._overheads.append(seen.seconds - seen.claimed_seconds)
        return seen.claimed_seconds

    def _call(
        self, which: int, *, alone: bool = True, timed: Timed | None = None
    ) -> Observation:
        function = self._functions[which]
        try:
            return self._programs[which].call_held(
                function,
                trace=self._metric == "device_time",
                alone=alone,
                timed=timed or Timed(turn=self._next_turn()),
            )
        except ImportFailed as err:
            if which:  # learners' bundles leave out the baselines that tell a solution
                raise ProgramAbsent(function) from err
            raise


def _fairly(found: Ratio) -> Ratio:
    """Return a ratio that fails nobody whose GPU was slowed down meanwhile."""
    slowed = found.answer is Answer.BELOW and found.clocks.slowed_by
    if slowed and found.high * _SLOWED_AT_MOST >= found.threshold:
        return replace(found, answer=Answer.INCONCLUSIVE)
    return found


def _credit(function: str, other_name: str, found: Ratio) -> str:
    """Return why a check passes that was measured twice and not decided."""
    slowed = found.clocks.in_words()
    because = slowed or "The interval holds the ratio at which verdicts change."
    return (
        f"Whether {function} is fast enough could not be told, in two measurements: it is "
        f"{found.ratio:.2f} times as fast as {other_name} (between {found.low:.2f} and "
        f"{found.high:.2f}, {found.pairs} pairs of rounds); expected were "
        f"{found.threshold:g}. {because} Credit is given."
    )


def believed_seconds(seen: Observation, overheads: Sequence[float]) -> float:
    """
    Return how long a call took: what the worker claims, bounded by our own clock.

    The grading process sees the call and the transport around it. The transport is
    known from the other program, which is the grader's own; what a claim leaves out
    beyond twice that and some milliseconds is added to it.

    Args:
        seen: The call.

        overheads: What the transport of the other program's rounds took, in seconds.
    """
    usual = float(np.median(overheads)) if overheads else 0.0
    least = seen.seconds - 2 * max(usual, 0.0) - _SPARE_SECONDS
    return max(seen.claimed_seconds, least, _LEAST_SECONDS)
