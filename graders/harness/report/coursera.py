"""Coursera's ``feedback.json``: a fraction and a text.

Fields are those that coursera_autograder's ``commands/grade.py`` reads. ``feedbackType`` is
left out: it would name a second file, which takes the place of ``feedback``; this report is
one file, there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.harness.models import Report
from graders.harness.report import wording
from graders.harness.report.tally import expect_gradable, fraction
from graders.harness.report.visible import as_json, fitted, on_one_line

_LIMIT = 1_000_000


def render_coursera(report: Report) -> str:
    """
    Return the report as the text of ``feedback.json``.

    The fraction is what was earned of what could be checked on this machine.

    Raises:
        Ungradable: A number would be a false one.
    """
    expect_gradable(report, "Coursera")
    score = fraction(report)

    def render(most: int) -> str:
        feedback = "\n".join(_lines(report, most))
        return as_json({"fractionalScore": score, "feedback": feedback}) + "\n"

    return fitted(render, _LIMIT, "coursera")


def _lines(report: Report, most: int) -> Iterator[str]:
    yield wording.headline(report)
    for exercise in report.exercises:
        yield ""
        earned = f"{exercise.score:g} of {wording.points(exercise.max_score)}"
        yield on_one_line(f"{exercise.name}  {exercise.title}: {earned}", max(most, 80))
        told = wording.told_once(exercise, most)
        for check, said in zip(exercise.checks, told, strict=True):
            points = f"{check.points:g}/{check.max_points:g}"
            title = on_one_line(check.title, max(most, 80))
            yield f"  {wording.STATUS_WORDS[check.status]}  {points}  {title}"
            if most:
                yield from (f"      {line}" for line in said.splitlines())
