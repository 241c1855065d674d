"""A watch whose files, jobs and keys are made up, for tests."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from graders.harness.catalog import Catalog, Exercise
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
)
from graders.harness.notes import Notes
from graders.harness.submission import locate
from graders.harness.watching.files import Saved
from graders.harness.watching.inbox import Graded, Pressed
from graders.harness.watching.screen import Screen
from graders.harness.watching.session import Session
from graders.harness.watching.standings import Standings

SCALE, TOTAL, APPLY = "toys/scale", "toys/total", "toys/apply"
NOON = 1_750_000_000.0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Files:
    """Files that are saved when a test says so."""

    def __init__(self, work: Sequence[tuple[Exercise, Submission]]) -> None:
        self.work = {exercise.name: (exercise, s) for exercise, s in work}
        self.saved = Saved()
        self.digests = 0

    def look(self, *, thorough: bool = True) -> Saved:
        saved, self.saved = self.saved, Saved()
        for name in saved.programs:  # another digest for another file
            self.digests += 1
            exercise, submission = self.work[name]
            changed = Submission(
                exercise=name, path=submission.path, digest=f"digest {self.digests}"
            )
            self.work[name] = exercise, changed
        return saved

    def saved_at(self, name: str) -> float | None:
        return NOON - 100 if self.work[name][1].path.is_file() else None


class Jobs:
    """Jobs that end when a test says so."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []
        self.stopped = 0

    def start(self, number: int, work: Sequence[tuple[Exercise, Submission]]) -> None:
        assert number == len(self.started) + 1
        self.started.append([exercise.name for exercise, _ in work])

    def stop(self) -> None:
        self.stopped += 1


@dataclass
class Watch:
    """A session with all that it works with."""

    files: Files
    jobs: Jobs
    out: io.StringIO
    session: Session
    standings: Standings
    now: list[float] = field(default_factory=lambda: [NOON])

    def save(self, *programs: str, users: tuple[str, ...] = ()) -> None:
        self.files.saved = Saved(programs, users)
        self.session.look()

    def press(self, keys: str) -> None:
        for key in keys:
            self.session.handle(Pressed(key))

    def end(self, *passing: str, job: int = 0, error: Exception | None = None) -> str:
        """End the job, in which the named exercises pass; return what is shown then."""
        number = job or len(self.jobs.started)
        names = self.jobs.started[number - 1]
        results = [self._result(name, passes=name in passing) for name in names]
        report = Report(device="simulator", exercises=tuple(results), environment={})
        self.said()
        self.session.handle(Graded(number, None if error else report, error))
        return self.said()

    def _result(self, name: str, *, passes: bool) -> ExerciseResult:
        check = CheckResult(
            name="values",
            title="The values are right.",
            status=Status.PASSED if passes else Status.FAILED,
            reason=None if passes else Reason.WRONG_VALUE,
            points=4.0 if passes else 1.0,
            max_points=4.0,
            message="" if passes else "It is 2. Expected is 3.",
        )
        digest = self.files.work[name][1].digest
        return ExerciseResult(
            name=name, title="A toy", checks=(check,), digest=digest, seconds=0.5
        )

    def said(self) -> str:
        """Return what was shown since the last time."""
        text = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", self.out.getvalue())
        self.out.seek(0)
        self.out.truncate()
        return " ".join(text.replace("\r", "\n").split())


def make(
    toys: Catalog,
    folder: Path,
    names: Sequence[str] = (),
    *,
    submission: Path | None = None,
    out: io.StringIO | None = None,
    keys: bool = True,
) -> Watch:
    out = out or Terminal()
    console = Console(file=out, width=100, highlight=False, force_terminal=False)
    exercises = toys.select(names)
    where = submission or toys.root / "assignments"
    files, jobs = Files(locate(where, exercises, named=bool(names))), Jobs()
    screen = Screen(console, keys=keys)
    standings = Standings(files=files, notes=Notes(folder))
    session = Session(standings, jobs, screen)
    watch = Watch(files, jobs, out, session, standings)
    standings.clock = lambda: watch.now[0]
    session.begin(named=bool(names))
    return watch
