"""The most common reasons for lost points in a class, each with the learners it met.

Programs that make the same mistake get the same message but for its figures: inputs are
drawn afresh for each. So messages that differ in figures and quoted names alone are one,
unless the hints tell them apart: a check that sees two mistakes says which it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from graders.harness.classroom.rows import Row, graded
from graders.harness.models import CheckResult, Status, Visibility

_NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_SPACE = re.compile(r"\s+")
_MOST_PATTERN = 400  # characters that tell two messages apart


@dataclass
class CommonReason:
    """
    A reason that some submissions have in common.

    Attributes:
        exercise: Its name.

        reason: The reason code.

        message: What one of them was told; the others' differs in figures at most.

        hint: What that one was told to try next, or an empty string; likewise.

        checks: The names of the checks that failed for it, in their order, each with
            whether it is hidden from learners.

        rows: The submissions, each once.

        points: Points that the class lost by it.
    """

    exercise: str
    reason: str
    message: str
    hint: str
    checks: dict[str, bool] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    points: float = 0.0


def pattern(message: str) -> str:
    """Return what a message has in common with others of its kind."""
    kept = _NUMBER.sub("#", _QUOTED.sub("''", message[: 4 * _MOST_PATTERN]))
    return _SPACE.sub(" ", kept).strip()[:_MOST_PATTERN]


def common_reasons(rows: Iterable[Row], most: int) -> list[CommonReason]:
    """
    Return the reasons that most submissions have, the most common first.

    Args:
        rows: The class.

        most: How many to return.
    """
    found: dict[tuple[str, str, str, str], CommonReason] = {}
    for row, report in graded(rows):
        for exercise in report.exercises:
            for check in exercise.checks:
                if check.status is Status.FAILED:
                    what = exercise.name, str(check.reason)
                    key = *what, pattern(check.message), pattern(check.hint)
                    first = CommonReason(*what, check.message, check.hint)
                    _take(found.setdefault(key, first), row, check)
    # Sorted is stable: what is equally common stays in the order of exercises.
    return sorted(found.values(), key=lambda c: (-len(c.rows), -c.points))[:most]


def _take(common: CommonReason, row: Row, check: CheckResult) -> None:
    common.checks[check.name] = check.visibility is Visibility.HIDDEN
    common.rows[row.key] = row
    common.points += check.max_points - check.points
