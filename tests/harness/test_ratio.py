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


class NoisyGpu:
    """
    A clock on which rounds take time: with drift, steps of the clock, jitter, hiccups.

    Args:
        seed: Of the noise.

        jitter: Standard deviation of a round's log-time.
    """

    def __init__(self, seed: int, *, jitter: float = 0.03) -> None:
        self._rng = np.random.default_rng(seed)
        self._jitter = jitter
        self._drift = 0.0
        self._step = 0.0
        self.rounds = 0

    def program(self, seconds: float) -> Callable[[], float]:
        """Return a round of a program that takes so long at the usual clock."""

        def run() -> float:
            rng = self._rng
            self.rounds += 1
            self._drift += rng.normal(0.0, 0.01)
            if rng.random() < 0.03:  # 1980 to 1400 MHz and back, at any time
                self._step = 0.0 if self._step else math.log(1980 / 1400)
            hiccup = rng.exponential(0.5) if rng.random() < 0.05 else 0.0
            noise = rng.normal(0.0, self._jitter)
            return seconds * math.exp(self._drift + self._step + hiccup + noise)

        return run


def _answers(ratio: float, **more: Any) -> list[Answer]:
    """Return the answers on programs whose times have this ratio to the threshold, 1.5."""
    answers = []
    for seed in range(_VERDICTS):
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
