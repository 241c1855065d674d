"""``grade.py --watch``: grade at every save, in a warm grader, with a key for each wish.

``files`` finds out what was saved, ``background`` grades, ``screen`` shows, ``keys`` and
``inbox`` hear; ``session`` decides.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import UsageError
from graders.harness.notes import Notes
from graders.harness.report.terminal import make_console
from graders.harness.run import Grader, Request
from graders.harness.watching.background import Background, Work
from graders.harness.watching.files import Files, Watcher
from graders.harness.watching.inbox import Inbox, Touched, signals_to
from graders.harness.watching.keys import Keys
from graders.harness.watching.screen import Screen
from graders.harness.watching.session import Session
from graders.harness.watching.standings import Standings

_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_LOOKS_ALONE = 0.25
_SECONDS_UNTIL_SETTLED = 0.05


@dataclass(frozen=True, kw_only=True)
class Watch:
    """
    What is to be watched and how it is graded.

    Attributes:
        names: Assignments and exercises; none for all of them.

        submission: A folder, a module or a notebook.

        device: ``"cuda"`` or ``"simulator"``.

        seed: To draw the same inputs at each grading; empty for fresh ones.

        jobs: How many exercises run at once; 0 for one a core.

        output: Where graded pictures go, or None.

        required: Layers of the sandbox without which nothing is graded.
    """

    names: Sequence[str]
    submission: Path
    device: str
    seed: str = ""
    jobs: int = 0
    output: Path | None = None
    required: Sequence[str] = ()

    def request(self, work: Work) -> Request:
        """Return what is asked of the grader for some of the exercises."""
        return Request(
            work=work,
            device=self.device,
            seed=self.seed,
            jobs=self.jobs,
            output=self.output,
        )


def watch(wanted: Watch, catalog: Catalog, said: str) -> bool:
    """
    Grade at every save until the user quits.

    Args:
        wanted: What is to be watched.

        catalog: The assignments.

        said: The first line: what is graded, and where.

    Returns:
        Whether the user quit; not where a signal ended it.

    Raises:
        UsageError: There is nothing of that name to watch.

        EnvironmentUnavailable: This machine lacks a required layer of the sandbox.

        KeyboardInterrupt: Ctrl-C ended it; all is put back.
    """
    if wanted.submission.suffix.lower() == ".zip" and wanted.submission.is_file():
        msg = (
            f"{wanted.submission}: nobody edits a zip. Unpack it and watch the folder."
        )
        raise UsageError(msg)
    exercises = _in_order(catalog, wanted.names)
    files = Files(wanted.submission, exercises, named=bool(wanted.names))
    console = make_console()
    keys = Keys()
    inbox = Inbox(keys)
    watcher = Watcher(lambda: inbox.post(Touched()))
    ends = "" if keys.are_read else " Ctrl-C ends the watch."
    console.print(Text(said + ends))
    with (
        Grader(wanted.device, catalog, wanted.required) as grader,
        signals_to(inbox, keys),
        keys,
    ):
        background = Background(grader, wanted.request, inbox.post)
        screen = Screen(console, keys=keys.are_read)
        standings = Standings(files=files, notes=Notes(Path()))
        session = Session(standings, background, screen)
        try:
            watcher.watch(files.folders())
            session.begin(files.remarks, named=bool(wanted.names))
            _run(session, files, watcher, inbox)
        finally:
            keys.leave()
            watcher.close()
            background.close()
            if session.signal != signal.SIGHUP:  # else nobody reads any more
                screen.close()
    inbox.close()
    if session.signal == signal.SIGINT:
        raise KeyboardInterrupt
    return not session.signal


def _run(session: Session, files: Files, watcher: Watcher, inbox: Inbox) -> None:
    while True:
        events = list(inbox.wait(_patience(files, watcher)))
        for event in events:
            if not isinstance(event, Touched):
                session.handle(event)
            if session.finished:
                return
        # Many touches are one look.
        session.look(thorough=any(isinstance(event, Touched) for event in events))
        if watcher.watch(files.folders()) and watcher.works:
            inbox.post(Touched())
        session.tick()


def _patience(files: Files, watcher: Watcher) -> float:
    if files.unsettled:
        return _SECONDS_UNTIL_SETTLED
    if not watcher.works:
        return _SECONDS_BETWEEN_LOOKS_ALONE
    return _SECONDS_BETWEEN_LOOKS


def _in_order(catalog: Catalog, names: Sequence[str]) -> tuple[Exercise, ...]:
    """Return the exercises in the order in which one best takes them."""
    chosen = catalog.select(names)
    path = catalog.root / "graders" / "order.txt"
    if names or not path.is_file():
        return chosen
    order = path.read_text("utf-8").split()
    place = {assignment: number for number, assignment in enumerate(order)}
    return tuple(sorted(chosen, key=lambda e: place.get(e.assignment, len(place))))
