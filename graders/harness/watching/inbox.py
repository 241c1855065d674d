"""What happens while watching, from threads, signals and keys, in one queue."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from graders.harness.models import CheckResult, Report
from graders.harness.watching.keys import Keys


@dataclass(frozen=True)
class Pressed:
    """A key was pressed; an empty one where there will be no more."""

    key: str


@dataclass(frozen=True)
class Touched:
    """Something happened in a folder that is watched: it is worth a look."""


@dataclass(frozen=True)
class Checked:
    """A check of a job has a result."""

    job: int
    exercise: str
    result: CheckResult


@dataclass(frozen=True)
class Graded:
    """A job is over; without a report where the harness failed."""

    job: int
    report: Report | None
    error: Exception | None = None


@dataclass(frozen=True)
class Resumed:
    """The process goes on after it was stopped."""


@dataclass(frozen=True)
class Ended:
    """The process was asked to end, by the signal of that number."""

    signal: int


Event = Pressed | Touched | Checked | Graded | Resumed | Ended


class Inbox:
    """
    The queue of events.

    Args:
        keys: The keyboard.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def post(self, event: Event) -> None:
        """Add an event; from any thread, and from the handler of a signal."""
        self._events.put(event)
        with contextlib.suppress(OSError):  # a full pipe wakes as well
            os.write(self._write, b".")

    def wait(self, seconds: float) -> Iterator[Event]:
        """Yield what has happened, after at most so many seconds nothing."""
        watched = [self._read]
        if (number := self._keys.number) is not None:
            watched.append(number)
        ready, _, _ = select.select(watched, [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 1 << 16)
        if number in ready:
            for key in self._keys.take():
                yield Pressed(key)
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._events.get_nowait()

    def close(self) -> None:
        """Close the pipe that wakes."""
        os.close(self._read)
        os.close(self._write)


@contextmanager
def signals_to(inbox: Inbox, keys: Keys) -> Iterator[None]:
    """
    Turn the signals that end, stop and continue a process into events.

    A stopped process leaves the terminal as it was found, and takes it again when it
    goes on. Of Ctrl-C the first one is an event as well: an exception can be lost, in a
    finalizer for example. Another one is a KeyboardInterrupt, should nobody take events.
    """
    ours = os.getpid()
    interrupted = False

    def interrupts(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if os.getpid() != ours or interrupted:
            signal.default_int_handler(number, frame)
        interrupted = True
        inbox.post(Ended(number))

    def ends(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != ours:
            _by_default(number)  # a process forked off this one has no inbox
        inbox.post(Ended(number))

    def stops(number: int, _frame: FrameType | None) -> None:
        if os.getpid() == ours:
            keys.leave()
        _by_default(number)  # this is where we are stopped
        signal.signal(number, stops)
        if os.getpid() == ours:
            goes_on(number, None)

    def goes_on(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() == ours:
            keys.enter()
            inbox.post(Resumed())

    handlers = {
        signal.SIGINT: interrupts,
        signal.SIGTERM: ends,
        signal.SIGHUP: ends,
        signal.SIGTSTP: stops,
        signal.SIGCONT: goes_on,
    }
    before = {number: signal.getsignal(number) for number in handlers}
    for number, handler in handlers.items():
        # What we were started to ignore, by nohup for example, we ignore.
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


def _by_default(number: int) -> None:
    """Let a signal do what it does where nobody handles it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
