"""CodeGrade's messages, one JSON object a line: the tests, then the points.

The form is that of what CodeGrade's own pytest reporter sends: ``unit-test`` with suites
and test cases, and ``points`` as ``"a/b"``. CodeGrade also reads JUnit XML (``junit``),
which knows no points.
"""

from __future__ import annotations

from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import wording
from graders.harness.report.tally import checkable, checkable_points, is_gradable
from graders.harness.report.visible import as_json, number, on_one_line, visible

_STATUSES = {
    Status.PASSED: "success",
    Status.FAILED: "failure",
    Status.ERROR: "skipped",
    Status.SKIPPED: "skipped",
}


def render_codegrade(report: Report) -> str:
    """
    Return the report as CodeGrade's messages.

    Points are those that could be checked on this machine. A report without a verdict has
    no message with points, so that no zero comes of it.
    """
    suites = [_suite(exercise) for exercise in report.exercises]
    messages: list[dict[str, Any]] = [{"tag": "unit-test", "results": suites}]
    if is_gradable(report):
        points = f"{number(report.score)}/{number(checkable(report))}"
        messages.append({"tag": "points", "points": points})
    return "".join(as_json(message, indent=None) + "\n" for message in messages)


def _suite(exercise: ExerciseResult) -> dict[str, Any]:
    suite: dict[str, Any] = {
        "id": exercise.name,
        "name": on_one_line(exercise.title),
        "weight": number(checkable(exercise)),
        "testCases": [
            _case(check, said)
            for check, said in zip(
                exercise.checks, wording.told_once(exercise), strict=True
            )
        ],
    }
    if exercise.output and suite["testCases"]:
        suite["testCases"][-1]["stdout"] = visible(exercise.output)
    return suite


def _case(check: CheckResult, said: str) -> dict[str, Any]:
    case: dict[str, Any] = {
        "name": on_one_line(check.title),
        "status": _STATUSES[check.status],
        "description": check.name,
        "weight": number(checkable_points(check)),
    }
    if said:
        case["reason"] = said
    return case
