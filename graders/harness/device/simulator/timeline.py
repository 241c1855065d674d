"""The simulated machine's time: the host's clock, streams, and what waits for what.

Imports nothing of the engine but ``ordering``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from graders.harness.device.simulator.ordering import Knowledge, learn

LAUNCH_SECONDS = 4e-6
# What it takes the host to ask whether something is done: a loop that asks comes to an end.
_QUERY_SECONDS = 1e-6


@dataclass(eq=False)
class StreamState:
    """
    One stream's place in time.

    Attributes:
        handle: What ``Stream.ptr`` gives; 0 is the legacy default stream.

        blocking: Whether it waits for the default stream and the default stream for it.

        time: When the last work submitted to it will be done.

        number: How much work was submitted to it.

        known: What is done, of each stream, when its next work begins.
    """

    handle: int
    blocking: bool = True
    time: float = 0.0
    number: int = 0
    known: Knowledge = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """
    A point in a stream's work, as an event keeps it.

    Attributes:
        time: Device time at which it is reached.

        known: What is done by then, of each stream.
    """

    time: float
    known: Knowledge


class Timeline:
    """
    The host's clock, the device's streams, and what is ordered before what.

    Attributes:
        host_time: The host's clock in seconds.

        host_known: What the host has waited for, in any thread.

        default_stream: The legacy default stream.

        streams: All streams by handle.
    """

    def __init__(self) -> None:
        self.host_time = 1.0
        self.host_known: Knowledge = {}
        self.default_stream = StreamState(0)
        self.streams: dict[int, StreamState] = {0: self.default_stream}
        # 1 and 2 are CUDA's names of the legacy and of the per-thread default stream.
        self._next_stream = 3
        self._arriving: list[tuple[int, int, Callable[[], None]]] = []
        self._lock = threading.RLock()

    def new_stream(self, *, blocking: bool = True) -> StreamState:
        """Create a stream."""
        with self._lock:
            state = StreamState(self._next_stream, blocking, self.host_time)
            self._next_stream += 1
            self.streams[state.handle] = state
            return state

    def submit(self, seconds: float, stream: int = 0) -> float:
        """
        Put work of this length on a stream, move the host by the launch, return its start.

        Args:
            seconds: How long it runs on the device.

            stream: The stream's handle.
        """
        with self._lock:
            self.host_time += LAUNCH_SECONDS
            state = self.streams[stream]
            start = max(self.host_time, state.time)
            for other in self._ordered_with(state):
                start = max(start, other.time)
                learn(state.known, other.known)
            learn(state.known, self.host_known)
            state.number += 1
            state.known[stream] = state.number
            state.time = start + seconds
            return start

    def _ordered_with(self, state: StreamState) -> list[StreamState]:
        """Return the other streams that CUDA's legacy default stream orders this with."""
        if not state.blocking or len(self.streams) == 1:
            return []
        if state.handle:
            return [self.default_stream]
        return [s for s in self.streams.values() if s.blocking and s is not state]

    def record(self, stream: int) -> Mark:
        """Return the end of a stream's work as an event does, which is work itself."""
        with self._lock:
            state = self.streams[stream]
            return self._mark(state, self._ordered_with(state))

    def _mark(self, state: StreamState, others: list[StreamState]) -> Mark:
        known = dict(state.known)
        learn(known, self.host_known)
        for other in others:
            learn(known, other.known)
        times = [other.time for other in others]
        return Mark(max([state.time, self.host_time, *times]), known)

    def wait(self, stream: int, mark: Mark | None) -> None:
        """Let work that is submitted to a stream from now on wait for a mark."""
        if mark is not None:
            with self._lock:
                state = self.streams[stream]
                state.time = max(state.time, mark.time)
                learn(state.known, mark.known)

    def wait_on_host(self, mark: Mark | None) -> None:
        """Let the host wait for a mark; one that was never set is reached."""
        if mark is not None:
            with self._lock:
                self.host_time = max(self.host_time, mark.time)
                if learn(self.host_known, mark.known) and self._arriving:
                    self._arrive(self.host_known)

    def when_known(self, stream: int, action: Callable[[], None]) -> None:
        """Have something happen when the host has waited for a stream's last work."""
        with self._lock:
            self._arriving.append((stream, self.streams[stream].number, action))

    def arrive(self, stream: int) -> None:
        """Have happen what the next work on a stream may rely on."""
        if self._arriving:
            with self._lock:
                self._arrive(self.record(stream).known)

    def _arrive(self, known: Knowledge) -> None:
        waiting, self._arriving = self._arriving, []
        for stream, number, action in waiting:
            if known.get(stream, 0) >= number:
                action()
            else:
                self._arriving.append((stream, number, action))

    def is_reached(self, mark: Mark | None) -> bool:
        """Return whether a mark is reached, which the host knows then."""
        self.host_time += _QUERY_SECONDS
        if mark is None:
            return True
        if mark.time > self.host_time:
            return False
        self.wait_on_host(mark)
        return True

    def synchronize(self, stream: int | None = None) -> None:
        """Let the host wait until the stream (default: every stream) is done."""
        with self._lock:
            for handle in list(self.streams) if stream is None else [stream]:
                state = self.streams[handle]
                others = [] if handle else self._ordered_with(state)
                self.wait_on_host(self._mark(state, others))

    @property
    def idle(self) -> bool:
        """Whether all submitted work is done at the host's present time."""
        return all(s.time <= self.host_time for s in self.streams.values())

    def sleep(self, seconds: float) -> None:
        """Let the host wait."""
        self.host_time += max(0.0, float(seconds))
