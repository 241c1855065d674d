"""Verdicts on time ratios, over made-up rounds whose noise is worse than a GPU's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.measure.ratio import (
    ERROR,
    FEW,
    LOOKS,
    SAME,
    Answer,
    measure_ratio,
)

_VERDICTS = 200
_STILL = {"jitter": 0.01, "wander": 0.0, "steps": 0.0, "hiccups": 0.0}
#: Kinds of noise, each by itself: all of them go one way, so that whoever's rounds come
#: last loses by them.
NOISES = {
    "drift": {**_STILL, "slope": 0.02},
    "falling clock": {**_STILL, "falls": 0.1},
    "outliers": {**_STILL, "hiccups": 0.2},
}


class NoisyGpu:
    """
    A clock on which rounds take time: with drift, steps of the clock, jitter, hiccups.

    Args:
        seed: Of the noise.

        jitter: Standard deviation of a round's log-time.

        wander: That of the log-time's change from one round to the next.

        slope: By how much each round's log-time is above that of the one before.

        steps: The chance that the clock changes from 1980 to 1400 MHz or back.

        falls: The chance that it falls by a twentieth, for good, as in heat.

        hiccups: The chance that a round takes longer, by half of it on average.
    """

    def __init__(
        self,
        seed: int,
        *,
        jitter: float = 0.03,
        wander: float = 0.01,
        slope: float = 0.0,
        steps: float = 0.03,
        falls: float = 0.0,
        hiccups: float = 0.05,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._jitter, self._wander, self._slope = jitter, wander, slope
        self._steps, self._falls, self._hiccups = steps, falls, hiccups
        self._drift = 0.0
        self._step = 0.0
        self.rounds = 0

    def program(self, seconds: float) -> Callable[[], float]:
        """Return a round of a program that takes so long at the usual clock."""

        def run() -> float:
            rng = self._rng
            self.rounds += 1
            self._drift += rng.normal(self._slope, self._wander)
            if self._falls and rng.random() < self._falls:
                self._drift -= math.log(0.95)
            if rng.random() < self._steps:  # at any time
                self._step = 0.0 if self._step else math.log(1980 / 1400)
            hiccup = rng.exponential(0.5) if rng.random() < self._hiccups else 0.0
            noise = rng.normal(0.0, self._jitter)
            return seconds * math.exp(self._drift + self._step + hiccup + noise)

        return run


def _answers(ratio: float, verdicts: int = _VERDICTS, **more: Any) -> list[Answer]:
    """Return the answers on programs whose times have this ratio to the threshold, 1.5."""
    answers = []
    for seed in range(verdicts):
        gpu = NoisyGpu(seed, **more)
        mine, others = gpu.program(1e-3), gpu.program(1.5e-3 * ratio)
        rng = np.random.default_rng([seed, 1])
        answers.append(measure_ratio(mine, others, threshold=1.5, rng=rng).answer)
    return answers


@pytest.mark.parametrize(
    ("ratio", "wrong"), [(1.1, Answer.BELOW), (1 / 1.1, Answer.ABOVE)]
)
def test_a_tenth_beyond_the_threshold_is_told_right(
    ratio: float, wrong: Answer
) -> None:
    """At most one verdict of 200 is wrong, and few are left open."""
    answers = _answers(ratio)
    assert answers.count(wrong) <= 1
    assert answers.count(Answer.INCONCLUSIVE) <= _VERDICTS // 10


def test_the_usual_method_would_flip() -> None:
    """The same noise, and the best of ten rounds, one block after the other."""
    flips = 0
    for seed in range(_VERDICTS):
        for ratio in (1.1, 1 / 1.1):
            gpu = NoisyGpu(seed)
            mine, others = gpu.program(1e-3), gpu.program(1.5e-3 * ratio)
            best = min(mine() for _ in range(10))
            faster = min(others() for _ in range(10)) / best >= 1.5
            flips += faster is not (ratio > 1)
    assert flips >= 20


def test_where_verdicts_change_few_are_given() -> None:
    """There a program fails as rarely as the error promises, and passes as rarely."""
    answers = _answers(1 / SAME)
    below, above = answers.count(Answer.BELOW), answers.count(Answer.ABOVE)
    # Three standard deviations of a count whose expectation is at most ERROR / 2 each.
    most = _VERDICTS * ERROR / 2 + 3 * math.sqrt(_VERDICTS * ERROR / 2)
    assert below <= most
    assert above <= most


@pytest.mark.parametrize("noise", NOISES)
def test_noise_of_each_kind_decides_nothing(noise: str) -> None:
    """A tenth from the threshold one verdict of 200 is wrong at most, and few are open."""
    wrong, left_open, each = 0, 0, _VERDICTS // 2
    for ratio, mistake in ((1.1, Answer.BELOW), (1 / 1.1, Answer.ABOVE)):
        answers = _answers(ratio, each, **NOISES[noise])
        wrong += answers.count(mistake)
        left_open += answers.count(Answer.INCONCLUSIVE)
    assert wrong <= 1
    assert left_open <= _VERDICTS // 10


@pytest.mark.parametrize("noise", NOISES)
def test_noise_of_each_kind_where_verdicts_change(noise: str) -> None:
    """There one verdict in twenty is given at most, on either side; others are open."""
    verdicts = 40
    answers = _answers(1 / SAME, verdicts, **NOISES[noise])
    assert answers.count(Answer.BELOW) <= verdicts // 20
    assert answers.count(Answer.ABOVE) <= verdicts // 20


def test_one_program_after_the_other_would_lose_to_drift() -> None:
    """The same drift, and medians of ten rounds, one block after the other: all wrong."""
    flips = 0
    for seed in range(_VERDICTS):
        gpu = NoisyGpu(seed, **NOISES["drift"])
        first, second = gpu.program(1e-3), gpu.program(1.5e-3 / 1.1)
        mine = np.median([first() for _ in range(10)])
        flips += bool(np.median([second() for _ in range(10)]) / mine >= 1.5)
    assert flips >= _VERDICTS - 10


def test_a_program_at_the_threshold_does_not_fail() -> None:
    """Not even where its process is slower than the other by what processes differ."""
    for ratio in (1.0, 1 / 1.009):
        answers = _answers(ratio, jitter=0.01)
        assert answers.count(Answer.BELOW) <= 1, ratio


@pytest.mark.parametrize(
    ("ratio", "answer"), [(2.0, Answer.ABOVE), (0.5, Answer.BELOW)]
)
def test_a_clear_ratio_takes_few_rounds(ratio: float, answer: Answer) -> None:
    """Far beyond the threshold four pairs are enough, and near it they are not."""
    gpu = NoisyGpu(3)
    mine, others = gpu.program(1e-3), gpu.program(1.5e-3 * ratio)
    found = measure_ratio(mine, others, threshold=1.5, rng=np.random.default_rng(3))
    assert (found.answer, found.pairs) == (answer, FEW)
    assert gpu.rounds == 2 + 2 * FEW
    near = gpu.program(1.5e-3 * 1.2)
    found = measure_ratio(mine, near, threshold=1.5, rng=np.random.default_rng(3))
    assert found.pairs in LOOKS


def test_one_slow_pair_of_four_is_no_verdict() -> None:
    """Where one of the first pairs lies elsewhere, more rounds are run."""
    calls = 0

    def mine() -> float:
        nonlocal calls
        calls += 1
        return 2.9 if calls == 3 else 1.0

    found = measure_ratio(
        mine, lambda: 3.0, threshold=1.5, rng=np.random.default_rng(1)
    )
    assert (found.answer, found.pairs) == (Answer.ABOVE, LOOKS[0])
