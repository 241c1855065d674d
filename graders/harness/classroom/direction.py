"""Direct the grading of a class: read, send, take what comes back, begin again."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from graders.harness.classroom import doubts
from graders.harness.classroom.crew import (
    Crew,
    Done,
    Hand,
    Introduced,
    Seen,
    WorkersLost,
)
from graders.harness.classroom.entries import Entry, Follower, Result, State
from graders.harness.classroom.journal import Journal
from graders.harness.classroom.on_worker import Outcome
from graders.harness.classroom.results import ResultsFolder, files_digest
from graders.harness.errors import UsageError

_READERS = 2
_LISTEN_SECONDS = 1.0
# What goes down takes many submissions with it: seconds within which it is told once.
_TOLD_AGAIN = 5.0


@dataclass(frozen=True)
class _Read:
    """Files that were read, or why they could not be."""

    entry: Entry
    files: Mapping[str, bytes]
    digest: str
    problem: str = ""


class Direction:
    """
    Grades submissions and puts their results into a folder.

    Args:
        entries: The submissions.

        folder: Where results go.

        journal: Where it is kept what happens; it may know something of the submissions.

        crew: Who grades.

        events: What the crew tells.

        follower: Is told what happens.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        folder: ResultsFolder,
        journal: Journal,
        crew: Crew,
        events: queue.SimpleQueue[Any],
        follower: Follower,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._crew = crew
        self._events = events
        self._follower = follower
        self._left = {entry.key: entry for entry in entries}
        self._waiting = deque(entries)
        self._alone: deque[Entry] = deque()
        self._reading = 0
        self._ready: deque[_Read] = deque()
        self._in_flight: dict[str, str] = {}  # the digests, by key
        self._told: dict[str, float] = {}

    def run(self) -> None:
        """
        Grade until every submission has a result.

        Raises:
            WorkersLost: There is nobody left to grade; what is done stays.

            HarnessError: A result could not be written: the disk is full, say.
        """
        self._crew.watch()
        readers = ThreadPoolExecutor(_READERS, "reader")
        try:
            while self._left:
                self._fill(readers)
                self._listen()
        finally:
            readers.shutdown(wait=False, cancel_futures=True)

    def _fill(self, readers: ThreadPoolExecutor) -> None:
        """Give the workers what they have room for, and read as much in advance."""
        while self._waiting and self._reading + len(self._ready) < self._crew.slots:
            self._read(readers, self._waiting.popleft())
        while self._ready:
            hand = self._crew.free(alone=False)
            if hand is None or (hand.is_failing and self._alone):
                break
            self._send(hand, self._ready.popleft(), alone=False)
        # Those that must be alone come last, and one at a time: they hold up the others.
        # Only where nothing goes well on a worker one of them shows at once why.
        hand = self._crew.free(alone=True)
        others = self._waiting or self._reading or self._ready
        if hand is not None and self._alone and (not others or hand.is_failing):
            read = _read(self._alone.popleft())
            if read.problem or not self._is_suspect(read):
                self._take_read(read)
            else:
                self._send(hand, read, alone=True)

    def _read(self, readers: ThreadPoolExecutor, entry: Entry) -> None:
        self._reading += 1
        reading = readers.submit(_read, entry)
        reading.add_done_callback(
            lambda done: None if done.cancelled() else self._events.put(done.result())
        )

    def _is_suspect(self, read: _Read) -> bool:
        """Return whether these very files have to be graded alone."""
        record = self._journal.history.of(read.entry.key)
        return record.digest == read.digest and record.needs_to_be_alone

    def _send(self, hand: Hand, read: _Read, *, alone: bool) -> None:
        key = read.entry.key
        self._journal.started(key, read.digest, hand.name, alone=alone)
        self._in_flight[key] = read.digest
        self._follower.started(read.entry)
        self._crew.send(hand, key, read.files, alone=alone)

    def _listen(self) -> None:
        """Take what happened, and wait for something to happen if need be."""
        try:
            event = self._events.get(timeout=_LISTEN_SECONDS)
        except queue.Empty:
            self._crew.expect_scheduler()
            return
        match event:
            case _Read():
                self._reading -= 1
                self._take_read(event)
            case Done():
                self._take_done(event)
            case Introduced():
                self._tell(self._crew.welcome(event))
                self._expect_workers()
            case Seen():
                for key, why in self._crew.meet(event).items():
                    self._went_down(key, why)
                self._expect_workers()

    def _expect_workers(self) -> None:
        """Make sure that somebody grades, or may still come."""
        if any(hand.slots for hand in self._crew.hands.values()):
            return
        if self._crew.is_hopeless:
            why = "; ".join(sorted(set(self._crew.refused.values())))
            msg = f"no worker can grade: {why}"
            raise WorkersLost(msg)
        if self._crew.is_deserted:
            self._tell("No worker is there. Waiting for one to come.", again=600.0)

    def _take_read(self, read: _Read) -> None:
        key = read.entry.key
        if read.problem:
            self._finish(
                Result(key=key, digest="", state=State.UNREADABLE, problem=read.problem)
            )
        elif not self._is_suspect(read):
            self._ready.append(read)
        elif self._journal.history.of(key).is_to_blame:
            self._set_aside(key, read.digest, "runs of this command were killed")
        else:
            self._alone.append(read.entry)  # and read again when its turn comes

    def _take_done(self, done: Done) -> None:
        hand = self._crew.take(done)
        if hand is None:
            return
        key, outcome = done.key, done.outcome
        if outcome.unfit:
            self._take_unfit(hand, key, outcome.unfit)
            return
        self._crew.trust(hand, key)
        if outcome.down:
            hand.bad += 1
            self._went_down(key, outcome.down)
        elif outcome.report is None:
            hand.bad = 0
            self._finish(self._result(key, outcome, State.UNREADABLE))
        else:
            self._take_report(hand, key, outcome, outcome.report)

    def _take_unfit(self, hand: Hand, key: str, why: str) -> None:
        """Take in that a worker can grade nothing, now or at all."""
        self._journal.returned(key, why)
        self._again(key)
        if self._crew.distrust(hand, key, why):
            self._tell(f"The worker {hand.name} is used no more: {why}")
            self._expect_workers()

    def _take_report(
        self, hand: Hand, key: str, outcome: Outcome, report: Mapping[str, Any]
    ) -> None:
        why = doubts.doubt(report)
        hand.bad = hand.bad + 1 if doubts.is_all_ours(report) else 0
        if why and not self._journal.history.in_flight.get(key):
            self._journal.doubted(key, why)
            self._again(key)
        else:
            self._finish(self._result(key, outcome, State.GRADED), outcome.page)

    def _went_down(self, key: str, why: str) -> None:
        """Take in that a submission was in flight when what graded it went down."""
        self._journal.down(key, why)
        self._tell(f"What grades went down: {why}. What it had is graded again.")
        if self._journal.history.of(key).is_to_blame:
            self._set_aside(key, self._in_flight[key], why)
        else:
            self._again(key)

    def _again(self, key: str) -> None:
        """Put a submission back; it is read again, for its files were not kept."""
        del self._in_flight[key]
        self._waiting.appendleft(self._left[key])

    def _set_aside(self, key: str, digest: str, why: str) -> None:
        record = self._journal.history.of(key)
        self._finish(
            Result(
                key=key,
                digest=digest,
                state=State.SET_ASIDE,
                problem=f"What grades went down over it more than once: {why}.",
                attempts=record.attempts,
            )
        )

    def _result(self, key: str, outcome: Outcome, state: State) -> Result:
        return Result(
            key=key,
            digest=self._in_flight[key],
            state=state,
            report=outcome.report,
            problem=outcome.unreadable,
            attempts=self._journal.history.of(key).attempts,
            seconds=round(outcome.seconds, 3),
            where=outcome.where,
        )

    def _finish(self, result: Result, page: str = "") -> None:
        """Write a result, then that it is there."""
        self._folder.write(result, page)
        self._journal.finished(
            result.key, result.digest, result.state.value, result.seconds
        )
        self._in_flight.pop(result.key, None)
        self._follower.finished(self._left.pop(result.key), result)

    def _tell(self, text: str, again: float = _TOLD_AGAIN) -> None:
        """Say a sentence, and not the same one over and over."""
        now = time.monotonic()
        if text and now - self._told.get(text, -again) >= again:
            self._told[text] = now
            self._follower.told(text)


def _read(entry: Entry) -> _Read:
    try:
        files = entry.handed.read()
    except (UsageError, OSError) as err:
        return _Read(entry, {}, "", str(err))
    except Exception as err:  # noqa: BLE001 - a submission must neither be lost nor stop us
        return _Read(entry, {}, "", f"cannot be read: {type(err).__name__}: {err}")
    return _Read(entry, files, files_digest(files))
