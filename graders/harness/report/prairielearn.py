"""PrairieLearn's ``results.json``, of an externally graded question.

Fields are those of https://docs.prairielearn.com/externalGrading/. The file may have 1 MB:
messages are cut to fit, checks are not. What cannot be graded says so with ``gradable``
false, and then there is no score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report
from graders.harness.report import wording
from graders.harness.report.tally import (
    checkable_points,
    fraction,
    is_gradable,
    ungraded_because,
)
from graders.harness.report.visible import (
    as_json,
    fitted,
    number,
    on_one_line,
    visible,
)

#: Bytes that the file may have.
LIMIT = 1_000_000
# Pictures go in while they fit into this many characters together.
_MOST_PICTURES = 600_000
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def render_prairielearn(report: Report) -> str:
    """
    Return the report as the text of ``results.json``.

    The score is what was earned of what could be checked on this machine.
    """
    if not is_gradable(report):
        return as_json(_not_gradable(report)) + "\n"
    pictures = _chosen_pictures(report)

    def render(most: int) -> str:
        shown = pictures if most else {}
        return as_json(_results(report, most, shown), indent=None) + "\n"

    return fitted(render, LIMIT, "prairielearn")


def _not_gradable(report: Report) -> dict[str, Any]:
    why = (
        f"{ungraded_because(report)} Nothing was taken from you: tell your instructor."
    )
    return {"gradable": False, "format_errors": [why]}


def _results(
    report: Report, most: int, pictures: dict[int, list[dict[str, str]]]
) -> dict[str, Any]:
    tests = [
        _test(exercise, check, said, pictures, most)
        for exercise in report.exercises
        for check, said in _told(exercise, most)
    ]
    return {
        "gradable": True,
        "score": fraction(report),
        "message": wording.headline(report),
        "output": "\n".join(_outputs(report, most)),
        "tests": tests,
    }


def _test(
    exercise: ExerciseResult,
    check: CheckResult,
    said: str,
    pictures: dict[int, list[dict[str, str]]],
    most: int,
) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": on_one_line(f"{exercise.title}: {check.title}", max(most, 80)),
        "points": number(check.points),
        "max_points": number(checkable_points(check)),
        "message": said,
    }
    if found := pictures.get(id(check)):
        test["images"] = found
    return test


def _told(exercise: ExerciseResult, most: int) -> Iterator[tuple[CheckResult, str]]:
    texts = wording.told_once(exercise, most) if most else [""] * len(exercise.checks)
    yield from zip(exercise.checks, texts, strict=True)


def _outputs(report: Report, most: int) -> Iterator[str]:
    for exercise in report.exercises:
        if exercise.output and most:
            yield f"{exercise.name} printed at its end:"
            yield visible(exercise.output, most)


def _chosen_pictures(report: Report) -> dict[int, list[dict[str, str]]]:
    """Return the pictures that fit, by the identity of the check that they belong to."""
    chosen: dict[int, list[dict[str, str]]] = {}
    left = _MOST_PICTURES
    for exercise in report.exercises:
        for check in exercise.checks:
            for picture in _pictures(check):
                if len(picture["url"]) <= left:
                    left -= len(picture["url"])
                    chosen.setdefault(id(check), []).append(picture)
    return chosen


def _pictures(check: CheckResult) -> Iterator[dict[str, str]]:
    figures = check.details.get("figures")
    for figure in figures if isinstance(figures, list) else ():
        if not isinstance(figure, dict) or figure.get("kind") != "image":
            continue
        data = str(figure.get("png", ""))
        if _BASE64.fullmatch(data):
            label = on_one_line(f"{figure.get('label')}, {figure.get('case')}", 200)
            yield {"label": label, "url": f"data:image/png;base64,{data}"}
