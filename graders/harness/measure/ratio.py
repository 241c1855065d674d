"""Is one program faster than another? Paired rounds, an interval, three answers.

Rounds come in blocks of four, ABBA or BAAB in random order, so that a drifting clock
meets both programs alike. The statistic is the median of the pairs' log-ratios; its
interval is a percentile bootstrap. There are a few looks, and the error is split over
them (Bonferroni), so that looking again does not make a verdict likelier. The first look
is at a few pairs, and decides only where all of them lie far beyond the threshold: most
programs do. What is too slow by less than two processes of one program differ is not too
slow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.device.gpu_clocks import Clocks
from graders.harness.errors import EnvironmentUnavailable

#: Pairs seen at each look. Even, as blocks hold two pairs.
LOOKS = (8, 16, 32)
#: The chance of a verdict at the very ratio where verdicts change, over all looks, as the
#: intervals are made. A bootstrap over eight pairs covers somewhat less than it says: under
#: one kind of noise at a time (tests/harness/test_ratio.py) 4 of 100 verdicts are given
#: there, and a tenth away from it 1 of 3600 is wrong.
ERROR = 0.01
#: Where verdicts change: this far below the threshold. Two processes that run one program
#: can differ for as long as they live, and no number of rounds tells that from a program
#: that is slower by as much. On an H100 the median ratio of one to itself lay below
#: 1 / 1.02 in 9 of 80 measurements on a small image, and in none of 200 on one of twice the
#: size (docs/measurements/: flips-h100-small.json and flips-h100.json).
SAME = 1.02
#: Pairs of the first look, and how far beyond the threshold each of them must lie. At a
#: ratio that equals the threshold a pair in five would have to lie that far off on one side
#: for all four to do so as often as this look's share of ``ERROR`` (0.2 ** 4 = 0.0016). On
#: an H100 pairs of kernels lay within 0.11 of their median; of 16 pairs of whole calls
#: five lay more than a quarter above it and three below (docs/measurements/: the files
#: reference-h100.json and reference-h100-warm.json).
FEW, FAR = 4, 1.25
_WARM_ROUNDS = 1
_RESAMPLES = 2000
# Of a call's busy time: no kernel takes less, no call more.
_LEAST_SECONDS = 1e-9
_MOST_SECONDS = 1e6

Round = Callable[[], float]


class Answer(StrEnum):
    """What the rounds say of the ratio."""

    ABOVE = "above"
    BELOW = "below"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """
    A measured time ratio.

    Attributes:
        ratio: The other program's time divided by the submission's: above 1, the submission
            is faster. The median over pairs.

        low: Lower end of the interval.

        high: Upper end of the interval.

        threshold: What it is compared with.

        pairs: How many pairs of rounds were run.

        answer: What they say.

        samples: The submission's and the other's times of each pair, in seconds.

        clocks: The GPU's, before the first group of rounds and after each.
    """

    ratio: float
    low: float
    high: float
    threshold: float
    pairs: int
    answer: Answer
    samples: tuple[tuple[float, float], ...] = ()
    clocks: Clocks = field(default_factory=Clocks)

    def to_dict(self) -> dict[str, Any]:
        """Return the ratio as JSON-ready data for a report's details."""
        return {
            **asdict(self),
            "answer": self.answer.value,
            "samples": list(self.samples),
            "clocks": self.clocks.to_dict(),
        }


def device_time(evidence: Evidence) -> float:
    """
    Return the time for which the device was busy with kernels and copies, in seconds.

    Overlapping work on several streams counts once.

    Raises:
        EnvironmentUnavailable: There is no evidence, nothing ran, or the records cannot
            be true.
    """
    records: tuple[Kernel | Copy, ...] = (*evidence.kernels, *evidence.copies)
    if not evidence.available or not records:
        why = evidence.unavailable_because or "no kernel and no copy was recorded"
        msg = f"the device's busy time cannot be measured here: {why}"
        raise EnvironmentUnavailable(msg)
    busy = busy_seconds(records)
    if not _LEAST_SECONDS < busy < _MOST_SECONDS:
        msg = f"the device's busy time cannot be measured here: it comes to {busy:g} s"
        raise EnvironmentUnavailable(msg)
    return busy


