"""Who holds a lock on a file, as Linux tells it, and waiting for it, but not for ever."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graders.harness.errors import EnvironmentUnavailable

_PROC = Path("/proc")
_LOOK_AGAIN = 1.0  # seconds


@dataclass(frozen=True, kw_only=True, order=True)
class Holder:
    """
    A process that holds a lock.

    Attributes:
        pid: Its number.

        program: What it runs, without its arguments: they may name somebody's work.
    """

    pid: int
    program: str = ""

    def __str__(self) -> str:
        """Return the process in words."""
        return f"process {self.pid}" + (f" ({self.program})" if self.program else "")


def holders(path: Path, proc: Path = _PROC) -> tuple[Holder, ...]:
    """
    Return the processes that hold an ``flock`` on a file; none where that is not told.

    The format is that of proc_locks(5). Only the file's number is compared: of overlay file
    systems the kernel names another device there than to those who open the file.

    Args:
        path: The file. It need not exist.

        proc: Where the kernel tells of processes.
    """
    try:
        inode = path.stat().st_ino
        lines = (proc / "locks").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    found = set()
    for line in lines:
        fields = line.split()
        with suppress(ValueError, IndexError):
            # Those who wait have an arrow in the second place.
            if fields[1] == "FLOCK" and int(fields[5].rpartition(":")[2]) == inode:
                found.add(int(fields[4]))
    return tuple(Holder(pid=p, program=_program(p, proc)) for p in sorted(found))


def _program(pid: int, proc: Path) -> str:
    try:
        said = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    names = [Path(word.decode("utf-8", "replace")).name for word in said[:2]]
    return " ".join(n for i, n in enumerate(names) if n and (i == 0 or ".py" in n))


def wait_for_lock(
    file: int, how: int, who: Callable[[], tuple[Holder, ...]], most: float
) -> None:
    """
    Wait for an ``flock``, but not for ever on those who do not let it go.

    Where the system does not tell who holds it, there is nobody to lose patience with, and
    it is waited for as long as it takes.

    Args:
        file: The descriptor of the open file. Where this raises, it is to be closed.

        how: ``fcntl.LOCK_SH`` or ``fcntl.LOCK_EX``.

        who: Tells who holds it.

        most: Seconds after which the same processes have held it for too long.

    Raises:
        EnvironmentUnavailable: They have; the message names them.
    """
    with suppress(BlockingIOError):
        fcntl.flock(file, how | fcntl.LOCK_NB)
        return
    had = threading.Event()

    def wait() -> None:
        # Only in the kernel is one's place in the line kept. Once the file is closed, a
        # lock that comes after all is gone again with this call.
        with suppress(OSError):
            fcntl.flock(file, how)
            had.set()

    threading.Thread(target=wait, daemon=True).start()
    since, seen = time.monotonic(), who()
    while not had.wait(min(_LOOK_AGAIN, most / 4)):
        now = who()
        if now != seen or not now:
            since, seen = time.monotonic(), now
        elif time.monotonic() - since > most:
            names = " and ".join(map(str, seen))
            msg = (
                f"The GPU has been leased to others for {most:g} s: {names} did not let it "
                "go. End what hangs or was stopped there, and grade again."
            )
            raise EnvironmentUnavailable(msg)
