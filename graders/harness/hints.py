"""``grade.py hint``: the hints of an exercise, one at each call, never unasked.

They come from ``assignments/<assignment>/hints.md``: a section ``## <exercise>`` with a
numbered list.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from graders.harness.catalog import Catalog, Exercise
from graders.harness.cli import ExitCode
from graders.harness.errors import UsageError
from graders.harness.notes import NAME, Notes
from graders.harness.report.terminal import make_console

_SECTION = re.compile(r"^## +`?([^`\n]+?)`? *$", re.MULTILINE)
_NUMBER = re.compile(r"^\d+\. +", re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One hint: its place from 1, how many there are, and its text."""

    number: int
    count: int
    text: str


class Hints:
    """
    The hints of one exercise, and which of them have been shown.

    Args:
        exercise: The exercise.

        notes: Where it is remembered what has been shown.
    """

    def __init__(self, exercise: Exercise, notes: Notes) -> None:
        self._name = exercise.name
        self._notes = notes
        self.texts = read_hints(exercise)
        self.file = _short(exercise.stub.with_name("hints.md"))
        self.lesson = _short(exercise.stub.with_name("README.md"))

    @property
    def shown(self) -> list[Hint]:
        """The hints that have been shown."""
        count = self._notes.hints_shown(self._name)
        return [self._hint(number) for number in range(1, self._known(count) + 1)]

    def next(self) -> Hint | None:
        """Return the next hint and remember that; None where all have been shown."""
        number = self._known(self._notes.hints_shown(self._name)) + 1
        if number > len(self.texts):
            return None
        self._notes.set_hints_shown(self._name, number)
        return self._hint(number)

    def forget(self) -> None:
        """Begin with the first hint again."""
        self._notes.set_hints_shown(self._name, 0)

    def _known(self, count: int) -> int:
        return min(count, len(self.texts))  # the file of hints may have become shorter

    def _hint(self, number: int) -> Hint:
        text = self.texts[number - 1]
        return Hint(number=number, count=len(self.texts), text=text)

    def end(self) -> str:
        """Return what one can do when there are no more hints."""
        if not self.texts:
            return f"There are no hints for {self._name}. Its lesson is {self.lesson}."
        return (
            f"There are no more hints for {self._name}: you have seen all "
            f"{len(self.texts)}. Grade your program, and begin with the first check that "
            "fails: what is said there is about your program, and no hint can know it. "
            f"Read the part of the lesson that it is about, in {self.lesson}. If you are "
            "still stuck, show somebody what you tried and what you saw."
        )


def read_hints(exercise: Exercise) -> tuple[str, ...]:
    """
    Return an exercise's hints in order; none where there is no section of that name.

    Each is one paragraph: the lines of a hint are joined.
    """
    path = exercise.stub.with_name("hints.md")
    if not path.is_file():
        return ()
    parts = _SECTION.split(path.read_text("utf-8"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    _, *items = _NUMBER.split(sections.get(exercise.slug, ""))
    return tuple(" ".join(item.split()) for item in items)


def print_hint(hint: Hint, console: Console) -> None:
    """Print one hint."""
    console.print(Text(f"Hint {hint.number} of {hint.count}", "bold cyan"))
    text = Text(hint.text)
    text.highlight_regex(_CODE, "cyan")
    console.print(Padding(text, (0, 0, 0, 2), expand=False))


def main(argv: Sequence[str]) -> int:
    """
    Show the next hint and return the exit code.

    Args:
        argv: The arguments after ``hint``.

    Raises:
        UsageError: There is no such exercise, or the name is that of several.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong
        return ExitCode.USAGE if end.code else ExitCode.PASSED
    exercise = _one(options.name)
    notes = Notes(Path())
    hints = Hints(exercise, notes)
    console = make_console()
    if options.reset:
        hints.forget()
        said = f"The next hint for {exercise.name} is the first one again."
        console.print("Nothing was changed." if notes.problem else said)
    elif options.again:
        _show_again(hints, exercise, console)
    else:
        _show_next(hints, exercise, console)
    if notes.problem:
        console.print()
        console.print(f"{notes.problem} All hints are in {hints.file}.")
    return ExitCode.PASSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grade.py hint",
        description="Show the next hint for an exercise, one at each call.",
        epilog=f"Which hints have been shown stands in {NAME}, in this folder.",
    )
    parser.add_argument(
        "name", metavar="NAME", help="an exercise, such as fft_callbacks/sepia_blur"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--again", action="store_true", help="show those again that you have seen"
    )
    group.add_argument(
        "--reset", action="store_true", help="begin with the first hint again"
    )
    return parser


def _one(name: str) -> Exercise:
    found = Catalog().select([name])
    if len(found) != 1:
        names = ", ".join(e.name for e in found)
        msg = f"Hints are for one exercise at a time. {name} has: {names}."
        raise UsageError(msg)
    return found[0]


def _show_next(hints: Hints, exercise: Exercise, console: Console) -> None:
    hint = hints.next()
    if hint is None:
        console.print(hints.end())
        return
    console.print(Text(exercise.name, "bold"))
    print_hint(hint, console)
    console.print()
    if hint.number < hint.count:
        next_one = f"For the next one: python grade.py hint {exercise.name}"
        console.print(f"Try it before you ask for more. {next_one}")
    else:
        console.print("That was the last hint.")


def _show_again(hints: Hints, exercise: Exercise, console: Console) -> None:
    if not hints.shown:
        command = f"python grade.py hint {exercise.name}"
        console.print(f"You have seen no hint for {exercise.name} yet. Ask: {command}")
        return
    console.print(Text(exercise.name, "bold"))
    for hint in hints.shown:
        print_hint(hint, console)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
