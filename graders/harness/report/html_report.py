"""The report as one HTML page: for people, to read, print and pass on.

It stands alone: no script, nothing from outside, and a policy in the page that forbids
both. The template escapes all that it is given, and shows what would hide or turn letters.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from graders.harness.drawing import COLOURS, NOT_FINITE
from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report.html_environment import device_name, environment_rows
from graders.harness.report.html_figures import figure_view, ratio_views
from graders.harness.report.html_text import (
    MARKS,
    VERDICT_MARKS,
    last_part,
    not_run_note,
    told_together,
)
from graders.harness.report.visible import on_one_line, visible
from graders.harness.report.wording import location, place

_FOLDER = Path(__file__).parent
_MOST_TEXT = 4_000  # characters of a message or a hint
_MOST_TITLE = 300
_MOST_OUTPUT = 20_000
_MOST_LINE = 400  # characters of a line of the learner's program
_MOST_LINES = 40
_MOST_PICTURES = 3_000_000  # bytes of all pictures, in Base64

View = dict[str, Any]


def render_html(report: Report) -> str:
    """Return the report as a page of HTML."""
    page: str = _template().render(
        colours=", ".join(COLOURS), not_finite=NOT_FINITE, **_page(report)
    )
    return page


@functools.cache
def _template() -> Any:
    """Return the page's template with its style; it takes longer to read than to fill."""
    import jinja2  # noqa: PLC0415 - only where a page is asked for
    from markupsafe import Markup  # noqa: PLC0415 - likewise

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    style = (_FOLDER / "page.css").read_text("utf-8")
    return environment.get_template("page.html.jinja", globals={"style": Markup(style)})


def _shown(value: object) -> object:
    """Return what the template prints of a value: of a text, all that would not show."""
    # Not of text that is mark-up already, which is the style sheet alone.
    return visible(value, len(value)) if type(value) is str else value


def _page(report: Report) -> View:
    budget = _Budget(_MOST_PICTURES)
    exercises = [
        _exercise(exercise, number, budget)
        for number, exercise in enumerate(report.exercises, 1)
    ]
    return {
        "device": device_name(report),
        "simulated": report.device == "simulator",
        "mark": VERDICT_MARKS[report.verdict],
        "points": _points(report),
        "not_run": not_run_note(report),
        "harness_failed": report.harness_failed,
        "seconds": f"{report.seconds:.1f}",
        "exercises": exercises,
        "environment": environment_rows(report),
        "left_out": budget.left_out,
    }


def _points(graded: Report | ExerciseResult) -> View:
    """Return points as words, and as shares of all in per cent for a bar."""
    most = graded.max_score or 1.0
    earned = 100 * graded.score / most
    not_run = 100 * graded.not_run_points / most
    return {
        "score": f"{graded.score:g}",
        "most": f"{graded.max_score:g}",
        "earned": round(earned, 2),
        "not_run": round(not_run, 2),
        "lost": round(max(100 - earned - not_run, 0.0), 2),
    }


def _exercise(exercise: ExerciseResult, number: int, budget: _Budget) -> View:
    shown = list(_figures(exercise.checks, budget))
    groups = [_told(checks) for checks in told_together(exercise)]
    not_run = [g for g in groups if g["mark"] == MARKS[Status.SKIPPED]]
    groups = [g for g in groups if g not in not_run]
    for group in groups:
        group["figures"] = [f for f in shown if f["checks"] & group["names_of"]]
        shown = [f for f in shown if f not in group["figures"]]
    return {
        "id": f"exercise-{number}",
        "name": exercise.name,
        "title": on_one_line(exercise.title, _MOST_TITLE),
        "mark": VERDICT_MARKS[exercise.verdict],
        "points": _points(exercise),
        "not_run": not_run_note(exercise),
        "skipped": not_run,
        "checks": [_check(check) for check in exercise.checks],
        "told": groups,
        "ratios": [view for c in exercise.checks for view in ratio_views(c.details)],
        "pictures": [f for f in shown if f["kind"] != "timeline"],
        "timelines": [f for f in shown if f["kind"] == "timeline"],
        "output": last_part(exercise.output, _MOST_OUTPUT),
        "seconds": f"{exercise.seconds:.1f}",
    }


def _check(check: CheckResult) -> View:
    return {
        "title": on_one_line(check.title, _MOST_TITLE),
        "mark": MARKS[check.status],
        "points": f"{check.points:g}",
        "most": f"{check.max_points:g}",
    }


def _told(checks: Sequence[CheckResult]) -> View:
    """Return what is said of checks that did not pass for the same reason."""
    first = checks[0]
    return {
        "names": on_one_line(", ".join(_words(c.name) for c in checks), _MOST_TITLE),
        "names_of": {c.name for c in checks},
        "mark": MARKS[first.status],
        "reason": _words(str(first.reason or "")),
        "is_ours": first.status is Status.ERROR,
        "message": visible(first.message, _MOST_TEXT),
        "hint": visible(first.hint, _MOST_TEXT),
        "location": _location(first),
    }


def _location(check: CheckResult) -> View | None:
    """Return the learner's line that a failure points at, with those around it."""
    found = location(check)
    if not found:
        return None
    lines = found.get("source", ())[:_MOST_LINES]
    return {
        "place": place(check),
        "source": [
            {
                "number": number,
                "text": visible(str(text), _MOST_LINE).rstrip(),
                "is_it": number == found["line"],
            }
            for number, text in lines
        ],
    }


def _figures(checks: Iterable[CheckResult], budget: _Budget) -> Iterator[View]:
    """Yield the figures of an exercise; what several checks looked at comes once."""
    seen: list[tuple[object, View]] = []
    for check in checks:
        figures = check.details.get("figures")
        for figure in figures if isinstance(figures, list) else ():
            same = next((view for known, view in seen if known == figure), None)
            if same is not None:
                same["checks"].add(check.name)
                same["looked_at_by"].append(_words(check.name))
                continue
            view = figure_view(figure)
            if view is None or not budget.takes(view["bytes"]):
                continue
            view |= {"checks": {check.name}, "looked_at_by": [_words(check.name)]}
            seen.append((figure, view))
    yield from (view for _, view in seen)


class _Budget:
    """Bounds the size of the page, which people send each other."""

    def __init__(self, most: int) -> None:
        self._left = most
        self.left_out = 0

    def takes(self, size: int) -> bool:
        """Return whether there is room for a picture of this size, and take it."""
        if size > self._left:
            self.left_out += 1
            return False
        self._left -= size
        return True


def _words(name: str) -> str:
    return name.replace("_", " ")
