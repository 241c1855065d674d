"""One value for each line of a gradebook: who handed in, and what became of it.

A number stands here only where it is true: who handed in nothing, and whom the grader could
not judge, has none, and no table makes a zero of that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graders.harness.classroom.entries import (
    Classroom,
    Entry,
    Member,
    Result,
    State,
)
from graders.harness.grading import NOT_MODELLED
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Report,
    Status,
    check_from_dict,
)
from graders.harness.report.tally import (
    all_checks,
    checkable,
    is_gradable,
    needs_gpu,
    ungraded_because,
)
from graders.harness.time_limit import NOT_GRADED_YET

# Of a check's details, what counts points, and whether a time ratio was decided.
_KEPT = (NOT_MODELLED, NOT_GRADED_YET)
_INCONCLUSIVE = "inconclusive"
_MOST_MESSAGE = 4_000  # characters


class Standing(StrEnum):
    """What a line comes to: a :class:`State`, and of what is graded its verdict."""

    PASSED = "passed"
    FAILED = "failed"
    #: There is a report without a number: the grader's fault, or nothing could be judged.
    UNGRADED = "ungraded"
    SET_ASIDE = State.SET_ASIDE.value
    UNREADABLE = State.UNREADABLE.value
    MISSING = State.MISSING.value
    #: The run was stopped before this submission's turn.
    PENDING = "not_graded_yet"


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    A submission, or a member who handed in nothing.

    Attributes:
        members: Who it is about, at least one.

        standing: What it comes to.

        entry: What was handed in; None where that is nothing.

        report: What the tables show of the report; None where there is none.

        problem: Why there is no report or no number, in a sentence, or an empty string.

        seconds: How long its grading took.

        where: The host that graded it.
    """

    members: tuple[Member, ...]
    standing: Standing
    entry: Entry | None = None
    report: Report | None = None
    problem: str = ""
    seconds: float = 0.0
    where: str = ""

    @property
    def key(self) -> str:
        """The entry's key, or an empty string."""
        return self.entry.key if self.entry else ""

    @property
    def state(self) -> str:
        """A :class:`State`, or ``not_graded_yet``."""
        graded = self.report is not None or self.standing is Standing.UNGRADED
        return State.GRADED.value if graded else self.standing.value

    @property
    def score(self) -> float | None:
        """Points earned; None where no number would be true."""
        if self.report is None or not is_gradable(self.report):
            return None
        return self.report.score


def read_rows(classroom: Classroom, results: Mapping[str, Result]) -> tuple[Row, ...]:
    """Return the class's rows: its submissions in their order, then who is missing."""
    handed_in = [read_row(entry, results.get(entry.key)) for entry in classroom.entries]
    missing = [
        Row(members=(member,), standing=Standing.MISSING)
        for member in classroom.missing
    ]
    return (*handed_in, *missing)


def read_row(entry: Entry, result: Result | None) -> Row:
    """Return the row of a submission, of which there may be no result yet."""
    if result is None:
        return Row(members=entry.members, standing=Standing.PENDING, entry=entry)
    report, problem = None, result.problem
    if result.state is State.GRADED:
        try:
            report = read_report(result.report or {})
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            problem = f"Its result cannot be read ({err!r}). Grade it again."
    return Row(
        members=entry.members,
        standing=_standing(result.state, report),
        entry=entry,
        report=report,
        problem=problem or _why_no_number(report),
        seconds=result.seconds,
        where=result.where,
    )


def _standing(state: State, report: Report | None) -> Standing:
    if state is not State.GRADED:
        return Standing(state.value)
    if report is None or not is_gradable(report):
        return Standing.UNGRADED
    return Standing(report.verdict.value)


def _why_no_number(report: Report | None) -> str:
    if report is None or is_gradable(report):
        return ""
    if all(needs_gpu(check) for check in all_checks(report)):
        return "Nothing of it can be judged without a GPU."
    return ungraded_because(report)


def read_report(data: Mapping[str, Any]) -> Report:
    """
    Return the report that ``Report.to_dict`` made data of, without what no table shows.

    A class has a thousand reports at once; each whole one takes a megabyte of memory.

    Raises:
        KeyError: It is not such data, and likewise TypeError, ValueError and
            AttributeError.
    """
    return Report(
        device=sys.intern(str(data["device"])),
        exercises=tuple(_read_exercise(exercise) for exercise in data["exercises"]),
        environment={},
        seconds=float(data["seconds"]),
    )


def _read_exercise(data: Mapping[str, Any]) -> ExerciseResult:
    return ExerciseResult(
        name=sys.intern(str(data["name"])),
        title=sys.intern(str(data["title"])),
        checks=tuple(_read_check(check) for check in data["checks"]),
        seconds=float(data["seconds"]),
    )


def _read_check(data: Mapping[str, Any]) -> CheckResult:
    details = data["details"]
    kept = {name: details[name] for name in _KEPT if name in details}
    if _is_inconclusive(details.values()):
        kept[_INCONCLUSIVE] = True
    # Of what passed or was skipped nobody is told one; the same ones are told to many.
    hint = str(data["hint"]) if data["status"] == Status.FAILED else ""
    lean = {
        "name": sys.intern(str(data["name"])),
        "title": sys.intern(str(data["title"])),
        "message": str(data["message"])[:_MOST_MESSAGE],
        "hint": sys.intern(hint[:_MOST_MESSAGE]),
        "details": kept,
    }
    return check_from_dict({**data, **lean})


def _is_inconclusive(details: Iterable[object]) -> bool:
    return any(
        isinstance(value, Mapping) and value.get("answer") == _INCONCLUSIVE
        for value in details
    )


def graded(rows: Iterable[Row]) -> Iterator[tuple[Row, Report]]:
    """Yield the rows that have a report, with it."""
    for row in rows:
        if row.report is not None:
            yield row, row.report


def handed_in_twice(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each member who is in more than one submission, by their id."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        for member in row.members if row.entry else ():
            found.setdefault(member.id, []).append(row)
    return {id_: theirs for id_, theirs in found.items() if len(theirs) > 1}


def importable(rows: Sequence[Row]) -> list[tuple[Row, Member]]:
    """
    Return the members whose scores a platform can take, each once.

    Not who has no score, and not who handed in twice: which of the two counts is for the
    instructor to say, and an import would silently take the last.
    """
    twice = handed_in_twice(rows)
    return [
        (row, member)
        for row in rows
        for member in row.members
        if row.score is not None and member.id not in twice
    ]


def exercise_titles(rows: Iterable[Row]) -> dict[str, str]:
    """Return the title of each exercise that was graded, by its name, in their order."""
    found: dict[str, str] = {}
    for _, report in graded(rows):
        for exercise in report.exercises:
            found.setdefault(exercise.name, exercise.title)
    return found


def points_possible(rows: Iterable[Row]) -> tuple[float, float]:
    """
    Return the most points that could be earned where the class was graded, and in full.

    Points that only a GPU can give are in the second number alone, if no submission of the
    class was graded on one. Both are 0 where nothing was graded.
    """
    reports = [report for row, report in graded(rows) if row.score is not None]
    most = max((checkable(report) for report in reports), default=0.0)
    return most, max((report.max_score for report in reports), default=0.0)


def is_inconclusive(check: CheckResult) -> bool:
    """Return whether credit was given because a measured time ratio decided nothing."""
    return check.status is Status.PASSED and _INCONCLUSIVE in check.details
