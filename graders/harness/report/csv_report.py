"""A table with the columns of nbgrader's ``grades.csv``, one row an exercise.

Columns are those of nbgrader's exporter (``nbgrader/plugins/export.py``). Two more follow:
``not_run_points`` and ``verdict``. Who handed in is not known here; those cells are empty.
"""

from __future__ import annotations

import csv
import io

from graders.harness.models import ExerciseResult, Report
from graders.harness.report.tally import is_gradable
from graders.harness.report.visible import number, on_one_line

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name",
    "email", "raw_score", "late_submission_penalty", "score", "max_score",
    "not_run_points", "verdict",
)  # fmt: skip
_FORMULAS = ("=", "+", "-", "@")


def render_csv(report: Report) -> str:
    """Return the report as CSV. An exercise without a verdict has empty scores, no zero."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for exercise in report.exercises:
        writer.writerow(_row(exercise))
    return file.getvalue()


def _row(exercise: ExerciseResult) -> dict[str, object]:
    row: dict[str, object] = {
        "assignment": _cell(exercise.name),
        "max_score": number(exercise.max_score),
        "not_run_points": number(exercise.not_run_points),
        "verdict": exercise.verdict.value,
    }
    if is_gradable(exercise):
        score = number(exercise.score)
        row |= {"raw_score": score, "late_submission_penalty": 0, "score": score}
    return row


def _cell(text: str) -> str:
    """Return a cell that a spreadsheet takes for no formula."""
    shown = on_one_line(text)
    return f"'{shown}" if shown.startswith(_FORMULAS) else shown
