"""Judge a time ratio between the learner's program and another of the grader's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.harness.checks.learner import Learner
from graders.harness.errors import TooSlow
from graders.harness.measure.ratio import Answer, Ratio, device_time, measure_ratio

Note = Callable[[str, Any], None]


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
) -> None:
    """
    Judge that the learner's program keeps the device busy for less time than another.

    The metric is ``device_time``: kernels and copies on all streams, each instant once;
    host time, planning and compiling do not count. Both programs are warm, get fresh
    copies of the same inputs and take turns while the GPU is leased to nobody else.

    Args:
        learner: The learner's program.

        other: The program that it is compared with.

        function: The function that both have.

        args: Its arguments.

        threshold: How many times faster it must be.

        rng: Draws the order of rounds.

        note: Takes the measured ratio into the report.

        other_name: How the message calls the other program.

    Raises:
        TooSlow: The interval of the ratio lies below the threshold. Where it holds the
            threshold even after a second run in fresh processes, credit is given and the
            report says ``inconclusive``.
    """
    found = _measure(learner, other, function, args, threshold, rng)
    if found.answer is Answer.INCONCLUSIVE:
        learner.restart()
        other.restart()
        found = _measure(learner, other, function, args, threshold, rng)
    note("ratio", found.to_dict())
    if found.answer is Answer.BELOW:
        msg = (
            f"{function} keeps the GPU busy for {1 / found.ratio:.2f} times as long as "
            f"{other_name}. Expected was a ratio of {threshold:g} or more in its favour; "
            f"measured were {found.ratio:.2f} (between {found.low:.2f} and "
            f"{found.high:.2f}, {found.pairs} pairs of rounds)."
        )
        raise TooSlow(
            msg, hint="Count the kernels, and the bytes that each reads and writes."
        )


def _measure(
    learner: Learner,
    other: Learner,
    function: str,
    args: tuple[Any, ...],
    threshold: float,
    rng: np.random.Generator,
) -> Ratio:
    learner.hold(args)
    other.hold(args)
    return measure_ratio(
        lambda: device_time(learner.call_held(function).evidence),
        lambda: device_time(other.call_held(function).evidence),
        threshold=threshold,
        rng=rng,
    )
