"""The autograding payload of GitHub Classroom: base64 of JSON, for its reporter action.

GitHub Classroom ended in 2026; its reporter, autograding-grading-reporter, still runs. It
reads the payload from the environment variable ``<RUNNER>_RESULTS`` and adds up ``score``
over ``tests``, so there must be tests: with none it divides by zero
(github-education-resources/autograding-grading-reporter, issue 33). The form is that of
autograding-python-grader, version 3.
"""

from __future__ import annotations

import base64
from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status, Verdict
from graders.harness.report import wording
from graders.harness.report.tally import (
    checkable,
    checkable_points,
    is_gradable,
    needs_gpu,
    ungraded_because,
)
from graders.harness.report.visible import as_json, number, on_one_line, visible

VERSION = 3
_MOST_OUTPUT = 500
_STATUSES = {
    Status.PASSED: "pass",
    Status.FAILED: "fail",
    Status.ERROR: "error",
    Status.SKIPPED: "fail",
}


def render_github_classroom(report: Report) -> str:
    """
    Return the report as the text of the action's output ``result``.

    Points that nobody could earn on this machine are not among ``max_score``. Of a report
    without a verdict it is 0: the reporter then fails, and sends no points.
    """
    gradable = is_gradable(report)
    tests = [
        _test(exercise, check, said, scored=gradable)
        for exercise in report.exercises
        for check, said in zip(
            exercise.checks, wording.told_once(exercise), strict=True
        )
        if checkable_points(check) or not needs_gpu(check)
    ]
    for number_of, test in enumerate(tests, 1):
        test["task_id"] = number_of
    data: dict[str, Any] = {
        "version": VERSION,
        "status": _status(report),
        "message": _message(report),
        "max_score": number(checkable(report)) if gradable else 0,
        "tests": tests or [_nothing(report)],
    }
    text = as_json(data, indent=None)
    return base64.b64encode(text.encode("utf-8")).decode("ascii") + "\n"


def _status(report: Report) -> str:
    if not is_gradable(report):
        return "error"
    return "pass" if report.verdict is Verdict.PASSED else "fail"


def _message(report: Report) -> str:
    said = wording.headline(report)
    return said if is_gradable(report) else f"{said} {ungraded_because(report)}"


def _test(
    exercise: ExerciseResult, check: CheckResult, said: str, *, scored: bool
) -> dict[str, Any]:
    found = wording.location(check)
    test: dict[str, Any] = {
        "name": on_one_line(f"{exercise.title}: {check.title}", 500),
        "status": _STATUSES[check.status],
        "test_code": check.name,
        "task_id": 0,
        "filename": on_one_line(str(found.get("file", "")), 200),
        "line_no": int(found.get("line", 0)),
        "duration": round(check.seconds, 3),
        "score": number(check.points) if scored else 0,
    }
    if said:
        test["message"] = said
    if exercise.output:
        test["output"] = visible(exercise.output[-_MOST_OUTPUT:])[-_MOST_OUTPUT:]
    return test


def _nothing(report: Report) -> dict[str, Any]:
    """Return the one test of a report that has none to tell of."""
    return {
        "name": "Nothing could be graded",
        "status": "error",
        "message": ungraded_because(report),
        "test_code": "",
        "task_id": 1,
        "filename": "",
        "line_no": 0,
        "duration": 0.0,
        "score": 0,
    }
