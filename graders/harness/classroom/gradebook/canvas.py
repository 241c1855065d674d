"""``canvas.csv``: scores as Canvas's gradebook imports them.

The first row has ``Student``, ``ID``, the SIS columns and ``Section`` before assignments;
the second, ``Points Possible``. A column whose heading ends in ``(123)`` goes to the
assignment of that id; Canvas offers to make an assignment for any other. Sources:
https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
and ``app/models/gradebook_importer.rb`` in https://github.com/instructure/canvas-lms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.gradebook.cells import as_csv, id_cell, text_cell
from graders.harness.classroom.rows import Row, importable
from graders.harness.report.visible import number

_STUDENT, _ID, _LOGIN = "Student", "ID", "SIS Login ID"
_COLUMNS = (_STUDENT, _ID, "SIS User ID", _LOGIN, "Section")
# Those that say who it is. Other assignments' columns are left out: an import would set
# them back to what they were when the roster was exported.
_IDENTIFYING = {*_COLUMNS, "Integration ID", "Root Account"}
_POINTS_POSSIBLE = "    Points Possible"  # as Canvas writes it
_NUMBER = re.compile(r"\s*\(\d+\)\s*")
DEFAULT_TITLE = "GPU exercises"


def render_canvas(
    rows: Sequence[Row], possible: float, title: str = "", *, canvas_ids: bool = True
) -> str:
    """
    Return the file: a row a member who has a score, and one alone.

    Who has none is left out, so that no import changes what Canvas has for them.

    Args:
        rows: The class.

        possible: Points that could be earned.

        title: The assignment's name. Where the roster has a column of that name, with
            Canvas's number behind it or not, that heading is taken.

        canvas_ids: Whether members' ids are Canvas's own, where the roster does not say.
            Else they stand as login ids.
    """
    members = [member for row in rows for member in row.members]
    columns = _columns(members)
    heading = text_cell(_heading(members, title or DEFAULT_TITLE))
    points: list[object] = [
        _POINTS_POSSIBLE,
        *[""] * (len(columns) - 1),
        number(possible),
    ]
    lines = [points]
    for row, member in importable(rows):
        who = _who(member, canvas_ids=canvas_ids)
        lines.append([*(who.get(c, "") for c in columns), number(row.score or 0.0)])
    return as_csv([*columns, heading], lines)


def _columns(members: Sequence[Member]) -> Sequence[str]:
    """Return the roster's identifying columns in its order, or Canvas's usual ones."""
    for member in members:
        if _is_from_canvas(member):
            return [c for c in member.columns if c in _IDENTIFYING]
    return _COLUMNS


def _is_from_canvas(member: Member) -> bool:
    return {_STUDENT, _ID, "Section"} <= member.columns.keys()


def _heading(members: Sequence[Member], title: str) -> str:
    wanted = _NUMBER.sub("", title).strip().casefold()
    for member in members:
        for heading in member.columns if _is_from_canvas(member) else ():
            is_it = _NUMBER.sub("", heading).strip().casefold() == wanted
            if is_it and heading not in _IDENTIFYING:
                return heading
    return title


def _who(member: Member, *, canvas_ids: bool) -> dict[str, str]:
    if _is_from_canvas(member):
        shown = {c: id_cell(v) for c, v in member.columns.items()}
        return shown | {_STUDENT: text_cell(member.columns[_STUDENT])}
    # Users' ids are numbers; those of anonymous grading are not.
    column = _ID if canvas_ids and member.id.isdecimal() else _LOGIN
    return {
        _STUDENT: text_cell(member.name or member.id),
        column: id_cell(member.id),
    }
