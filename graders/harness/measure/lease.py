"""Who may use a GPU: many at once for numeric work, one alone for timing.

Locks on two files per GPU, released by the kernel when their holder dies. Whoever holds the
lock on the first has the lease. The second is held, shared, by those who have waited long
for the lease alone. Numeric work has to find it free: else it would share the lease without
end, and nobody would ever have it alone. Those who wait take their turns one after the
other, so that numeric work has to come to an end only once for all of them.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.harness.errors import OutOfMemory, WorkerCrashed, WorkerTimedOut
from graders.harness.measure.holders import Holder, holders, wait_for_lock
from graders.harness.measure.troubles import Troubles

# Seconds for which the lease alone is asked for without holding others up: numeric work
# comes in spells of some seconds, and all of it would wait for the slowest call.
_PATIENCE = 8.0
_ASK_AGAIN = 0.01
# How often in a row others must be seen in line: once may be one who only looks, like this.
_SURE = 3
# Seconds after which who times many rounds lets others in between two of them.
_TURN = 2.0
# Seconds for which one and the same process may keep others waiting: five times what a call
# may take that takes longest. A grading that was stopped by Ctrl+Z holds it for ever.
_MOST = 600.0
# What a call can suffer from a neighbour.
_TROUBLES = (WorkerTimedOut, WorkerCrashed, OutOfMemory)


class Lease:
    """
    A lease of one GPU.

    Args:
        uuid: The GPU's UUID, or any name that stands for it.

        folder: Where the lock files lie. The default is the system's temporary folder.

        patience: Seconds for which numeric work of others goes first.

        most: Seconds after which a process that does not let it go is not waited for.
    """

    def __init__(
        self,
        uuid: str,
        folder: Path | None = None,
        *,
        patience: float = _PATIENCE,
        most: float = _MOST,
    ) -> None:
        self._uuid = uuid
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in uuid)
        self._path = (
            folder or Path(tempfile.gettempdir())
        ) / f"gpu-lease-{os.getuid()}-{safe}"
        self._queue = self._path.with_name(f"{self._path.name}-queue")
        self._troubles = Troubles(self._path.with_name(f"{self._path.name}-troubles"))
        self._patience = patience
        self._most = most
        self._file: int | None = None
        self._alone_since: float | None = None

    @property
    def gpu(self) -> str:
        """The GPU's UUID, or the name that stands for it."""
        return self._uuid

    def another(self) -> Lease:
        """Return a lease of the same GPU for another thread: one holder has one lease."""
        return Lease(
            self._uuid, self._path.parent, patience=self._patience, most=self._most
        )

    def acquire(self, *, alone: bool) -> None:
        """
        Wait for the lease, shared with other numeric work or alone.

        Within :meth:`held_alone` there is nothing to wait for.

        Raises:
            EnvironmentUnavailable: Another process does not let it go.
        """
        if self._alone_since is not None:
            return
        self.release()
        self._file = _open(self._path)
        try:
            if not alone or not self._asked_patiently():
                self._wait_in_line(alone=alone)
        except BaseException:
            self.release()
            raise

    def _wait_in_line(self, *, alone: bool) -> None:
        assert self._file is not None
        queue = _open(self._queue)
        try:
            self._wait(queue, fcntl.LOCK_SH if alone else fcntl.LOCK_EX)
            self._wait(self._file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            os.close(queue)

    def _wait(self, file: int, how: int) -> None:
        wait_for_lock(file, how, self.holders, self._most)

    def holders(self) -> tuple[Holder, ...]:
        """Return the processes that hold the lease, or wait for it alone."""
        return holders(self._path) or holders(self._queue)

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """Hold the lease alone over many calls, each of which asks for it as well."""
        self.acquire(alone=True)
        self._alone_since = time.monotonic()
        try:
            yield
        finally:
            self._alone_since = None
            self.release()

    def let_others_in(self) -> None:
        """Within :meth:`held_alone`, give others a turn if it has been held for long."""
        since = self._alone_since
        if since is not None and time.monotonic() - since > _TURN:
            assert self._file is not None
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._wait_in_line(alone=True)  # behind those who are there
            self._alone_since = time.monotonic()

    def note_trouble(self, start: float) -> None:
        """
        Note down, for those who share the lease, that a call ran out of time or memory.

        Args:
            start: When it began, on ``time.monotonic``.
        """
        self._troubles.note(self._name, start, time.monotonic())

    def others_in_trouble(self, start: float) -> bool:
        """Return whether somebody else ran out of time or memory since ``start``."""
        return self._troubles.others(self._name, start)

    @property
    def _name(self) -> str:
        return f"{os.getpid()}-{id(self)}"

    def is_held(self) -> bool:
        """Return whether another process holds the lease, shared or alone."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _locked(file, fcntl.LOCK_EX)
        finally:
            os.close(file)

    def release(self) -> None:
        """Give the lease back, unless it is held alone over many calls."""
        if self._file is not None and self._alone_since is None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = None

    def _asked_patiently(self) -> bool:
        """Say whether the lease alone was to be had without holding others up."""
        assert self._file is not None
        until = time.monotonic() + self._patience
        queue = _open(self._queue)
        seen = 0
        try:
            while time.monotonic() < until:
                if _locked(self._file, fcntl.LOCK_EX):
                    return True
                seen = seen + 1 if _is_shared(queue) else 0
                if seen >= _SURE:
                    return False
                time.sleep(_ASK_AGAIN)
        finally:
            os.close(queue)
        return False


def _is_shared(file: int) -> bool:
    """Return whether others seem to share a lock on a file; none of ours is left on it."""
    shared = False if _locked(file, fcntl.LOCK_EX) else _locked(file, fcntl.LOCK_SH)
    fcntl.flock(file, fcntl.LOCK_UN)
    return shared


def _locked(file: int, how: int) -> bool:
    """Lock a file if that takes no waiting, and return whether it did."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Leased:
    """
    Hold a GPU's lease for a call, shared or alone; nothing to hold in the simulator.

    Args:
        lease: The lease, or None.

        alone: Whether to hold it alone.

    Attributes:
        waited: Seconds for which it was waited for again, after a program had compiled.
    """

    def __init__(self, lease: Lease | None, *, alone: bool) -> None:
        self._lease = lease
        self._alone = alone
        self._started = 0.0
        self.waited = 0.0

    def begin(self) -> None:
        """Give the lease back for a while: the program compiles."""
        if self._lease is not None:
            self._lease.release()

    def end(self) -> None:
        """Take it again."""
        started = time.monotonic()
        if self._lease is not None:
            self._lease.acquire(alone=self._alone)
        self.waited += time.monotonic() - started

    def __enter__(self) -> Leased:
        if self._lease is not None:
            self._lease.acquire(alone=self._alone)
        self._started = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        if self._lease is None:
            return
        # While it is held: whoever gets it alone next is to find the note.
        if kind is not None and issubclass(kind, _TROUBLES) and not self._alone:
            self._lease.note_trouble(self._started)
        self._lease.release()
