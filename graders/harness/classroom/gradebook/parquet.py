"""``gradebook.parquet``: a row a check of each submission, for analysis.

The file's metadata has ``format_version``, and each column says there what it holds
(https://parquet.apache.org/docs/file-format/metadata/). Columns may be added within a
version; what one means does not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graders.harness.classroom.rows import Row, graded
from graders.harness.models import Report
from graders.harness.report.tally import not_run
from graders.harness.report.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_VERSION = 1
_TEXT, _LABEL, _NUMBER, _FLAG, _LIST = "text", "label", "number", "flag", "list"
#: Each column, its type, and what it holds.
COLUMNS = (
    ("key", _LABEL, "The submission's key; results/KEY.json has the rest."),
    ("members", _LIST, "The ids of those who handed it in."),
    ("submitted", _TEXT, "When, as an ISO 8601 time; null where that is not known."),
    ("late", _FLAG, "Whether the platform calls it late."),
    ("exercise", _LABEL, "assignment/exercise."),
    ("check", _LABEL, "The check's name."),
    ("title", _LABEL, "What is true where it passes."),
    ("visibility", _LABEL, "public, or hidden from learners."),
    ("status", _LABEL, "passed, failed, error (the grader's) or skipped."),
    ("reason", _LABEL, "Why it did not pass; null where it passed."),
    ("points", _NUMBER, "Points earned."),
    ("max_points", _NUMBER, "Points that it is worth."),
    ("not_run", _FLAG, "Whether its points are neither given nor taken."),
    ("seconds", _NUMBER, "How long the check took."),
    ("message", _TEXT, "What was seen and expected; null where it passed."),
    ("device", _LABEL, "cuda or simulator."),
    ("host", _LABEL, "Where it was graded; null where that is not known."),
)
_MOST_TEXT = 4_000  # characters of a message


def render_parquet(rows: Sequence[Row]) -> bytes:
    """
    Return the file.

    Raises:
        ImportError: pyarrow is not installed.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where a class is graded
    from pyarrow import parquet  # noqa: PLC0415 - likewise

    columns: dict[str, list[object]] = {name: [] for name, _, _ in COLUMNS}
    for line in _lines(rows):
        for name, values in columns.items():
            values.append(line[name])
    table = pa.table(columns, schema=_schema(pa))
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, compression="zstd")
    return bytes(buffer.getvalue().to_pybytes())


def _schema(arrow: Any) -> pa.Schema:
    types = {
        _TEXT: arrow.string(),
        _LABEL: arrow.dictionary(arrow.int32(), arrow.string()),
        _NUMBER: arrow.float64(),
        _FLAG: arrow.bool_(),
        _LIST: arrow.list_(arrow.string()),
    }
    return arrow.schema(
        [arrow.field(n, types[t], metadata={"about": told}) for n, t, told in COLUMNS],
        metadata={"format_version": str(FORMAT_VERSION)},
    )


def _lines(rows: Sequence[Row]) -> Iterator[dict[str, object]]:
    for row, report in graded(rows):
        about = {
            "key": row.key,
            "members": [visible(member.id) for member in row.members],
            "submitted": visible(row.entry.submitted) or None if row.entry else None,
            "late": row.entry is not None and row.entry.late,
            "device": report.device,
            "host": visible(row.where) or None,
        }
        for check in _checks(report):
            yield about | check


def _checks(report: Report) -> Iterator[dict[str, object]]:
    for exercise in report.exercises:
        for check in exercise.checks:
            yield {
                "exercise": exercise.name,
                "check": check.name,
                "title": visible(check.title),
                "visibility": check.visibility.value,
                "status": check.status.value,
                "reason": check.reason.value if check.reason else None,
                "points": float(check.points),
                "max_points": float(check.max_points),
                "not_run": not_run(check),
                "seconds": float(check.seconds),
                "message": visible(check.message, _MOST_TEXT) or None,
            }
