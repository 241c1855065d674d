"""``moodle.csv``: scores as Moodle imports them, as a worksheet or into its gradebook.

An assignment's grading worksheet has ``Identifier``, such as ``Participant 123``, ``Grade``
and ``Feedback comments``; what else the roster has of it, as when a grade was changed last,
is kept, and Moodle passes over rows that were changed since. The import of the gradebook
asks which columns are which, and finds members by email or id number. Sources:
https://docs.moodle.org/en/Offline_grading_worksheet ,
https://docs.moodle.org/en/Grade_import and
``mod/assign/feedback/offline/importgradeslib.php`` in https://github.com/moodle/moodle .
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.gradebook.cells import as_csv, id_cell, text_cell
from graders.harness.classroom.rows import Row, importable
from graders.harness.models import Report
from graders.harness.report.visible import number
from graders.harness.report.wording import headline

_IDENTIFIER, _NAME, _NUMBER = "Identifier", "Full name", "ID number"
_EMAIL, _GRADE, _FEEDBACK = "Email address", "Grade", "Feedback comments"
_PARTICIPANT = "Participant "
_MOST_KEYS = ("Maximum Grade", "Maximum grade")
_COLUMNS = (
    _IDENTIFIER, _NAME, _NUMBER, _EMAIL, _GRADE, _MOST_KEYS[0], _FEEDBACK,
)  # fmt: skip


def render_moodle(
    rows: Sequence[Row], possible: float, *, moodle_ids: bool = True
) -> str:
    """
    Return the file: a row a member who has a score, and one alone.

    Who has none is left out: an empty grade would take away the one that Moodle has.

    Args:
        rows: The class.

        possible: Points that could be earned.

        moodle_ids: Whether members' ids are Moodle's numbers of participants, where the
            roster does not say. Else they stand as id numbers.
    """
    columns = _columns([member for row in rows for member in row.members])
    lines = []
    for row, member in importable(rows):
        cells = _who(member, moodle_ids=moodle_ids)
        for heading in _MOST_KEYS:
            cells.setdefault(heading, number(possible))
        cells |= {_GRADE: number(row.score or 0.0), _FEEDBACK: _feedback(row.report)}
        lines.append([cells.get(column, "") for column in columns])
    return as_csv(columns, lines)


def worksheets_maximum(rows: Sequence[Row]) -> float | None:
    """Return the maximum grade of the worksheet that is the roster; None without one."""
    for row in rows:
        for member in row.members:
            for heading in _MOST_KEYS if _is_from_moodle(member.columns) else ():
                try:
                    return float(member.columns[heading])
                except (KeyError, ValueError):
                    continue
    return None


def _columns(members: Sequence[Member]) -> Sequence[str]:
    for member in members:
        if _is_from_moodle(member.columns):
            added = (c for c in (_GRADE, _FEEDBACK) if c not in member.columns)
            return [*member.columns, *added]
    return _COLUMNS


def _is_from_moodle(columns: Mapping[str, str]) -> bool:
    return _IDENTIFIER in columns


def _who(member: Member, *, moodle_ids: bool) -> dict[str, object]:
    if _is_from_moodle(member.columns):
        shown: dict[str, object] = {c: id_cell(v) for c, v in member.columns.items()}
        return shown | {_NAME: text_cell(member.columns.get(_NAME, member.name))}
    return {
        _IDENTIFIER: _identifier(member.id) if moodle_ids else "",
        _NAME: text_cell(member.name),
        _NUMBER: "" if moodle_ids else id_cell(member.id),
        _EMAIL: id_cell(member.email),
    }


def _identifier(number: str) -> str:
    return id_cell(f"{_PARTICIPANT}{number.removeprefix(_PARTICIPANT)}")


def _feedback(report: Report | None) -> str:
    """Return the result in a sentence or two, and each exercise's points."""
    if report is None:
        return ""
    told = [headline(report)]
    if len(report.exercises) > 1:
        parts = (f"{e.name} {e.score:g} of {e.max_score:g}" for e in report.exercises)
        told.append(f"{'; '.join(parts)}.")
    return text_cell(" ".join(told))
