"""MarkUs' results, one JSON object a line: a test's name, output, marks and status.

The form is that of the testers of https://github.com/MarkUsProject/markus-autotesting.
"""

from __future__ import annotations

from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import wording
from graders.harness.report.tally import (
    all_checks,
    checkable_points,
    not_run,
    ungraded_because,
)
from graders.harness.report.visible import as_json, number, on_one_line


def render_markus(report: Report) -> str:
    """
    Return the report as MarkUs' lines.

    What was not run has the status ``error`` and no marks at all, neither earned nor in the
    total. Where nothing was judged there is one line with ``error_all``.
    """
    judged = any(c.status in (Status.PASSED, Status.FAILED) for c in all_checks(report))
    lines = [
        _line(exercise, check, said)
        for exercise in report.exercises
        for check, said in zip(
            exercise.checks, wording.told_once(exercise), strict=True
        )
    ]
    if not judged:
        lines = [_nothing(report)]
    return "".join(as_json(line, indent=None) + "\n" for line in lines)


def _line(exercise: ExerciseResult, check: CheckResult, said: str) -> dict[str, Any]:
    ours = check.status is Status.ERROR
    return {
        "name": on_one_line(f"{exercise.title}: {check.title}"),
        "output": said,
        "marks_earned": number(check.points),
        "marks_total": 0 if ours else number(checkable_points(check)),
        "status": _status(check),
        "time": round(check.seconds * 1000),
    }


def _status(check: CheckResult) -> str:
    if check.status is Status.PASSED:
        return "pass"
    if not_run(check):
        return "error"
    return "partial" if check.points else "fail"


def _nothing(report: Report) -> dict[str, Any]:
    return {
        "name": "All checks",
        "output": f"{wording.headline(report)} {ungraded_because(report)}",
        "marks_earned": 0,
        "marks_total": 0,
        "status": "error_all",
        "time": round(report.seconds * 1000),
    }
