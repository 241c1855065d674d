"""Autolab's two last lines of standard output: what is shown, and the scores.

Autolab reads the very last line of what the autograder prints:
``--report autolab:/dev/stdout`` is written after everything else. Forms are those of
https://docs.autolabproject.com/lab/ and its page on formatted feedback.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import wording
from graders.harness.report.gradescope import leaderboard
from graders.harness.report.tally import is_gradable, not_run
from graders.harness.report.visible import as_json, number, on_one_line

_MOST_CHARACTERS = 1_000


def render_autolab(report: Report) -> str:
    """
    Return the report as Autolab's two lines.

    A problem is an exercise, by its short name. One that could not be graded is not among
    the scores: Autolab then keeps it without a score.
    """
    names = _names(report)
    shown: dict[str, Any] = {
        "_presentation": "semantic",
        "stages": list(names.values()),
    }
    for exercise in report.exercises:
        shown[names[exercise.name]] = {
            on_one_line(check.title): _shown(check, said)
            for check, said in zip(
                exercise.checks,
                wording.told_once(exercise, _MOST_CHARACTERS),
                strict=True,
            )
        }
    scores: dict[str, Any] = {
        "scores": {
            names[exercise.name]: number(exercise.score)
            for exercise in report.exercises
            if is_gradable(exercise)
        }
    }
    if columns := [entry["value"] for entry in leaderboard(report)]:
        scores["scoreboard"] = columns
    return f"{as_json(shown, indent=None)}\n{as_json(scores, indent=None)}\n"


def _names(report: Report) -> dict[str, str]:
    """Return the exercises' short names, or whole ones where two are alike."""
    short = Counter(exercise.name.rpartition("/")[2] for exercise in report.exercises)
    return {e.name: _name(e, short) for e in report.exercises}


def _name(exercise: ExerciseResult, short: Counter[str]) -> str:
    name = exercise.name.rpartition("/")[2]
    return name if short[name] == 1 else exercise.name


def _shown(check: CheckResult, said: str) -> dict[str, Any] | str:
    if check.status is Status.PASSED:
        return {"passed": True}
    if not_run(check):
        return said
    return {"passed": False, "hint": said}
