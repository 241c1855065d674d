"""Who may use a GPU: many at once for numeric work, one alone for timing.

A lock on a file per GPU, released by the kernel when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path


class Lease:
    """
    A lease of one GPU.

    Args:
        uuid: The GPU's UUID, or any name that stands for it.

        folder: Where the lock file lies. The default is the system's temporary folder.
    """

    def __init__(self, uuid: str, folder: Path | None = None) -> None:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in uuid)
        self._path = (
            folder or Path(tempfile.gettempdir())
        ) / f"gpu-lease-{os.getuid()}-{safe}"
        self._file: int | None = None

    def acquire(self, *, alone: bool) -> None:
        """Wait for the lease, shared with other numeric work or alone."""
        if self._file is None:
            self._file = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        fcntl.flock(self._file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

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
        """Give the lease back."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = None
