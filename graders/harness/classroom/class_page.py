"""The class page: what a class's results come to, for its instructors.

It stands alone, but for the reports that it links to. Its one script sorts a table; the
page's policy names it by its hash, and forbids all others and everything from outside. The
template escapes all that it is given: names and messages are strangers'.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graders.harness import report as report_package
from graders.harness.classroom.class_charts import (
    OUTCOMES,
    exercise_views,
    histogram,
)
from graders.harness.classroom.class_reasons import CommonReason, common_reasons
from graders.harness.classroom.entries import Classroom
from graders.harness.classroom.naming import group_name
from graders.harness.classroom.rows import (
    Row,
    Standing,
    graded,
    handed_in_twice,
    is_inconclusive,
    points_possible,
)
from graders.harness.report.visible import on_one_line, visible

View = dict[str, Any]

_FOLDER = Path(__file__).parent
_REPORT_FOLDER = Path(report_package.__file__).parent
_MOST_REASONS = 12
_MOST_SLOW = 10
_FEW_NAMES = 12  # shown at once; the others are folded in
_MOST_TITLE = 120  # characters
_MOST_IDS = 400
_MOST_MESSAGE = 1_000
_MOST_NOTES = 500
_DEFAULT_TITLE = "Class results"
_INSTANT = re.compile(r"([\d-]{10})[T ](\d\d:\d\d)[\d:.]*(Z|[+-][\d:]{2,6}|)", re.ASCII)
_UTC = {"Z": "UTC", "+00:00": "UTC"}
#: A standing as a sign, a word, and the style of its badge.
MARKS = {
    Standing.PASSED: ("✓", "passed", "passed"),
    Standing.FAILED: ("✗", "failed", "failed"),
    Standing.UNGRADED: ("!", "ungraded", "ungraded"),
    Standing.SET_ASIDE: ("!", "set aside", "ungraded"),
    Standing.UNREADABLE: ("!", "unreadable", "ungraded"),
    Standing.MISSING: ("-", "missing", "missing"),
    Standing.PENDING: ("-", "not graded yet", "missing"),
}


def render_class_page(
    classroom: Classroom, rows: Sequence[Row], *, title: str = ""
) -> str:
    """
    Return the page as HTML.

    Args:
        classroom: What was handed in.

        rows: What became of it.

        title: The assignment's name.
    """
    import jinja2  # noqa: PLC0415 - only where a page is made
    from markupsafe import Markup  # noqa: PLC0415 - likewise

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    styles = (_REPORT_FOLDER / "page.css", _FOLDER / "class_page.css")
    script = (_FOLDER / "class_page.js").read_text("utf-8")
    digest = hashlib.sha256(script.encode()).digest()
    return environment.get_template("class_page.html.jinja").render(
        style=Markup("".join(path.read_text("utf-8") for path in styles)),
        script=Markup(script),
        script_hash=base64.b64encode(digest).decode(),
        title=on_one_line(title, _MOST_TITLE) or _DEFAULT_TITLE,
        **_page(classroom, rows),
    )


def _shown(value: object) -> object:
    """Return what the template prints of a value: of a text, all that would not show."""
    # Not of text that is mark-up already: the style sheets and the script.
    return visible(value, len(value)) if type(value) is str else value


def _page(classroom: Classroom, rows: Sequence[Row]) -> View:
    possible, full = points_possible(rows)
    scores = [row.score for row in rows if row.score is not None]
    return {
        "layout": classroom.layout,
        "counts": _counts(rows),
        "submissions": len(classroom.entries),
        # Who is in two submissions is one member.
        "members": len({member.id for row in rows for member in row.members}),
        "tells_members": any(len(r.members) != 1 or not r.entry for r in rows)
        or bool(handed_in_twice(rows)),
        "possible": f"{possible:g}",
        "not_checked": f"{full - possible:g}" if possible < full else "",
        "histogram": histogram(scores, possible),
        "outcomes": OUTCOMES,
        "exercises": exercise_views(rows),
        "reasons": [_reason(c) for c in common_reasons(rows, _MOST_REASONS)],
        "slowest": _slowest(rows),
        "look_at": [group for group in _to_look_at(rows) if group["items"]],
        "strays": [_sentence(text) for text in classroom.strays],
        "notes": [_sentence(text) for text in classroom.notes],
        "rows": [_row(row) for row in rows],
        "few": _FEW_NAMES,
    }


def _counts(rows: Sequence[Row]) -> list[View]:
    """Return how many rows stand where; of what is rare, only where there are any."""
    counts = Counter(row.standing for row in rows)
    always = (Standing.PASSED, Standing.FAILED)
    return [
        {"mark": mark, "count": f"{counts[standing]:,}"}
        for standing, mark in MARKS.items()
        if counts[standing] or standing in always
    ]


def _link(row: Row) -> View:
    """Return who a row is about, and where their report is."""
    return {
        "name": group_name(row.members),
        "href": f"reports/{row.key}.html" if row.report is not None else "",
    }


def _row(row: Row) -> View:
    ids = ", ".join(m.id for m in row.members if m.name and m.id != m.name)
    score, report = row.score, row.report
    return {
        **_link(row),
        "ids": on_one_line(ids, _MOST_IDS),
        "mark": MARKS[row.standing],
        "order": list(Standing).index(row.standing),
        "score": "" if score is None else f"{score:g}",
        "most": "" if report is None else f"{report.max_score:g}",
        "not_run": f"{report.not_run_points:g}"
        if report and score is not None
        else "0",
        "share": round(100 * (score or 0) / ((report and report.max_score) or 1), 2),
        "seconds": f"{row.seconds:.1f}" if row.seconds else "",
        "submitted": _instant(row.entry.submitted) if row.entry else "",
        "late": row.entry is not None and row.entry.late,
    }


def _instant(text: str) -> str:
    """Return an ISO 8601 time as people read it: ``2026-11-22 14:00 UTC``."""
    found = _INSTANT.fullmatch(text)
    if not found:
        return on_one_line(text, 40)
    day, time, zone = found.groups()
    return f"{day} {time} {_UTC.get(zone, zone)}".strip()


def _reason(common: CommonReason) -> View:
    return {
        "exercise": common.exercise,
        "checks": [(n.replace("_", " "), h) for n, h in common.checks.items()],
        "reason": common.reason.replace("_", " "),
        "message": visible(common.message, _MOST_MESSAGE),
        "hint": visible(common.hint, _MOST_MESSAGE),
        "count": len(common.rows),
        "points": f"{round(common.points, 2):g}",
        "who": [_link(row) for row in common.rows.values()],
    }


def _slowest(rows: Sequence[Row]) -> list[View]:
    timed = sorted((row for row in rows if row.seconds > 0), key=lambda r: -r.seconds)
    most = timed[0].seconds if timed else 1.0
    return [
        {
            **_link(row),
            "seconds": f"{row.seconds:.1f}",
            "share": round(100 * row.seconds / most, 2),
        }
        for row in timed[:_MOST_SLOW]
    ]


def _to_look_at(rows: Sequence[Row]) -> Iterator[View]:
    def standing(at: Standing, title: str, told: str) -> View:
        items = [_item(row, row.problem) for row in rows if row.standing is at]
        return {"title": title, "told": told, "items": items}

    yield standing(
        Standing.SET_ASIDE,
        "Set aside",
        "The grader went down over them twice. Look at what was handed in, then grade "
        "them again.",
    )
    yield standing(
        Standing.UNREADABLE,
        "Unreadable",
        "What was handed in could not be opened, or is called like no exercise. Mend it "
        "or ask for it again; the next run reads it again.",
    )
    yield standing(
        Standing.UNGRADED,
        "Ungraded",
        "No score would be true. What the grader failed at, the next run grades again; "
        "what needs a GPU, --regrade KEY on a machine with one.",
    )
    yield {
        "title": "Inconclusive",
        "told": "A measured ratio was too close to what is needed. Credit was given.",
        "items": list(_inconclusive(rows)),
    }
    yield {
        "title": "Remarks on submissions",
        "told": "",
        "items": [
            _item(row, _sentence(note))
            for row in rows
            if row.entry
            for note in row.entry.notes
        ],
    }
    yield standing(
        Standing.MISSING, "Missing", "The roster has them; they handed in nothing."
    )
    yield standing(
        Standing.PENDING, "Not graded yet", "Run the same command again to go on."
    )


def _inconclusive(rows: Sequence[Row]) -> Iterator[View]:
    for row, report in graded(rows):
        for exercise in report.exercises:
            found = [c.name for c in exercise.checks if is_inconclusive(c)]
            if found:
                names = ", ".join(name.replace("_", " ") for name in found)
                yield _item(row, f"{exercise.name}: {names}")


def _item(row: Row, text: str) -> View:
    return {**_link(row), "text": _sentence(text)}


def _sentence(text: str) -> str:
    return on_one_line(text, _MOST_NOTES)
