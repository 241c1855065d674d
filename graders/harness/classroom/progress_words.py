"""How a moment of a class's grading is shown: a table for terminals, lines elsewhere."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from graders.harness.classroom.naming import group_name
from graders.harness.classroom.pace import Snapshot, in_words
from graders.harness.classroom.rows import Row, Standing

_MOST_RUNNING = 12  # lines of the table
_OTHER_LINES = 6  # of the terminal that the table leaves alone
_WIDEST_BAR = 40
_MOST_NAME = 48  # characters
#: What a submission came to, in a word and in a colour.
WORDS = {
    Standing.PASSED: ("passed", "green"),
    Standing.FAILED: ("failed", "red"),
    Standing.UNGRADED: ("ungraded", "magenta"),
    Standing.SET_ASIDE: ("set aside", "magenta"),
    Standing.UNREADABLE: ("unreadable", "magenta"),
}


def drawn(moment: Snapshot, height: int) -> RenderableType:
    """
    Return the live table.

    Args:
        moment: What it shows.

        height: Lines of the terminal; a table that is higher could not be taken back.
    """
    most = max(1, min(_MOST_RUNNING, height - _OTHER_LINES))
    head = Table.grid(padding=(0, 2))
    head.add_column(no_wrap=True)
    head.add_column(max_width=_WIDEST_BAR, ratio=1)
    head.add_row(
        Text(f"{moment.done} of {moment.total} done", "bold"),
        ProgressBar(total=max(moment.total, 1), completed=moment.done),
    )
    running = Table.grid(padding=(0, 2), expand=False)
    running.add_column(no_wrap=True, overflow="ellipsis")
    running.add_column(justify="right", no_wrap=True)
    for entry, seconds in moment.running[:most]:
        name = Text(group_name(entry.members, _MOST_NAME))
        running.add_row(name, Text(in_words(seconds), "dim"))
    if (left := len(moment.running) - most) > 0:
        running.add_row(Text(f"and {left} more", "dim"), Text(""))
    return Group(head, _counted(moment), _paced(moment), running)


def _counted(moment: Snapshot) -> Text:
    """Return the counts in one line, which is cut where the terminal is narrow."""
    parts = [Text(f"{moment.counts[s]} {word}", c) for s, (word, c) in _shown(moment)]
    line = Text("   ").join(parts)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _paced(moment: Snapshot) -> Text:
    return Text(_speed(moment), "dim", no_wrap=True, overflow="ellipsis")


def _shown(moment: Snapshot) -> list[tuple[Standing, tuple[str, str]]]:
    """Return the standings to count: of what should not be, only where there is any."""
    always = (Standing.PASSED, Standing.FAILED)
    return [(s, w) for s, w in WORDS.items() if s in always or moment.counts[s]]


def summary(moment: Snapshot) -> str:
    """Return how far it is, what came of it, how fast it goes and what is left."""
    return (
        f"{moment.done} of {moment.total} done: {_counts(moment)}; {_speed(moment)}. "
        f"Running: {_runners(moment)}."
    )


def _counts(moment: Snapshot) -> str:
    return ", ".join(f"{moment.counts[s]} {word}" for s, (word, _) in _shown(moment))


def _speed(moment: Snapshot) -> str:
    if moment.per_minute is None or moment.seconds_left is None:
        return "no rate yet"
    left = (
        f", about {in_words(moment.seconds_left)} left" if moment.seconds_left else ""
    )
    return f"{moment.per_minute:.3g} a minute{left}"


def _runners(moment: Snapshot) -> str:
    named = [
        f"{group_name(entry.members, _MOST_NAME)} for {in_words(seconds)}"
        for entry, seconds in moment.running[:3]
    ]
    if (left := len(moment.running) - len(named)) > 0:
        named.append(f"and {left} more")
    return ", ".join(named) or "nothing"


def beginning(total: int, done: int) -> str:
    """Return how much there is to do."""
    what = f"{total} submission" + ("" if total == 1 else "s")
    if not done:
        return f"{what} to grade."
    return f"{what}, {done} of them graded before: {max(total - done, 0)} to grade."


def ending(moment: Snapshot) -> str:
    """Return what all came to."""
    now = moment.done - moment.before
    if not now:
        return f"Nothing was graded: {moment.done} of {moment.total} are done."
    rate = f", {60 * now / moment.seconds:.3g} a minute" if moment.seconds >= 1 else ""
    return (
        f"Graded {now} in {in_words(moment.seconds)}{rate}: {_counts(moment)}. "
        f"{moment.done} of {moment.total} are done."
    )


def result_line(row: Row) -> str:
    """Return what a submission came to, in a line."""
    word = WORDS[row.standing][0] if row.standing in WORDS else row.standing.value
    told = f"{group_name(row.members, _MOST_NAME)}: {word}"
    if row.report is not None and row.score is not None:
        told += f", {row.score:g} of {row.report.max_score:g} points"
        return f"{told}, {row.seconds:.1f} s"
    return f"{told}. {row.problem}".rstrip()
