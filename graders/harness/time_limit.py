"""A limit on a whole grading: when to stop, and what stands for what was not reached."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Status,
    Submission,
)

#: In a check's details: it was not reached before the grading had to stop.
NOT_GRADED_YET = "not_graded_yet"
# What ending workers and writing reports may take, in seconds: a tenth of the limit within
# these bounds, and never more than half of it.
_LEAST_MARGIN = 3.0
_MOST_MARGIN = 30.0


class Deadline:
    """
    When a grading must stop grading, so that its reports are written within a limit.

    Args:
        limit: Seconds that the whole command may take, or None for as long as it takes.

        started: When it began, on the clock of ``time.monotonic``. The default is now.
    """

    def __init__(
        self, limit: float | None = None, started: float | None = None
    ) -> None:
        self.limit = limit
        began = time.monotonic() if started is None else started
        self._end = None if limit is None else began + limit - margin(limit)

    def seconds_left(self) -> float | None:
        """Return the seconds until it, at least 0; None where there is no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Return whether it has passed."""
        return self.seconds_left() == 0.0


def margin(limit: float) -> float:
    """Return the seconds of a limit that are kept for ending in good order."""
    return min(limit / 2, _MOST_MARGIN, max(_LEAST_MARGIN, limit / 10))


def not_graded(
    exercise: Exercise,
    submission: Submission,
    found: Mapping[str, CheckResult] | None = None,
    seconds: float = 0.0,
) -> ExerciseResult:
    """
    Return the result of an exercise that was not graded, or not to its end, in time.

    Args:
        exercise: The exercise.

        submission: What was handed in for it.

        found: What its checks found as far as they came. That stands.

        seconds: How long it took so far.
    """
    found = found or {}
    titles = (
        {} if len(found) == len(exercise.rubric.checks) else _titles(exercise.grader)
    )
    return ExerciseResult(
        name=exercise.name,
        title=exercise.rubric.title,
        checks=tuple(
            found.get(name) or _not_reached(exercise, name, titles.get(name, name))
            for name in exercise.rubric.checks
        ),
        seconds=seconds,
        digest=submission.digest,
    )


def _not_reached(exercise: Exercise, name: str, title: str) -> CheckResult:
    check = exercise.rubric.checks[name]
    return CheckResult(
        name=name,
        title=title,
        status=Status.ERROR,
        reason=Reason.ENVIRONMENT,
        points=0.0,
        max_points=check.points,
        visibility=check.visibility,
        message="It was not graded: the time limit of the whole grading was reached.",
        hint="That says nothing of your program. Ask for it to be graded again.",
        details={NOT_GRADED_YET: True},
    )


def _titles(grader: Path) -> dict[str, str]:
    """Return the titles of a grader's checks: the first lines of their docstrings."""
    try:
        body = ast.parse(grader.read_text("utf-8")).body
    except (OSError, SyntaxError):  # the grading itself says what is wrong with it
        return {}
    return {
        node.name.removeprefix("test_"): (ast.get_docstring(node) or "").splitlines()[0]
        for node in body
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
    }
