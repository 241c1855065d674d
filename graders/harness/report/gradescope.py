"""Gradescope's ``results.json``: one test a check, with its points.

Field names and values are those of
https://gradescope-autograders.readthedocs.io/en/latest/specs/. Where nothing could be
judged no score stands in the file, at any level: so nobody gets a zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import Any

from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Report,
    Status,
    Visibility,
)
from graders.harness.report import wording
from graders.harness.report.tally import all_checks, is_pending, not_run
from graders.harness.report.visible import as_json, number, on_one_line, visible

_MOST_SECONDS = 1e6  # of a round: what is longer was not measured
_MOST_OUTPUT = 20_000
_JUDGED = frozenset({Status.PASSED, Status.FAILED})
#: What a check that was not reached in time says.
NOT_GRADED_YET = "Not graded yet: time ran out."


def render_gradescope(report: Report) -> str:
    """Return the report as the text of ``results.json``."""
    judged = any(check.status in _JUDGED for check in all_checks(report))
    data: dict[str, Any] = {
        "output": _output(report, judged=judged),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "execution_time": round(report.seconds, 2),
        "tests": [
            _test(exercise, check, f"{i}.{j}", said, scored=judged)
            for i, exercise in enumerate(report.exercises, 1)
            for j, (check, said) in enumerate(_told(exercise), 1)
        ],
        "extra_data": {
            "verdict": report.verdict.value,
            "device": report.device,
            "score": number(report.score),
            "max_score": number(report.max_score),
            "not_run_points": number(report.not_run_points),
        },
    }
    if entries := list(leaderboard(report)):
        data["leaderboard"] = entries
    return as_json(data) + "\n"


def _output(report: Report, *, judged: bool) -> str:
    lines = [wording.headline(report)]
    if not judged:
        lines.append(
            "This submission has no score yet: the autograder could not judge it. Tell "
            "your instructor, who can run it again."
        )
    for exercise in report.exercises:
        if exercise.output:
            said = visible(exercise.output, _MOST_OUTPUT)
            lines += ["", f"{exercise.name} printed at its end:", said]
    return "\n".join(lines)


def _test(
    exercise: ExerciseResult, check: CheckResult, place: str, said: str, *, scored: bool
) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": on_one_line(f"{exercise.title}: {check.title}"),
        "number": place,
        "output": said,
        "tags": [exercise.name],
        # Instructors' reports alone have hidden checks: learners' have their counts.
        "visibility": "hidden" if check.visibility is Visibility.HIDDEN else "visible",
        "extra_data": {
            "exercise": exercise.name,
            "check": check.name,
            "reason": check.reason.value if check.reason else None,
        },
    }
    if scored and (is_pending(check) or _counts(check)):
        test["score"] = number(check.points)
        test["max_score"] = number(check.max_points)
    if check.status in _JUDGED:
        test["status"] = check.status.value
    return test


def _counts(check: CheckResult) -> bool:
    """Return whether the points were given or taken: then Gradescope shows them."""
    if check.status is Status.SKIPPED:
        return not not_run(check)
    return check.status in _JUDGED


def _told(exercise: ExerciseResult) -> Iterator[tuple[CheckResult, str]]:
    for check, said in zip(exercise.checks, wording.told_once(exercise), strict=True):
        yield check, NOT_GRADED_YET if is_pending(check) else said or "Passed."


def leaderboard(report: Report) -> Iterator[dict[str, Any]]:
    """
    Yield two columns for each passed check whose rubric wants them and that took times.

    The first is the ratio, the other program's time over the submission's; of several the
    smallest. More is better. The second is the submission's own time in milliseconds, the
    median of its rounds; of several the largest. Less is better.
    """
    wanted = [
        (exercise, check, str(name))
        for exercise in report.exercises
        for check in exercise.checks
        if (name := check.details.get("leaderboard")) and check.status is Status.PASSED
    ]
    names = [name for _, _, name in wanted]
    for exercise, check, name in wanted:
        if ratios := _ratios(check):
            alone = names.count(name) == 1
            column = name if alone else f"{exercise.name.rpartition('/')[2]}: {name}"
            value = round(min(ratios), 3)
            yield {"name": on_one_line(column), "value": value, "order": "desc"}
            if times := _milliseconds(check):
                value, unit = round(max(times), 4), f"{column} (ms)"
                yield {"name": on_one_line(unit), "value": value, "order": "asc"}


def _ratios(check: CheckResult) -> list[float]:
    """Return the time ratios that a check measured: ``measure.ratio.Ratio`` as data."""
    found = [v.get("ratio") for v in check.details.values() if isinstance(v, dict)]
    return [r for r in found if isinstance(r, float) and math.isfinite(r)]


def _milliseconds(check: CheckResult) -> list[float]:
    """Return the submission's time for each ratio that a check measured, in ms."""
    found = []
    for figures in check.details.values():
        samples = figures.get("samples") if isinstance(figures, dict) else None
        pairs = samples if isinstance(samples, list | tuple) else []
        own = [pair[0] for pair in pairs if isinstance(pair, list | tuple) and pair]
        own = [t for t in own if isinstance(t, float) and 0 < t < _MOST_SECONDS]
        if own:
            found.append(1e3 * median(own))
    return found
