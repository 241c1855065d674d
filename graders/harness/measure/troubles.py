"""Who ran out of time or memory on a GPU that several programs share, and when.

A program that hangs a kernel, or takes all memory, makes its neighbours fail as well. So
whoever fails that way notes it down, and who sees that a neighbour failed meanwhile tries
again alone before anybody is blamed. The record is a file beside the lease's: one line a
trouble, written at once, on the system's monotonic clock.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

# Some thousand lines; what is older than the longest deadline is of no use to anybody.
_MOST_BYTES = 1 << 17


class Troubles:
    """
    The troubles on one GPU, as those who grade on it noted them down.

    Args:
        path: The file. It need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, name: str, start: float, end: float) -> None:
        """
        Note down that a call ran out of time or memory.

        Args:
            name: Who made the call: unique on this machine.

            start: When it began, on ``time.monotonic``.

            end: When it ended.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with suppress(FileNotFoundError):
            if self._path.stat().st_size > _MOST_BYTES:
                flags |= os.O_TRUNC
        file = os.open(self._path, flags, 0o600)
        try:
            os.write(file, f"{name} {start!r} {end!r}\n".encode())
        finally:
            os.close(file)

    def others(self, name: str, start: float) -> bool:
        """Return whether somebody else was in trouble at some time since ``start``."""
        try:
            lines = self._path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return False
        return any(_was_other(line.split(), name, start) for line in lines)


def _was_other(fields: list[str], name: str, start: float) -> bool:
    with suppress(ValueError):
        who, _began, ended = fields
        # After a restart of the machine its clock begins anew: that is from before.
        return who != name and start <= float(ended) <= time.monotonic()
    return False
