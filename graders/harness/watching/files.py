"""Whose program was saved: looks at files, told by ``watchfiles`` when it is worth it.

What counts is what a look finds, not how an editor saves: in place, through another file
that is renamed, by removing the file first, or in several goes.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import watchfiles

from graders.harness.catalog import Exercise
from graders.harness.errors import UsageError
from graders.harness.submission import find
from graders.harness.submission.stage import staged_files

#: Seconds for which a file may be away, or empty, before that counts as saved: some
#: editors remove or empty a file before they write it.
GRACE = 0.4
_QUIET = 20  # milliseconds without another change, after which one is told
_IMPORTED = re.compile(rb"^[^#\n]*?\b(?:from|import)\b([^#\n]*)", re.MULTILINE)
_WORD = re.compile(rb"\w+")

Signature = tuple[int, int, int]


@dataclass(frozen=True)
class Saved:
    """
    What was saved between two looks.

    Attributes:
        programs: Exercises whose own program was saved.

        users: Exercises whose program imports a file that was saved beside it.
    """

    programs: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.programs or self.users)


class Files:
    """
    The files of a submission.

    Args:
        submission: A folder, a module or a notebook.

        exercises: The exercises that are looked for.

        named: Whether the user named them.

    Raises:
        UsageError: There is nothing of that name, or it belongs to no exercise.
    """

    def __init__(
        self, submission: Path, exercises: Sequence[Exercise], *, named: bool
    ) -> None:
        self._submission = submission
        self._exercises = exercises
        self._named = named
        self._away: dict[Path, float] = {}  # since when a file is away or empty
        self._seen: dict[Path, Signature | None] = {}
        found = find(submission, exercises, named=named)
        self.remarks = tuple(found.notes)
        self.work = {exercise.name: (exercise, s) for exercise, s in found.work}
        self._seen = self._signatures()

    @property
    def unsettled(self) -> bool:
        """Whether a file is away or empty and may be about to be written."""
        return bool(self._away)

    def look(self, *, thorough: bool = True) -> Saved:
        """
        Return what was saved since the last look.

        Args:
            thorough: Whether to search for the programs again, which may lie elsewhere
                now. The default is True; without, it takes no time worth mentioning.
        """
        before = {name: s.path for name, (_, s) in self.work.items()}
        if thorough:
            self._find()
        now = self._signatures()
        different = {path for path in now if now[path] != self._seen.get(path)}
        changed = different - self._may_come_back(different, now)
        self._seen |= {path: now[path] for path in changed}
        programs = []
        for name, (_, submission) in self.work.items():
            path = submission.path
            if path in changed or (name in before and before[name] != path):
                programs.append(name)
        if changed and not thorough:
            self._find()  # the digests are of what was there before
        users = [n for n in self.work if n not in programs and self._uses(n, changed)]
        return Saved(tuple(programs), tuple(users))

    def saved_at(self, name: str) -> float | None:
        """Return when an exercise's program was last saved; None where there is none."""
        with suppress(OSError):
            return self.work[name][1].path.stat().st_mtime
        return None

    def folders(self) -> set[Path]:
        """Return the folders in which a program can appear or change, if they exist."""
        places = {submission.path.parent for _, submission in self.work.values()}
        if self._submission.is_file():
            places.add(self._submission.parent)
        else:
            for root in (self._submission, self._submission / "assignments"):
                places.add(root)
                places |= {root / e.assignment for e in self._exercises}
            places.add(self._submission.absolute().parent)  # it may be made anew
        return {place for place in places if place.is_dir()}

    def _find(self) -> None:
        # Where the submission itself is away, the programs are missing where they were.
        with suppress(UsageError, OSError):
            found = find(self._submission, self._exercises, named=self._named)
            for exercise, submission in found.work:
                # One that was watched stays so; others join when there is a file.
                if exercise.name in self.work or submission.path.is_file():
                    self.work[exercise.name] = exercise, submission

    def _signatures(self) -> dict[Path, Signature | None]:
        """Return what tells one saved state of each file from another."""
        paths = set(self._seen)  # those that went away, too
        for _, submission in self.work.values():
            paths.add(submission.path)
            with suppress(OSError):
                paths.update(staged_files(submission.path))
        return {path: _signature(path) for path in paths}

    def _may_come_back(
        self, different: set[Path], now: dict[Path, Signature | None]
    ) -> set[Path]:
        """Return the files that are away or empty, and have not been for long."""
        gone = {path for path in different if not (now[path] or (0, 0, 0))[1]}
        clock = time.monotonic()
        since = {path: self._away.get(path, clock) for path in gone}
        self._away = {p: start for p, start in since.items() if clock - start < GRACE}
        return set(self._away)

    def _uses(self, name: str, changed: set[Path]) -> bool:
        """Return whether a program imports one of the files, itself or through others."""
        program = self.work[name][1].path
        beside = {p.stem: p for p in changed if p.parent == program.parent}
        if not beside:
            return False
        reached, waiting = {program}, [program]
        while waiting:
            for word in _imported(waiting.pop()):
                if word in beside:
                    return True
                other = program.parent / f"{word}.py"
                if other not in reached and other.is_file():
                    reached.add(other)
                    waiting.append(other)
        return False


def _signature(path: Path) -> Signature | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _imported(path: Path) -> set[str]:
    """Return every name in a file's import statements; in a notebook it reads the JSON."""
    try:
        text = path.read_bytes()
    except OSError:
        return set()
    statements = b" ".join(_IMPORTED.findall(text))
    return {word.decode() for word in _WORD.findall(statements)}


class Watcher:
    """
    Tells when something happens in folders.

    Args:
        tell: Called from a thread, without arguments.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._watched: set[tuple[Path, int]] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def works(self) -> bool:
        """Whether the system tells us; where not, one has to look more often."""
        return self._thread is not None and self._thread.is_alive()

    def watch(self, folders: set[Path]) -> bool:
        """
        Watch these folders, and no others any more.

        Returns:
            Whether they are others than before: something may have happened meanwhile.
        """
        # The system watches a folder, not its name: one that was made anew is another.
        wanted = {(f, facts[2]) for f in folders if (facts := _signature(f))}
        if wanted == self._watched and self.works:
            return False
        self.close()
        self._watched, self._stop = wanted, threading.Event()
        if wanted:
            self._thread = threading.Thread(
                target=self._run, args=(set(folders), self._stop), daemon=True
            )
            self._thread.start()
        return True

    def _run(self, folders: set[Path], stop: threading.Event) -> None:
        # A folder that is gone meanwhile, or a limit of the system's that is reached (the
        # package's error for it is a RuntimeError): one has to look more often then.
        with suppress(OSError, RuntimeError):
            for _ in watchfiles.watch(
                *folders,
                watch_filter=None,
                step=_QUIET,
                stop_event=stop,
                rust_timeout=500,
                raise_interrupt=False,
                recursive=False,
                ignore_permission_denied=True,
            ):
                self._tell()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2)
            self._thread = None