def busy_seconds(records: Iterable[Kernel | Copy]) -> float:
    """Return for how many seconds any of these ran; each instant counts once."""
    busy, until = 0.0, -math.inf
    for start, end in sorted((r.start, r.start + r.seconds) for r in records):
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return busy


def measure_ratio(
    submission: Round,
    other: Round,
    *,
    threshold: float,
    rng: np.random.Generator,
    looks: Sequence[int] = LOOKS,
    is_warm: bool = False,
    between: Callable[[], None] = lambda: None,
) -> Ratio:
    """
    Run paired rounds until they tell on which side of the threshold the ratio lies.

    Args:
        submission: Runs one round of the submission and returns its time in seconds.

        other: Likewise for what it is compared with.

        threshold: The ratio to be reached.

        rng: Draws the order of the rounds, and the resamples.

        looks: Numbers of pairs at which to decide, after a first look at ``FEW``; the last
            is the cap.

        is_warm: Whether both have run alone just before, so that their first rounds count.

        between: Called before the first group of four rounds and after each.
    """
    for warm in () if is_warm else (submission, other) * _WARM_ROUNDS:
        warm()
    between()
    samples: list[tuple[float, float]] = []
    confidence = 1 - ERROR / (len(looks) + 1)
    found = Ratio(
        ratio=1.0, low=0.0, high=math.inf, threshold=threshold, pairs=0,
        answer=Answer.INCONCLUSIVE,
    )  # fmt: skip
    for pairs in (FEW, *looks):
        while len(samples) < pairs:
            samples += _block(submission, other, first=bool(rng.integers(2)))
            between()
        if pairs == FEW and not _are_far(samples, threshold):
            continue
        found = _judge(samples, threshold, confidence, rng)
        if found.answer is not Answer.INCONCLUSIVE:
            break
    return found


def _are_far(samples: Sequence[tuple[float, float]], threshold: float) -> bool:
    """Return whether all pairs lie far beyond the threshold, on the same side of it."""
    ratios = [other / mine for mine, other in samples]
    return min(ratios) >= threshold * FAR or max(ratios) <= threshold / FAR


def _block(
    submission: Round, other: Round, *, first: bool
) -> list[tuple[float, float]]:
    """Run four rounds, ABBA or BAAB, and return the two pairs (submission, other)."""
    if first:
        a, b, c, d = submission(), other(), other(), submission()
        return [(a, b), (d, c)]
    a, b, c, d = other(), submission(), submission(), other()
    return [(b, a), (c, d)]


def _judge(
    samples: Sequence[tuple[float, float]],
    threshold: float,
    confidence: float,
    rng: np.random.Generator,
) -> Ratio:
    logs = np.log([other / mine for mine, other in samples])
    if np.ptp(logs) == 0:
        low = high = float(logs[0])
    else:
        # By hand: scipy.stats takes longer to import than all else that a grading needs.
        drawn = rng.integers(len(logs), size=(_RESAMPLES, len(logs)))
        tail = (1 - confidence) / 2
        medians = np.median(logs[drawn], axis=1)
        low, high = (float(q) for q in np.quantile(medians, (tail, 1 - tail)))
    answer = Answer.INCONCLUSIVE
    if low >= math.log(threshold / SAME):
        answer = Answer.ABOVE
    elif high < math.log(threshold / SAME):
        answer = Answer.BELOW
    return Ratio(
        ratio=math.exp(float(np.median(logs))),
        low=math.exp(low),
        high=math.exp(high),
        threshold=threshold,
        pairs=len(samples),
        answer=answer,
        samples=tuple(samples),
    )
