"""What an instructor sees while a class is graded: a live table, plain lines, or nothing.

A follower is called from many threads. The live table is drawn by a thread of rich's own,
which holds rich's lock while it asks for what to draw: so nothing is printed here under a
lock of ours that the drawing needs.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.live import Live

from graders.harness.classroom.entries import Entry, Follower, Result
from graders.harness.classroom.pace import Pace
from graders.harness.classroom.progress_words import (
    beginning,
    drawn,
    ending,
    result_line,
    summary,
)
from graders.harness.classroom.rows import Standing, read_row
from graders.harness.report.terminal import say

_PER_SECOND = 2
_SECONDS_BETWEEN_SUMMARIES = 30.0


def make_follower(console: Console, quiet: bool) -> Follower:
    """
    Return what tells an instructor how the grading goes.

    Args:
        console: Where to.

        quiet: Whether to say nothing until the end.
    """
    if quiet:
        return QuietFollower(console)
    # FORCE_COLOR makes rich take a file for a terminal; a table in it would be a mess.
    moves = console.file.isatty() and not console.is_dumb_terminal
    if moves and not os.environ.get("CI"):
        return LiveFollower(console)
    return LineFollower(console)


class QuietFollower:
    """Says nothing before the end; the class page has it all."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ended = False

    def begin(self, total: int, done: int) -> None:
        """Say nothing."""

    def started(self, entry: Entry) -> None:
        """Say nothing."""

    def finished(self, entry: Entry, result: Result) -> None:
        """Say nothing."""

    def told(self, text: str) -> None:
        """Print a sentence after the end, and none before."""
        if self._ended:
            _tell([text], self._console)

    def end(self) -> None:
        """Begin to pass on what is told."""
        self._ended = True


class LineFollower:
    """
    Prints a line for each submission that is done, and now and then one about the whole.

    Args:
        console: Where to.

        pace: Takes note; the default is a new one.

        every: Seconds between two lines about the whole.
    """

    def __init__(
        self,
        console: Console,
        pace: Pace | None = None,
        every: float = _SECONDS_BETWEEN_SUMMARIES,
    ) -> None:
        self._console = console
        self._pace = pace or Pace()
        self._every = every
        self._lock = threading.Lock()  # one line at a time
        self._begun = False
        self._over = threading.Event()
        # Lines come even while nothing ends: CI systems stop a job that says nothing.
        self._summaries = threading.Thread(target=self._summarise, daemon=True)

    def begin(self, total: int, done: int) -> None:
        """Print how much there is to do."""
        self._begun = True
        self._pace.begin(total, done)
        self.told(beginning(total, done))
        if total > done:
            self._summaries.start()

    def started(self, entry: Entry) -> None:
        """Take note."""
        self._pace.started(entry)

    def finished(self, entry: Entry, result: Result) -> None:
        """Print what a submission came to."""
        row = read_row(entry, result)
        with self._lock:
            moment = self._pace.finished(row)
            _tell([f"[{moment.done}/{moment.total}] {result_line(row)}"], self._console)

    def told(self, text: str) -> None:
        """Print a sentence."""
        with self._lock:
            _tell([text], self._console)

    def end(self) -> None:
        """Print what all came to, where anything began."""
        if self._over.is_set() or not self._begun:
            return
        self._over.set()
        if self._summaries.is_alive():
            self._summaries.join()
        self.told(ending(self._pace.snapshot()))

    def _summarise(self) -> None:
        while not self._over.wait(self._every):
            self.told(summary(self._pace.snapshot()))


class LiveFollower:
    """
    Draws a table that changes twice a second, below the sentences.

    Args:
        console: A terminal that can move its cursor.

        pace: Takes note; the default is a new one.
    """

    def __init__(self, console: Console, pace: Pace | None = None) -> None:
        self._console = console
        self._pace = pace or Pace()
        self._live: Live | None = None

    def begin(self, total: int, done: int) -> None:
        """Begin to draw."""
        self._pace.begin(total, done)
        _tell([beginning(total, done)], self._console)
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            refresh_per_second=_PER_SECOND,
            transient=True,
        )
        self._live.start()

    def started(self, entry: Entry) -> None:
        """Take note; the table shows it when it is drawn next."""
        self._pace.started(entry)

    def finished(self, entry: Entry, result: Result) -> None:
        """Take note; above the table print what somebody has to look at."""
        row = read_row(entry, result)
        self._pace.finished(row)
        if row.standing not in (Standing.PASSED, Standing.FAILED):
            _tell([result_line(row)], self._console)

    def told(self, text: str) -> None:
        """Print a sentence above the table."""
        _tell([text], self._console)

    def end(self) -> None:
        """Take the table away, show the cursor again, and print what all came to."""
        live, self._live = self._live, None
        if live is None:
            return
        with contextlib.suppress(OSError):
            live.stop()
        _tell([ending(self._pace.snapshot())], self._console)

    def _drawn(self) -> RenderableType:
        return drawn(self._pace.snapshot(), self._console.size.height)


def _tell(sentences: Sequence[str], console: Console) -> None:
    """Print sentences; a terminal that is gone, or a full disk, stops no grading."""
    with contextlib.suppress(OSError):
        say(sentences, console)
