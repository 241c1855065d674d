"""What the class page draws: how scores are spread, and how each check went.

Places are shares of the drawing's width, as in ``report.html_figures``.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graders.harness.classroom.rows import Row, graded
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Status,
    Visibility,
)
from graders.harness.report.tally import is_gradable, needs_gpu
from graders.harness.report.visible import on_one_line

View = dict[str, Any]

_BARS = 10
_MOST_TITLE = 300
#: How a check can end, as the page counts it: a style's name, and words.
OUTCOMES = (
    ("passed", "passed"),
    ("failed", "failed"),
    ("not-reached", "builds on a check that did not pass"),
    ("not-run", "not run"),
    ("ungraded", "ungraded"),
)


def histogram(scores: Sequence[float], possible: float) -> View | None:
    """
    Return how the scores are spread over tenths of the points that could be earned.

    None where there is nothing to draw.

    Args:
        scores: The class's scores.

        possible: Points that could be earned.
    """
    if not scores or possible <= 0:
        return None
    counts = [0] * _BARS
    for score in scores:
        # A score may be above what others could earn, where only some had a GPU.
        counts[min(max(int(_BARS * score / possible + 1e-9), 0), _BARS - 1)] += 1
    most = max(counts)
    bars = [
        {
            "count": count,
            "left": 100 * i / _BARS,
            "middle": 100 * (i + 0.5) / _BARS,
            "height": round(100 * count / most, 2),
            "range": _range(i, possible),
        }
        for i, count in enumerate(counts)
    ]
    return {"bars": bars, "said": _spread(scores, possible)}


def _range(bar: int, possible: float) -> str:
    low, high = bar * possible / _BARS, (bar + 1) * possible / _BARS
    if bar == _BARS - 1:
        return f"{low:g} to {possible:g} points"
    return f"{low:g} to less than {high:g} points"


def _spread(scores: Sequence[float], possible: float) -> str:
    count = len(scores)
    if count == 1:
        return f"One score: {scores[0]:g} of {possible:g} points."
    full = sum(score >= possible for score in scores)
    return (
        f"{count:,} scores from {min(scores):g} to {max(scores):g} of {possible:g} points; "
        f"half of them are {statistics.median(scores):g} or more. "
        f"{full:,} with all points, {sum(score == 0 for score in scores):,} with none."
    )


@dataclass
class _Tally:
    """What a check or an exercise came to over the class."""

    title: str
    is_hidden: bool = False
    most: float = 0.0
    points: list[float] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    checks: dict[str, _Tally] = field(default_factory=dict)

    def take(self, check: CheckResult) -> None:
        outcome = _outcome(check)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.most = max(self.most, check.max_points)
        if outcome not in ("not-run", "ungraded"):
            self.points.append(check.points)


def exercise_views(rows: Iterable[Row]) -> list[View]:
    """Return each exercise with its mean score, and how each of its checks went."""
    found: dict[str, _Tally] = {}
    for _, report in graded(rows):
        for exercise in report.exercises:
            _take(found.setdefault(exercise.name, _Tally(exercise.title)), exercise)
    return [
        {
            "name": name,
            "title": on_one_line(tally.title, _MOST_TITLE),
            "mean": _mean(tally),
            "most": f"{tally.most:g}",
            "share": round(100 * _share(tally), 2),
            "checks": [_check_view(n, check) for n, check in tally.checks.items()],
        }
        for name, tally in found.items()
    ]


def _take(tally: _Tally, exercise: ExerciseResult) -> None:
    if is_gradable(exercise):
        tally.points.append(exercise.score)
    tally.most = max(tally.most, exercise.max_score)
    for check in exercise.checks:
        hidden = check.visibility is Visibility.HIDDEN
        tally.checks.setdefault(check.name, _Tally(check.title, hidden)).take(check)


def _outcome(check: CheckResult) -> str:
    if check.status is Status.SKIPPED:
        return "not-run" if needs_gpu(check) else "not-reached"
    return "ungraded" if check.status is Status.ERROR else check.status.value


def _check_view(name: str, tally: _Tally) -> View:
    total = sum(tally.outcomes.values())
    left, bars, said = 0.0, [], []
    for outcome, words in OUTCOMES:
        if count := tally.outcomes.get(outcome, 0):
            share = 100 * count / total
            bars.append(
                {"kind": outcome, "left": round(left, 2), "width": round(share, 2)}
            )
            said.append(f"{count:,} {_SHORT.get(outcome, words)}")
            left += share
    return {
        "name": name.replace("_", " "),
        "title": on_one_line(tally.title, _MOST_TITLE),
        "is_hidden": tally.is_hidden,
        "bars": bars,
        "said": ", ".join(said),
        "mean": _mean(tally),
        "most": f"{tally.most:g}",
    }


_SHORT = {"not-reached": "not reached"}


def _mean(tally: _Tally) -> str:
    return f"{statistics.fmean(tally.points):.1f}" if tally.points else "-"


def _share(tally: _Tally) -> float:
    return (
        statistics.fmean(tally.points) / tally.most
        if tally.points and tally.most
        else 0
    )
