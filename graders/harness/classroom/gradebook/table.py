"""``gradebook.csv``: the project's own table, a row a member, a column an exercise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graders.harness.classroom.entries import Member
from graders.harness.classroom.gradebook.cells import as_csv, id_cell, text_cell
from graders.harness.classroom.rows import Row, exercise_titles
from graders.harness.models import ExerciseResult
from graders.harness.report.tally import is_gradable
from graders.harness.report.visible import number

#: The first columns; the score of each exercise follows, under the exercise's name.
COLUMNS = (
    "id", "name", "email", "key", "state", "verdict", "score", "max_score",
    "not_run_points",
)  # fmt: skip


def render_table(rows: Sequence[Row]) -> str:
    """Return the table. All members are in it; who has no score has an empty one."""
    exercises = list(exercise_titles(rows))
    lines = (_line(row, m, exercises) for row in rows for m in row.members)
    return as_csv((*COLUMNS, *exercises), lines)


def _line(row: Row, member: Member, exercises: Sequence[str]) -> list[object]:
    who = [id_cell(member.id), text_cell(member.name), id_cell(member.email)]
    return [*who, row.key, row.state, *_points(row, exercises)]


def _points(row: Row, exercises: Sequence[str]) -> Iterator[object]:
    report = row.report
    if report is None:
        yield from [""] * (4 + len(exercises))
        return
    yield report.verdict.value
    yield "" if row.score is None else number(row.score)
    yield number(report.max_score)
    yield number(report.not_run_points)
    by_name = {exercise.name: exercise for exercise in report.exercises}
    for name in exercises:
        yield exercise_score(by_name.get(name))


def exercise_score(exercise: ExerciseResult | None) -> object:
    """Return an exercise's points, or an empty cell where no number would be true."""
    if exercise is None or not is_gradable(exercise):
        return ""
    return number(exercise.score)
