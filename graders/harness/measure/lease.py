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
from contextlib import contextmanager, suppress
from pathlib import Path

# Seconds for which the lease alone is asked for without holding others up: numeric work
# comes in spells of some seconds, and all of it would wait for the slowest call.
_PATIENCE = 5.0
_ASK_AGAIN = 0.01
# Seconds after which who times many rounds lets others in between two of them.
_TURN = 2.0


class Lease:
    """
    A lease of one GPU.

    Args:
        uuid: The GPU's UUID, or any name that stands for it.

        folder: Where the lock files lie. The default is the system's temporary folder.

        patience: Seconds for which numeric work of others goes first.
    """

    def __init__(
        self, uuid: str, folder: Path | None = None, *, patience: float = _PATIENCE
    ) -> None:
        self._uuid = uuid
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in uuid)
        self._path = (
            folder or Path(tempfile.gettempdir())
        ) / f"gpu-lease-{os.getuid()}-{safe}"
        self._queue = self._path.with_name(f"{self._path.name}-queue")
        self._patience = patience
        self._file: int | None = None
        self._alone_since: float | None = None

    def another(self) -> Lease:
        """Return a lease of the same GPU for another thread: one holder has one lease."""
        return Lease(self._uuid, self._path.parent, patience=self._patience)

    def acquire(self, *, alone: bool) -> None:
        """
        Wait for the lease, shared with other numeric work or alone.

        Within :meth:`held_alone` there is nothing to wait for.
        """
        if self._alone_since is not None:
            return
        self.release()
        self._file = _open(self._path)
        if not alone or not self._asked_patiently():
            self._wait_in_line(alone=alone)

    def _wait_in_line(self, *, alone: bool) -> None:
        assert self._file is not None
        queue = _open(self._queue)
        try:
            fcntl.flock(queue, fcntl.LOCK_SH if alone else fcntl.LOCK_EX)
            fcntl.flock(self._file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            os.close(queue)

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

    def is_held(self) -> bool:
        """Return whether another process holds the lease, shared or alone."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

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
        while time.monotonic() < until:
            with suppress(BlockingIOError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(_ASK_AGAIN)
        return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
