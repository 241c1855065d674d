"""How far a class's grading is: counts, what is running, how fast it goes, what is left.

Every method may be called from any thread.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from graders.harness.classroom.entries import Entry
from graders.harness.classroom.rows import Row, Standing

_WINDOW = 60.0  # seconds over which the rate is taken
_MINUTE = 60.0
_HOUR = 3600.0
_LEAST = 1.0  # seconds before anything is said of a rate


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """
    One moment of a class's grading.

    Attributes:
        total: Submissions of the class.

        done: How many of them are done, those of earlier runs included.

        before: How many were done when this run began.

        running: The entries that are being graded and for how many seconds, longest first.

        counts: What this run's submissions came to.

        per_minute: How many were done in the last minute; None where nothing is known.

        seconds_left: How long the rest takes at this rate; None where nothing is known.

        seconds: How long this run has taken.
    """

    total: int
    done: int
    before: int
    running: tuple[tuple[Entry, float], ...]
    counts: Counter[Standing]
    per_minute: float | None
    seconds_left: float | None
    seconds: float


class Pace:
    """
    Takes note of what begins and ends.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begun = clock()
        self._total = self._before = 0
        self._running: dict[str, tuple[Entry, float]] = {}
        self._ends: deque[float] = deque()
        self._counts: Counter[Standing] = Counter()

    def begin(self, total: int, done: int) -> None:
        """Take how many submissions there are, and how many need no grading any more."""
        with self._lock:
            self._begun = self._clock()
            self._total, self._before = total, done

    def started(self, entry: Entry) -> None:
        """Take a submission whose grading has begun, for the first time or once more."""
        with self._lock:
            self._running[entry.key] = entry, self._clock()

    def finished(self, row: Row) -> Snapshot:
        """Take a submission that is done, and return the moment after it."""
        with self._lock:
            self._running.pop(row.key, None)
            self._ends.append(self._clock())
            self._counts[row.standing] += 1
            return self._snapshot()

    def snapshot(self) -> Snapshot:
        """Return this moment."""
        with self._lock:
            return self._snapshot()

    def _snapshot(self) -> Snapshot:
        now = self._clock()
        running = ((entry, now - begun) for entry, begun in self._running.values())
        done = self._before + sum(self._counts.values())
        rate = self._per_minute(now)
        left = max(self._total - done, 0)
        return Snapshot(
            total=self._total,
            done=done,
            before=self._before,
            running=tuple(sorted(running, key=lambda r: -r[1])),
            counts=self._counts.copy(),
            per_minute=rate,
            seconds_left=left / rate * _MINUTE if rate else None,
            seconds=now - self._begun,
        )

    def _per_minute(self, now: float) -> float | None:
        """Return the rate of the last minute, or of the whole run where that is none."""
        finished = sum(self._counts.values())
        while self._ends and self._ends[0] <= now - _WINDOW:
            self._ends.popleft()
        elapsed = now - self._begun
        if not finished or elapsed < _LEAST:
            return None
        if not self._ends:
            return finished / elapsed * _MINUTE
        return len(self._ends) / min(elapsed, _WINDOW) * _MINUTE


def in_words(seconds: float) -> str:
    """Return a time as people say it: ``45 s``, ``12 min``, ``1 h 20 min``."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    if minutes < _HOUR / _MINUTE:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
