"""Classroom 50's ``result.json`` (``classroom50/result/v1``).

Its schema allows no field beside its own at the top, and whole points only. Whose
submission it is stands in environment variables, which the command line reads
(:mod:`graders.harness.report.identity`) and hands over in the report's ``environment``.
Exit status 0 means there that the grader ran, all else that it failed: a report without a
verdict is therefore no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import wording
from graders.harness.report.tally import (
    checkable_points,
    expect_gradable,
    in_whole_points,
    not_run,
)
from graders.harness.report.visible import as_json, on_one_line

SCHEMA_NAME = "classroom50/result/v1"
#: Where a report's ``environment`` has the identity.
IDENTITY = "classroom50"


def render_classroom50(report: Report) -> str:
    """
    Return the report as the text of ``result.json``.

    Raises:
        Ungradable: A number would be a false one.
    """
    expect_gradable(report, "Classroom 50")
    checks = [(e, check) for e in report.exercises for check in e.checks]
    most = in_whole_points([checkable_points(check) for _, check in checks])
    scores = in_whole_points([check.points for _, check in checks], most)
    data = {
        "schema": SCHEMA_NAME,
        **report.environment.get(IDENTITY, {}),
        "score": sum(scores),
        "max-score": sum(most),
        "tests": _tests(report, checks, scores, most),
    }
    return as_json(data) + "\n"


def _tests(
    report: Report,
    checks: Sequence[tuple[ExerciseResult, CheckResult]],
    scores: Sequence[int],
    most: Sequence[int],
) -> list[dict[str, Any]]:
    told = [
        said for exercise in report.exercises for said in wording.told_once(exercise)
    ]
    return [
        {
            "test-name": _name(exercise, check),
            "passed": check.status is Status.PASSED,
            "score": score,
            "max-score": limit,
            "status": check.status.value,
            "output": said,
        }
        for (exercise, check), score, limit, said in zip(
            checks, scores, most, told, strict=True
        )
    ]


def _name(exercise: ExerciseResult, check: CheckResult) -> str:
    name = f"{exercise.title}: {check.title}"
    if not_run(check):
        name = f"Not run: {name} ({wording.left_open([check])})"
    return on_one_line(name)
