"""What is done about saves and keys: one job at a time, and the last save wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from graders.harness.catalog import Exercise
from graders.harness.errors import HarnessError
from graders.harness.hints import Hint, Hints
from graders.harness.models import Submission, Verdict
from graders.harness.watching.inbox import (
    Checked,
    Ended,
    Event,
    Graded,
    Pressed,
    Resumed,
)
from graders.harness.watching.keys import END
from graders.harness.watching.screen import Page, Screen
from graders.harness.watching.standings import Standings, time_of_day

_REDRAW, _CONTROL_D = "\x0c", "\x04"  # as in other programs


class Jobs(Protocol):
    """What a session needs of ``background.Background``."""

    def start(self, number: int, work: Sequence[tuple[Exercise, Submission]]) -> None:
        """Begin a job."""

    def stop(self) -> None:
        """Let it end soon."""


@dataclass
class _Job:
    """A job that runs: how far it is, and whether nobody wants its result any more."""

    number: int
    names: tuple[str, ...]
    checks: int
    done: int = 0
    stale: bool = False


class Session:
    """
    One watch, from the first grading until somebody quits.

    Args:
        standings: How the exercises stand, with the files and what is remembered.

        jobs: Grades.

        screen: Shows.

    Attributes:
        current: The exercise that one works at.

        finished: Whether it is over.

        signal: The number of the signal that ended it, or 0.
    """

    def __init__(self, standings: Standings, jobs: Jobs, screen: Screen) -> None:
        self._standings = standings
        self._files = standings.files
        self._jobs = jobs
        self._screen = screen
        self._urgent: list[str] = []
        self._later: list[str] = []
        self._job: _Job | None = None
        self._count = 0
        self._listed = False
        self._ending = False
        self._hint: Hint | str | None = None
        self._trouble = ""
        self.current = next(iter(self._files.work))
        self.finished = False
        self.signal = 0
        self._keys: dict[str, Callable[[], None]] = {
            "h": self._show_hint,
            "n": self._go_on,
            "a": self._toggle_list,
            "r": self._grade_again,
            "q": self._quit,
            _REDRAW: self._draw,
            _CONTROL_D: self._quit,
            END: self._end,
        }

    def begin(self, remarks: Sequence[str] = (), *, named: bool) -> None:
        """
        Start the first grading.

        Args:
            remarks: Sentences about what was found, for the learner.

            named: Whether the user named the exercises: then all of them are graded.
                Otherwise their list is shown, and the first is graded that is not done.
        """
        if named:
            for remark in remarks:
                self._screen.say(remark)
            self._urgent = list(self._files.work)
        else:
            self.current = self._standings.unfinished() or self.current
            rows = self._standings.rows(self.current)
            self._screen.show(Page(rows=rows, remarks=remarks))
            self._urgent = [self.current]
        self._start()

    def handle(self, event: Event) -> None:
        """Do what an event asks for."""
        match event:
            case Pressed(key):
                self._keys.get(key, lambda: None)()
            case Checked():
                self._progress(event)
            case Graded():
                self._finish(event)
            case Resumed():
                self._resume()
            case Ended(number):
                self.signal = number
                self._quit()

    def look(self, *, thorough: bool = True) -> None:
        """Look whether something was saved, and grade what was."""
        saved = self._files.look(thorough=thorough)
        if saved.programs and self.current not in saved.programs:
            self._go_to(saved.programs[0])
        users = [name for name in saved.users if name in self._standings.seen]
        names = sorted({*saved.programs, *users}, key=lambda n: n != self.current)
        if not names:
            return
        now = self._standings.clock()
        self._standings.saves |= dict.fromkeys(names, now)
        if not self._screen.moves:
            self._screen.say(f"Saved at {time_of_day(now, now)}: {', '.join(names)}.")
        self._grade(names)

    def tick(self) -> None:
        """Let the verdict grow older on the screen."""
        self._screen.line(self._last_line())

    # ------------------------------------------------------------------- grading

    def _grade(self, names: Sequence[str]) -> None:
        """Grade these first; a job that runs is stopped, and what it leaves comes later."""
        self._urgent = [*names, *(n for n in self._urgent if n not in names)]
        if self._job is not None:
            self._later += [n for n in self._job.names if n not in self._later]
            self._job.stale = True
            self._jobs.stop()
        self._later = [n for n in self._later if n not in self._urgent]
        self._start()
        self._screen.line(self._last_line())

    def _start(self) -> None:
        if self._job is not None:
            return
        names, self._urgent = self._urgent, []
        if not names:
            names, self._later = self._later, []
        if not names:
            return
        work = [self._files.work[name] for name in names]
        checks = sum(len(exercise.rubric.checks) for exercise, _ in work)
        self._count += 1
        self._job = _Job(self._count, tuple(names), checks)
        self._jobs.start(self._count, work)
        self._screen.line(self._last_line())

    def _progress(self, event: Checked) -> None:
        if self._job is not None and event.job == self._job.number:
            self._job.done += 1
            self._screen.line(self._last_line())

    def _finish(self, event: Graded) -> None:
        job = self._job
        if job is None or event.job != job.number:
            return
        self._job = None
        if not job.stale:
            self._take(job, event)
        self._start()
        self.finished = self.finished or (self._ending and self._job is None)

    def _take(self, job: _Job, event: Graded) -> None:
        """Keep what a job found, and show it."""
        first = not self._standings.seen
        if event.report is None:
            self._trouble = _harness_trouble(event.error)
        else:
            self._standings.keep(event.report)
            self._trouble = self._standings.notes.problem
        if first and len(job.names) > 1:
            self.current = self._standings.unfinished() or self.current
            self._screen.show(Page(rows=self._standings.rows(self.current)))
        elif self.current not in job.names and not self._trouble:
            if self._listed:
                self._draw()
            return
        if self._passes():
            self._hint = None
        self._listed = False
        self._draw(new=not first)

    # ------------------------------------------------------------------- keys

    def _show_hint(self) -> None:
        hints = Hints(self._files.work[self.current][0], self._standings.notes)
        self._hint = hints.next() or hints.end()
        self._trouble = self._standings.notes.problem
        self._listed = False
        self._draw()

    def _go_on(self) -> None:
        name = self._standings.unfinished(after=self.current)
        if name is None:
            self._listed = False
            self._draw("" if self._passes() else self._standings.no_other(self.current))
            return
        self._go_to(name)
        self._standings.saves.pop(name, None)
        self._grade([name])

    def _go_to(self, name: str) -> None:
        self.current = name
        self._hint = None
        self._trouble = ""

    def _toggle_list(self) -> None:
        self._listed = not self._listed
        self._draw()

    def _grade_again(self) -> None:
        self.look()
        if self._job is None or self.current not in self._job.names:
            self._grade([self.current])

    def _quit(self) -> None:
        self.finished = True

    def _end(self) -> None:
        """End where no key can come any more, but not before the verdict has."""
        self._ending = True
        self.finished = self._job is None

    def _resume(self) -> None:
        # Deadlines went on while everything stood still: what was found then is no verdict.
        if self._job is not None:
            self._grade(self._job.names)
        self._draw()

    # ------------------------------------------------------------------- showing

    def _draw(self, remark: str = "", *, new: bool = True) -> None:
        remarks = [remark, self._trouble]
        if self._listed:
            remarks.append(
                "Save an exercise's file to go to it; n goes to the next that is not done."
            )
            rows = self._standings.rows(self.current)
            page = Page(rows=rows, remarks=[r for r in remarks if r])
        else:
            seen = self._standings.seen.get(self.current)
            remarks.append(self._praise())
            page = Page(
                report=seen.report if seen else None,
                hint=self._hint,
                remarks=[r for r in remarks if r],
            )
        self._screen.show(page, new=new)
        self._screen.line(self._last_line())

    def _passes(self) -> bool:
        seen = self._standings.seen.get(self.current)
        return seen is not None and seen.result.verdict is Verdict.PASSED

    def _praise(self) -> str:
        if not self._passes() or self._trouble:
            return ""
        following = self._standings.unfinished(after=self.current)
        if following is None:
            return f"Well done! {self._standings.no_other(self.current)}"
        going_on = "n for the next one" if self._screen.keys else f"Next is {following}"
        return f"Well done, {self.current} passes! {going_on}."

    def _last_line(self) -> str:
        """Return what goes on now, or how old the verdict is."""
        job = self._job
        if job is None:
            return self._standings.age(self.current)
        names = self._urgent if job.stale and self._urgent else job.names
        what = names[0] if len(names) == 1 else f"{len(names)} exercises"
        if job.stale:
            return f"Grading {what} ..."
        return f"Grading {what}: {job.done} of {job.checks} checks ..."


def _harness_trouble(error: Exception | None) -> str:
    said = str(error) if isinstance(error, HarnessError) else repr(error)
    return (
        f"This could not be graded, and that is not your program's fault: {said} "
        "No points are affected. Save again, or press r."
    )
