"""``nbgrader.csv``: the columns of nbgrader's ``grades.csv``, a row a member and exercise.

Columns are those of nbgrader's exporter:
https://github.com/jupyter/nbgrader/blob/main/nbgrader/plugins/export.py . It writes what
``str`` makes of its values: points such as ``10.0``, and times in UTC without saying so,
such as ``2026-06-01 10:00:00``. There a missing submission has a score of 0; here its score
is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from graders.harness.classroom.entries import Member
from graders.harness.classroom.gradebook.cells import (
    as_csv,
    family_and_given,
    id_cell,
    text_cell,
)
from graders.harness.classroom.rows import Row, exercise_titles
from graders.harness.models import ExerciseResult
from graders.harness.report.tally import checkable, is_gradable

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name",
    "email", "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def render_nbgrader(rows: Sequence[Row]) -> str:
    """Return the table. ``max_score`` is what could be earned where it was graded."""
    names = list(exercise_titles(rows))
    lines = []
    for row in rows:
        graded = row.report.exercises if row.report else ()
        exercises = {exercise.name: exercise for exercise in graded}
        for member in row.members:
            lines += [_line(row, member, n, exercises.get(n)) for n in names]
    return as_csv(COLUMNS, lines)


def _line(
    row: Row, member: Member, name: str, exercise: ExerciseResult | None
) -> list[object]:
    family, given = family_and_given(member)
    score = penalty = most = ""
    if exercise is not None:
        most = _points(checkable(exercise))
        if is_gradable(exercise):
            score, penalty = _points(exercise.score), _points(0)
    return [
        name,
        "",
        _timestamp(row.entry.submitted) if row.entry else "",
        id_cell(member.id),
        text_cell(family),
        text_cell(given),
        id_cell(member.email),
        score,
        penalty,
        score,
        most,
    ]


def _points(number: float) -> str:
    return str(round(float(number), 6))


def _timestamp(submitted: str) -> str:
    """Return an ISO 8601 time as nbgrader has it; what is none stays as it is."""
    try:
        at = datetime.fromisoformat(submitted)
    except ValueError:
        return text_cell(submitted)
    return str(at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at)
