"""How each exercise stands: what this watch found, and what is remembered of others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from graders.harness.catalog import Exercise
from graders.harness.models import ExerciseResult, Report, Submission, Verdict
from graders.harness.notes import LastGrading, Notes
from graders.harness.submission.holdings import is_stub
from graders.harness.watching.files import Saved
from graders.harness.watching.screen import Row

#: States of an exercise that are no verdict.
NOT_BEGUN, NOT_GRADED, NO_FILE = "not begun", "not graded yet", "no file"
PASSED = Verdict.PASSED.value


class WatchedFiles(Protocol):
    """What a watch needs of ``files.Files``."""

    work: dict[str, tuple[Exercise, Submission]]

    def look(self, *, thorough: bool = True) -> Saved:
        """Return what was saved since the last look."""

    def saved_at(self, name: str) -> float | None:
        """Return when an exercise's program was last saved."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """
    A verdict of this watch.

    Attributes:
        report: Of this exercise alone.

        saved: When the file was saved, in seconds; None where there is none.

        came: When the verdict came.
    """

    report: Report
    result: ExerciseResult
    saved: float | None
    came: float


@dataclass(kw_only=True)
class Standings:
    """
    How the exercises of a watch stand.

    Attributes:
        files: The submission's files.

        notes: Remembers verdicts between commands.

        clock: The time of day in seconds.

        seen: The verdicts of this watch.

        saves: When saves of this watch were noticed.
    """

    files: WatchedFiles
    notes: Notes
    clock: Callable[[], float] = time.time
    seen: dict[str, Seen] = field(default_factory=dict)
    saves: dict[str, float] = field(default_factory=dict)

    def keep(self, report: Report) -> None:
        """Keep what a grading found, also for later commands."""
        alone = len(report.exercises) == 1
        for result in report.exercises:
            there = self.files.saved_at(result.name)
            self.seen[result.name] = Seen(
                report=Report(
                    device=report.device,
                    exercises=(result,),
                    environment={},
                    seconds=report.seconds if alone else result.seconds,
                ),
                result=result,
                saved=self.saves.get(result.name, there) if there else None,
                came=self.clock(),
            )
            grading = LastGrading(
                verdict=result.verdict,
                score=result.score,
                max_score=result.max_score,
                digest=result.digest,
            )
            self.notes.set_last_grading(result.name, grading)

    def rows(self, current: str) -> list[Row]:
        """Return the list of exercises as it is shown."""
        return [self._row(name, is_current=name == current) for name in self.files.work]

    def _row(self, name: str, *, is_current: bool) -> Row:
        state, score = self.state(name)
        checks = self.files.work[name][0].rubric.checks.values()
        return Row(
            name=name,
            state=state,
            score=score,
            max_score=sum(check.points for check in checks),
            current=is_current,
        )

    def state(self, name: str) -> tuple[str, float | None]:
        """Return an exercise's state in a word or two, and its points if they are known."""
        exercise, submission = self.files.work[name]
        if not submission.path.is_file():
            return NO_FILE, None
        known = self._known(name, submission.digest)
        if known is not None and (known[0] != Verdict.FAILED.value or known[1]):
            return known
        if is_stub(submission.path, exercise):
            return NOT_BEGUN, 0.0
        return known or (NOT_GRADED, None)

    def _known(self, name: str, digest: str) -> tuple[str, float] | None:
        """Return what a file of this digest came to, if it was graded."""
        seen, last = self.seen.get(name), self.notes.last_grading(name)
        if seen is not None and seen.result.digest == digest:
            return seen.result.verdict.value, seen.result.score
        if last is not None and last.digest == digest:
            return last.verdict.value, last.score
        return None

    def unfinished(self, after: str = "") -> str | None:
        """Return the next exercise with a file that does not pass, round and round."""
        names = list(self.files.work)
        start = names.index(after) + 1 if after in names else 0
        for name in [*names[start:], *names[:start]]:
            if name != after and self.state(name)[0] not in (PASSED, NO_FILE):
                return name
        return None

    def no_other(self, name: str) -> str:
        """Return what to say where nothing comes after an exercise."""
        missing = sum(row.state == NO_FILE for row in self.rows(name))
        rest = f" {missing} more have no file yet." if missing else ""
        if self.state(name)[0] == PASSED:
            return f"All exercises that are watched here pass.{rest}"
        return f"This is the only one that is watched here and does not pass yet.{rest}"

    def age(self, name: str) -> str:
        """Return how old an exercise's verdict is; nothing where there is none."""
        seen = self.seen.get(name)
        if seen is None:
            return ""
        slug = name.rpartition("/")[2]
        old = f"This verdict is {_duration(self.clock() - seen.came)} old."
        if seen.saved is None:
            return f"{slug}: {old}"
        return f"{slug} saved at {time_of_day(seen.saved, self.clock())}. {old}"


def time_of_day(moment: float, now: float) -> str:
    """Return a time as people say it; with its day where that is another one."""
    then = time.localtime(moment)
    same_day = then[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M:%S" if same_day else "%H:%M on %d %B", then)


def _duration(seconds: float) -> str:
    minutes = int(max(0.0, seconds) // 60)
    if not minutes:
        return f"{max(0.0, seconds):.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
