"""What the platforms' formats say of a check and of a whole report, in plain sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from graders.harness.models import CheckResult, ExerciseResult, Report, Status, Verdict
from graders.harness.report.tally import all_checks, is_pending, not_run
from graders.harness.report.visible import MOST_CHARACTERS, on_one_line, visible

#: A status in the words of people.
STATUS_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "ungraded",
    Status.SKIPPED: "not run",
}
_VERDICTS = {
    Verdict.PASSED: "Passed",
    Verdict.FAILED: "Failed",
    Verdict.UNGRADED: "Ungraded",
}
# What hints say that send a learner to run the program without the grader.
_ALONE = re.compile(r"\bby (?:it|your)self\b")


def points(amount: float) -> str:
    """Return an amount in words: ``1 point``, ``2.5 points``."""
    return f"{amount:g} point" + ("" if amount == 1 else "s")


def run_alone(report: Report) -> str:
    """Return how to run a program without a GPU, or nothing where no hint asks for it."""
    asked = any(_ALONE.search(check.hint) for check in all_checks(report))
    if report.device != "simulator" or not asked:
        return ""
    return (
        "To run a program by itself without a GPU, begin it with: "
        "from grade import prepare; prepare()"
    )


def left_open(checks: Iterable[CheckResult]) -> str:
    """Return the sentences about points that are neither given nor taken, or nothing."""
    left = [check for check in checks if not_run(check)]
    late = sum(check.max_points for check in left if is_pending(check))
    said = []
    if unchecked := sum(check.max_points for check in left) - late:
        said.append(f"{points(unchecked)} could not be checked on this machine.")
    if late:
        said.append(f"{points(late)} were not graded: the time ran out.")
    return " ".join(said)


def headline(report: Report) -> str:
    """Return the verdict, the points, and what could not be checked."""
    earned = f"{report.score:g} of {points(report.max_score)}"
    left = left_open(all_checks(report))
    return f"{_VERDICTS[report.verdict]}: {earned}. {left}".strip()


def told(
    check: CheckResult, most: int = MOST_CHARACTERS, *, source: bool = True
) -> str:
    """
    Return what is to be said of a check: what was seen, what to do next, and where.

    Empty where it passed.

    Args:
        check: The check.

        most: Characters that each text may keep.

        source: Whether to show the lines around what it points at.
    """
    if check.status is Status.PASSED:
        return ""
    return "\n".join(_lines(check, most, source=source))


def told_once(exercise: ExerciseResult, most: int = MOST_CHARACTERS) -> list[str]:
    """
    Return what is to be said of each check of an exercise, the same thing only once.

    Args:
        exercise: The exercise.

        most: Characters that each text may keep.
    """
    texts = []
    firsts: dict[tuple[str, str], CheckResult] = {}
    for check in exercise.checks:
        first = firsts.setdefault((check.message, check.hint), check)
        if first is check or check.status is not Status.FAILED:
            texts.append(told(check, most))
        else:
            title = on_one_line(first.title, max(most, 80))
            texts.append(f"The same as for: {title}")
    return texts


def _lines(check: CheckResult, most: int, *, source: bool) -> Iterator[str]:
    message = visible(check.message, most)
    if check.status is Status.SKIPPED:
        yield f"Not run: {message}"
    elif check.status is Status.ERROR:
        yield f"Ungraded: {message}"
    else:
        yield message
    if check.hint:
        yield f"Next: {visible(check.hint, most)}"
    if where := place(check):
        yield f"Where: {where}"
        yield from excerpt(check) if source else ()
    if left := left_open([check]):
        yield left


def location(check: CheckResult) -> dict[str, Any]:
    """Return what the check points at, or nothing (see ``checks.locations``)."""
    found = check.details.get("location")
    return found if isinstance(found, dict) else {}


def place(check: CheckResult) -> str:
    """Return where the check points at: ``line 12 of sepia_blur.py``, or nothing."""
    found = location(check)
    if not found:
        return ""
    file = on_one_line(str(found.get("file", "")), 200)
    if "cell" in found:
        return f"line {found['line']} of code cell {found['cell']} of {file}"
    return f"line {found['line']} of {file}"


def excerpt(check: CheckResult) -> Iterator[str]:
    """Yield the lines around what the check points at, that one marked."""
    found = location(check)
    for line, source in found.get("source", ()):
        mark = ">" if line == found["line"] else " "
        yield f"{mark} {line:>4}  {on_source_line(str(source))}"


def on_source_line(source: str) -> str:
    """Return a line of source text, its indentation kept, with all of it visible."""
    return visible(source, 200).replace("\n", " ").rstrip()
