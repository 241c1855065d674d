"""What a class's results come to: tables for platforms and for analysis, and a page.

The files are functions of the results alone: without times or anything drawn, they are the
same bytes from the same results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graders.harness.classroom.class_page import render_class_page
from graders.harness.classroom.entries import Classroom, Member, Result
from graders.harness.classroom.gradebook.canvas import render_canvas
from graders.harness.classroom.gradebook.cells import is_changed_id
from graders.harness.classroom.gradebook.moodle import render_moodle, worksheets_maximum
from graders.harness.classroom.gradebook.nbgrader import render_nbgrader
from graders.harness.classroom.gradebook.parquet import render_parquet
from graders.harness.classroom.gradebook.table import render_table
from graders.harness.classroom.naming import group_name, member_name
from graders.harness.classroom.rows import (
    Row,
    Standing,
    handed_in_twice,
    importable,
    points_possible,
    read_rows,
)
from graders.harness.report.files import write_whole
from graders.harness.report.wording import points

_PARQUET = "gradebook.parquet"
_MOST_TOLD = 5
# The columns of rosters by which Canvas and Moodle find a member.
_FOUND_BY = {
    "ID", "SIS User ID", "SIS Login ID", "Identifier", "ID number", "Email address",
}  # fmt: skip
_WORDS = {
    Standing.UNGRADED: "ungraded",
    Standing.SET_ASIDE: "set aside",
    Standing.UNREADABLE: "unreadable",
    Standing.MISSING: "missing",
    Standing.PENDING: "not graded yet",
}


def write_gradebook(
    folder: Path,
    classroom: Classroom,
    results: Mapping[str, Result],
    *,
    title: str = "",
) -> list[str]:
    """
    Write the gradebook's files and the class page, each whole or not at all.

    Args:
        folder: Where they go; the learners' pages are below it, as ``reports/KEY.html``.

        classroom: What was handed in.

        results: What became of it, by the entry's key; of some there may be none yet.

        title: The assignment's name on the page and in Canvas.

    Returns:
        Sentences for the instructor about what the tables have, and what they have not.

    Raises:
        HarnessError: A file could not be written.
    """
    rows = read_rows(classroom, results)
    possible, full = points_possible(rows)
    files = {
        "gradebook.csv": render_table(rows),
        "canvas.csv": render_canvas(
            rows, possible, title, canvas_ids=classroom.layout == "canvas"
        ),
        "moodle.csv": render_moodle(
            rows, possible, moodle_ids=classroom.layout == "moodle"
        ),
        "nbgrader.csv": render_nbgrader(rows),
        "index.html": render_class_page(classroom, rows, title=title),
    }
    for name, text in files.items():
        write_whole(folder / name, text)
    told = [
        _counts(rows),
        *_about_doubles(rows),
        *_about_points(rows, possible, full),
        *_about_ids(rows),
    ]
    try:
        write_whole(folder / _PARQUET, render_parquet(rows))
    except ImportError:
        # One of an earlier run would say something else than the tables beside it.
        (folder / _PARQUET).unlink(missing_ok=True)
        told.append(
            f"{_PARQUET} was not written: pyarrow is not installed. Install it with "
            "pip install -e '.[class]' and run this again."
        )
    return told


def _counts(rows: Sequence[Row]) -> str:
    everybody = len({member.id for row in rows for member in row.members})
    imported = len(importable(rows))
    counts: Counter[Standing] = Counter()
    for row in rows:
        counts[row.standing] += len(row.members) if row.score is None else 0
    told = f"gradebook.csv has {_count(everybody, 'member')}"
    if left := counts.total():
        reasons = ", ".join(f"{n} {_WORDS[s]}" for s, n in counts.items() if n)
        told += f", {left} of them without a score ({reasons})"
    if imported == everybody:
        return f"{told}; canvas.csv and moodle.csv have all of them too."
    return (
        f"{told}; canvas.csv and moodle.csv have the {imported} with one score, so that an "
        "import changes nothing for the others."
    )


def _about_doubles(rows: Sequence[Row]) -> Iterator[str]:
    found = handed_in_twice(rows)
    for id_, theirs in list(found.items())[:_MOST_TOLD]:
        name = next(m for m in theirs[0].members if m.id == id_)
        scores = (f"{row.key} with {_score(row)}" for row in theirs)
        yield (
            f"{member_name(name)} is in {len(theirs)} submissions: {', '.join(scores)}. "
            "canvas.csv and moodle.csv have none of them: enter by hand which one counts."
        )
    if (left := len(found) - _MOST_TOLD) > 0:
        yield f"So are {left} more; in gradebook.csv they have a row for each."


def _score(row: Row) -> str:
    return "no score" if row.score is None else points(row.score)


def _about_points(rows: Sequence[Row], possible: float, full: float) -> Iterator[str]:
    if possible < full:
        yield (
            f"{full - possible:g} of {points(full)} could not be checked where this class "
            "was graded. Scores in canvas.csv and moodle.csv are what was earned of the "
            f"other {possible:g}; grade again on a GPU, or set the assignment's points to "
            f"{possible:g}."
        )
    maximum = worksheets_maximum(rows)
    if maximum is not None and possible and maximum != possible:
        yield (
            f"The roster's worksheet has a maximum grade of {maximum:g}, and scores are of "
            f"{points(possible)}. Set the assignment's maximum grade to {possible:g} in "
            "Moodle before moodle.csv is imported."
        )
    fewer = [row for row in rows if row.score is not None and _checked(row) < possible]
    if fewer:
        yield (
            f"Of {_count(len(fewer), 'submission')} less could be checked than of others: "
            f"{_names(fewer)}. Such scores do not compare; grade them again where the "
            "others were graded."
        )


def _checked(row: Row) -> float:
    return points_possible([row])[0]


def _about_ids(rows: Sequence[Row]) -> Iterator[str]:
    found = [
        member
        for row in rows
        for member in row.members
        if any(is_changed_id(value) for value in _identifying(member))
    ]
    if found:
        names = ", ".join(member_name(member) for member in found[:_MOST_TOLD])
        yield (
            f"The id or address of {_count(len(found), 'member')} could be a formula to a "
            "spreadsheet or does not print. It was changed in the tables, so an import may "
            f"not find them: {names}."
        )


def _identifying(member: Member) -> tuple[str, ...]:
    known = (value for c, value in member.columns.items() if c in _FOUND_BY)
    return member.id, member.email, *known


def _names(rows: Sequence[Row]) -> str:
    shown = ", ".join(group_name(row.members) for row in rows[:_MOST_TOLD])
    left = len(rows) - _MOST_TOLD
    return f"{shown} and {left} more" if left > 0 else shown


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
