"""What happened while a class was graded: one line an event, kept whatever ends the run.

Each line is JSON (https://jsonlines.org), written by one call and synced, so that a run
which is killed loses at most the line that it was about to write. What follows from the
lines stands in a :class:`History`; a run reads its own past through it, and nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graders.harness.errors import UsageError

#: Of the lines; a run does not go on with a journal of another version.
FORMAT_VERSION = 1

# How often a submission may be in flight when a grader goes down before it is graded
# alone: once, the cause may be any of those that were in flight, or none of them.
_TIMES_TOGETHER = 2
# Alone it is to blame, but for a kill from outside: so not at the first time.
_TIMES_ALONE = 2
# A whole run that is killed is rarely a submission's doing, but may be: memory runs out.
_TIMES_ALONE_WITH_RUNS = 3


@dataclass
class Record:
    """
    What is known of one submission's gradings.

    Attributes:
        digest: Of the files that were graded last.

        attempts: How often a grading of these files was begun.

        downs: How often the grader went down while it was in flight with others.

        alone_downs: How often that happened while it was graded alone.

        runs_killed_alone: How often the whole run was killed while it was graded alone.

        doubted: Whether what a grading found may be due to something else.
    """

    digest: str = ""
    attempts: int = 0
    downs: int = 0
    alone_downs: int = 0
    runs_killed_alone: int = 0
    doubted: bool = False

    @property
    def needs_to_be_alone(self) -> bool:
        """Whether it is graded with nothing beside it, so that no other is blamed."""
        together = self.downs >= _TIMES_TOGETHER
        return together or self.doubted or self.alone_downs + self.runs_killed_alone > 0

    @property
    def is_to_blame(self) -> bool:
        """Whether it is set aside."""
        with_runs = self.alone_downs + self.runs_killed_alone
        return self.alone_downs >= _TIMES_ALONE or with_runs >= _TIMES_ALONE_WITH_RUNS


@dataclass
class History:
    """
    What follows from a journal's lines.

    Attributes:
        records: What is known of each submission, by key.

        due: Keys that are to be graded again, as asked.

        settings: Of the last run, or None where there was none.

        in_flight: Keys whose grading was begun and has not ended, and whether alone.
    """

    records: dict[str, Record] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    settings: dict[str, Any] | None = None
    in_flight: dict[str, bool] = field(default_factory=dict)

    def of(self, key: str) -> Record:
        """Return what is known of a submission."""
        return self.records.setdefault(key, Record())

    def take(self, event: dict[str, Any]) -> None:
        """Take in one event; those that a later version may add change nothing."""
        known = getattr(self, f"_{event['event']}", None)
        if known is not None:
            known(event)

    def _run_started(self, event: dict[str, Any]) -> None:
        self.close()
        self.settings = event["settings"]
        for key in event["regrade"]:
            self.records.pop(key, None)
            self.due.add(key)

    def _run_ended(self, _: dict[str, Any]) -> None:
        self.in_flight.clear()  # it ended in order: that is nobody's fault

    def _started(self, event: dict[str, Any]) -> None:
        key, digest = event["key"], event["digest"]
        if self.of(key).digest != digest:
            self.records[key] = Record(digest=digest)
        self.of(key).attempts += 1
        self.in_flight[key] = bool(event["alone"])

    def _down(self, event: dict[str, Any]) -> None:
        if self.in_flight.pop(event["key"], False):
            self.of(event["key"]).alone_downs += 1
        else:
            self.of(event["key"]).downs += 1

    def _doubted(self, event: dict[str, Any]) -> None:
        self.in_flight.pop(event["key"], None)
        self.of(event["key"]).doubted = True

    def _returned(self, event: dict[str, Any]) -> None:
        self.in_flight.pop(event["key"], None)

    def _finished(self, event: dict[str, Any]) -> None:
        self.in_flight.pop(event["key"], None)
        self.records.pop(event["key"], None)
        self.due.discard(event["key"])

    def close(self) -> None:
        """Take in that the last run was killed with what it had in flight."""
        for key, alone in self.in_flight.items():
            if alone:
                self.of(key).runs_killed_alone += 1
            else:
                self.of(key).downs += 1
        self.in_flight.clear()


class Journal:
    """
    The journal of one folder of results, open to be written.

    Whoever opens it holds the folder's lock.

    Args:
        path: The file; it need not exist.

    Attributes:
        history: What happened so far; each event that is written is taken in.

    Raises:
        UsageError: It is of another version of the format.
    """

    def __init__(self, path: Path) -> None:
        self.history = History()
        for event in _events(path):
            # A line that was edited by hand may lack what it must say: as none of ours.
            with contextlib.suppress(KeyError, TypeError):
                self.history.take(event)
        self.history.close()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o644)
        size = os.fstat(self._file).st_size
        self._is_torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def run_started(
        self,
        settings: dict[str, Any],
        judged_by: dict[str, str],
        regrade: Iterable[str],
    ) -> None:
        """Write that a run begins: with what settings and graders, and what it regrades."""
        self._write(
            "run_started",
            format_version=FORMAT_VERSION,
            settings=settings,
            judged_by=judged_by,
            regrade=sorted(regrade),
            pid=os.getpid(),
        )

    def started(self, key: str, digest: str, where: str, *, alone: bool) -> None:
        """Write that a grading begins, on which worker and whether alone."""
        self._write("started", key=key, digest=digest, where=where, alone=alone)

    def down(self, key: str, why: str) -> None:
        """Write that the grader went down while this one was in flight."""
        self._write("down", key=key, why=why)

    def doubted(self, key: str, why: str) -> None:
        """Write that what a grading found may be due to something else."""
        self._write("doubted", key=key, why=why)

    def returned(self, key: str, why: str) -> None:
        """Write that a grading did not take place, through no fault of the submission."""
        self._write("returned", key=key, why=why)

    def finished(self, key: str, digest: str, state: str, seconds: float) -> None:
        """Write that a submission's result lies in the folder."""
        seconds = round(seconds, 3)
        self._write("finished", key=key, digest=digest, state=state, seconds=seconds)

    def run_ended(self, how: str) -> None:
        """Write that the run ended in order: complete, interrupted or failed."""
        self._write("run_ended", how=how)

    def _write(self, event: str, **facts: Any) -> None:
        """Append a line; an error of the system's is the caller's, and harms no line."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"at": at, "event": event, **facts}
        line = json.dumps(told).encode() + b"\n"
        if self._is_torn:
            line = b"\n" + line
        self._is_torn = True
        if os.write(self._file, line) < len(line):
            # A disk that takes a part of a line is full.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_torn = False
        os.fsync(self._file)
        self.history.take(told)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield a journal's events; a torn line, as a kill leaves one, is passed over."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if not isinstance(event, dict) or "event" not in event:
                continue
            version = event.get("format_version", FORMAT_VERSION)
            if version != FORMAT_VERSION:
                msg = (
                    f"{path}: line {number} is of format version {version}, this is "
                    f"{FORMAT_VERSION}. Name another folder with -o."
                )
                raise UsageError(msg)
            yield event
