"""The report at a terminal: a table of checks, then what to do about failures."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Verdict,
    Visibility,
)
from graders.harness.report.visible import visible
from graders.harness.report.wording import STATUS_WORDS, run_alone

_MARKS = {
    Status.PASSED: (STATUS_WORDS[Status.PASSED], "green"),
    Status.FAILED: (STATUS_WORDS[Status.FAILED], "red"),
    Status.ERROR: (STATUS_WORDS[Status.ERROR], "magenta"),
    Status.SKIPPED: (STATUS_WORDS[Status.SKIPPED], "yellow"),
}
_PLAIN_WIDTH = 100
# What programs printed is shown where no more exercises are graded than these, and of each
# so many of its last lines.
_FEW = 3
_LAST_LINES = 8
_MOST_CHARACTERS = 4_000


def make_console() -> Console:
    """Return a console: colour on a terminal only, none where NO_COLOR is set."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        return Console(highlight=False, width=_PLAIN_WIDTH)
    return console


def say(sentences: Iterable[str], console: Console) -> None:
    """Print sentences in which a stranger's names may be."""
    for sentence in sentences:
        console.print(Text("".join(c if c.isprintable() else "?" for c in sentence)))


class Progress:
    """
    Says what is going on while the checks run: a live line on a terminal, nothing
    elsewhere.

    Args:
        console: Where to.

        total: How many checks there are.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._status = console.status("") if console.is_terminal else None
        self._total = total
        self._done = 0

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
            self._say("starting")
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, exercise: str, result: CheckResult) -> None:
        """Take note of a check's result."""
        self._done += 1
        hidden = result.visibility is Visibility.HIDDEN
        name = "a hidden check" if hidden else result.name.replace("_", " ")
        self._say(f"{exercise}: {name} {_MARKS[result.status][0]}")

    def _say(self, text: str) -> None:
        if self._status is not None:
            self._status.update(f"{self._done} of {self._total} checks - {text}")


def print_report(report: Report, console: Console) -> None:
    """Print the report."""
    for exercise in report.exercises:
        _print_exercise(exercise, console)
        if len(report.exercises) <= _FEW and exercise.verdict is Verdict.FAILED:
            _print_output(exercise.output, console)
    if how := run_alone(report):
        console.print()
        console.print(Text(how))
    _print_total(report, console)


def _print_exercise(exercise: ExerciseResult, console: Console) -> None:
    console.print()
    console.print(
        Text.assemble(
            (exercise.name, "bold"),
            f"  {exercise.title}",
            f"  {_points(exercise.score)} of {_points(exercise.max_score)} points",
        )
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for check in exercise.checks:
        mark, colour = _MARKS[check.status]
        points = f"{_points(check.points)}/{_points(check.max_points)}"
        table.add_row(Text(mark, colour), check.title, points)
    console.print(table)
    for text, checks in _grouped(exercise).items():
        names = ", ".join(c.name.replace("_", " ") for c in checks)
        _, colour = _MARKS[checks[0].status]
        reason = checks[0].reason or Reason.INCONCLUSIVE
        head = Text.assemble((names, f"bold {colour}"), f" [{reason}]")
        console.print(Padding(head, (1, 0, 0, 4)))
        for line in text:
            if line:
                console.print(Padding(Text(line), (0, 0, 0, 6)))


def _print_output(output: str, console: Console) -> None:
    """
    Print the end of what a program printed, each line marked as the program's.

    A long one goes on in lines with the same mark, so that none looks like ours.
    """
    text = visible(output[-_MOST_CHARACTERS:]).expandtabs(4)
    lines = [Text(line.rstrip()) for line in text.split("\n") if line.strip()]
    width = max(20, console.width - 8)
    shown = [part for line in lines for part in line.wrap(console, width)]
    if not shown:
        return
    console.print(Padding(Text("The end of what the program printed:"), (1, 0, 0, 4)))
    for part in shown[-_LAST_LINES:]:
        marked = Text("| ", "dim", no_wrap=True, overflow="ellipsis").append(part)
        console.print(Padding(marked, (0, 0, 0, 6)))


def _grouped(exercise: ExerciseResult) -> dict[tuple[str, str], list[CheckResult]]:
    """Return what is to be said of the checks, the same words only once."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in exercise.checks:
        # What passed has a message only where credit was given (see ``grading``).
        if check.status is not Status.PASSED or check.message:
            hint = f"Next: {check.hint}" if check.hint else ""
            groups.setdefault((check.message, hint), []).append(check)
    return groups


def _print_total(report: Report, console: Console) -> None:
    colour = {
        Verdict.PASSED: "green",
        Verdict.FAILED: "red",
        Verdict.UNGRADED: "magenta",
    }
    console.print()
    total = f"{_points(report.score)} of {_points(report.max_score)} points"
    left = report.not_run_points
    note = f" ({_points(left)} could not be checked on this machine)" if left else ""
    console.print(
        Text.assemble(
            (report.verdict.value.capitalize(), f"bold {colour[report.verdict]}"),
            f": {total}{note}, in {report.seconds:.1f} s.",
        )
    )


def _points(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")
