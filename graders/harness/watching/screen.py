"""What a learner sees while watching: pages on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graders.harness.hints import Hint, print_hint
from graders.harness.models import Report, Verdict
from graders.harness.report import print_report

_KEYS = (("h", "hint"), ("n", "next"), ("a", "all"), ("r", "run again"), ("q", "quit"))
_COLOURS = {
    Verdict.PASSED.value: "green",
    Verdict.FAILED.value: "red",
    Verdict.UNGRADED.value: "magenta",
}
_GAP = "   "


@dataclass(frozen=True, kw_only=True)
class Row:
    """One exercise in the list: its state in a word, and points where it was graded."""

    name: str
    state: str
    score: float | None
    max_score: float
    current: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """
    All that is to be seen at one time.

    Attributes:
        rows: The list of exercises; none where it was not asked for.

        report: The current exercise's verdict, or None.

        hint: The hint that was asked for last, a sentence in its place, or None.

        remarks: Sentences below.
    """

    rows: Sequence[Row] = ()
    report: Report | None = None
    hint: Hint | str | None = None
    remarks: Sequence[str] = ()


class Screen:
    """
    Draws pages, and below them a line that changes.

    Where the output is no terminal, or one that cannot move its cursor, everything is
    printed once, one below the other.

    Args:
        console: Where to.

        keys: Whether there are keys to press.

    Attributes:
        keys: The same.
    """

    def __init__(self, console: Console, *, keys: bool) -> None:
        self._console = console
        self.keys = keys
        self._moves = console.file.isatty() and not console.is_dumb_terminal
        self._line = ""
        self._begun = False
        self._has_keys = False

    @property
    def moves(self) -> bool:
        """Whether what stands there can be replaced."""
        return self._moves

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence below what is there."""
        self._end_line()
        self._console.print(Text(text, style))

    def show(self, page: Page, *, new: bool = True) -> None:
        """
        Draw a page.

        Args:
            page: What is to be seen.

            new: Whether to begin at the top of an empty screen, the default; what was
                there can be scrolled back to.
        """
        self._end_line()
        if new and self._begun:
            self._turn()
        elif self._has_keys:
            self._control("\x1b[1A\x1b[J")  # they come again further down
        self._begun = True
        if page.rows:
            self._list(page.rows)
        if page.report is not None:
            print_report(page.report, self._console)
        if page.hint is not None:
            self._console.print()
            if isinstance(page.hint, Hint):
                print_hint(page.hint, self._console)
            else:
                self._console.print(Text(page.hint))
        for remark in page.remarks:
            self._console.print()
            self._console.print(Text(remark))
        if self._moves:
            self._console.print()
            keys = _key_line()
            self._has_keys = self.keys and len(keys) < self._console.width
            if self.keys:
                self._console.print(keys)

    def line(self, text: str) -> None:
        """Put what is true for a moment into the last line; nowhere where lines stay."""
        if not self._moves:
            return
        cut = text[: max(1, self._console.width - 1)]
        if cut != self._line:
            self._control(f"\r\x1b[K{cut}")
            self._line = cut

    def close(self) -> None:
        """End the last line, so that the shell's prompt has its own."""
        self._end_line()

    def _turn(self) -> None:
        """Begin an empty page; what is there scrolls out of sight, and is not lost."""
        if self._moves:
            height = self._console.height
            self._control(f"\x1b[{height};1H" + "\n" * height + "\x1b[H")

    def _end_line(self) -> None:
        if self._line:
            self._control("\r\x1b[K")
            self._line = ""

    def _control(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()

    def _list(self, rows: Sequence[Row]) -> None:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        for row in rows:
            mark = ">" if row.current else ""
            earned = "?" if row.score is None else f"{row.score:g}"
            points = f"{earned} of {row.max_score:g}"
            state = Text(row.state, _COLOURS.get(row.state, ""))
            table.add_row(mark, Text(row.name, "bold" * row.current), state, points)
        self._console.print(table)
        done = sum(row.state == Verdict.PASSED.value for row in rows)
        score = sum(row.score or 0 for row in rows)
        total = sum(row.max_score for row in rows)
        text = f"{done} of {len(rows)} exercises passed, {score:g} of {total:g} points"
        self._console.print(Text(text, "bold"))


def _key_line() -> Text:
    parts = [Text.assemble((key, "bold cyan"), f" {deed}") for key, deed in _KEYS]
    return Text(_GAP).join(parts)
