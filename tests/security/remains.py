"""What hostile programs leave behind: processes, files, objects of the kernel.

While it watches, this process adopts every descendant that loses its parent, so that none
can get out of sight, whatever session, group or user it moves to.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.security.hostile_corpus import ROOT

_PR_SET_CHILD_SUBREAPER = 36
#: How the files are called that hostile programs leave where they may not.
CANARY = "hostile-canary"


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, where Linux lets us."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return a process's children, those that have ended and wait for it included."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                text = (task / "children").read_text()
                found += [int(child) for child in text.split()]
    return found


def descendants(pid: int) -> Iterator[int]:
    """Yield all descendants of a process that are alive."""
    for child in children(pid):
        if _alive(child):
            yield child
        yield from descendants(child)


def left_running(allowed: Iterable[int], seconds: float = 1.0) -> list[str]:
    """
    Return our descendants, in words, that are there for good.

    Args:
        allowed: Those that may be: the fork server.

        seconds: How long they have to end.
    """
    allowed = set(allowed)
    until = time.monotonic() + seconds
    while True:
        found = [pid for pid in descendants(os.getpid()) if pid not in allowed]
        if not found or time.monotonic() > until:
            return [_in_words(pid) for pid in found]
        time.sleep(0.02)


def end(pids: Iterable[str]) -> None:
    """End what :func:`left_running` found, so that the next batch starts clean."""
    for words in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(words.split()[0]), signal.SIGKILL)


def files_left(temporary: Path) -> list[str]:
    """
    Return what lies about that a program made.

    Args:
        temporary: The temporary folder of the grader, which only the server's own folder
            may be in.
    """
    found = [str(path) for path in temporary.glob("*/worker-*")]
    places = [
        Path(p) for p in ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/", "/run")
    ]
    places += [Path.home(), Path.home() / ".cache", ROOT, ROOT / "graders"]
    places += list((ROOT / "graders").glob("*/"))
    for place in places:
        with contextlib.suppress(OSError):
            found += [str(p) for p in place.iterdir() if CANARY in p.name]
    return found


@contextlib.contextmanager
def services(folder: Path) -> Iterator[None]:
    """Offer what a hostile program would like to find: services on local sockets."""
    name = "\0gpu-exercise-grader-hostile"
    with contextlib.ExitStack() as stack:
        for kind, address in (
            (socket.SOCK_STREAM, f"{name}-target"),
            (socket.SOCK_DGRAM, f"{name}-service"),
            (socket.SOCK_DGRAM, str(folder / "service")),
        ):
            service = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            with contextlib.suppress(OSError):  # no abstract names here, or taken
                service.bind(address)
                if kind is socket.SOCK_STREAM:
                    service.listen()
        (folder / "service").chmod(0o777)
        yield


def remove(folder: Path) -> None:
    """Remove a folder whatever is in it: deep, locked or marked as unchangeable."""
    for command in (
        ["chattr", "-R", "-f", "-i", "-a"],
        ["chmod", "-R", "-f", "u+rwx"],
        ["rm", "-rf"],
    ):
        with contextlib.suppress(FileNotFoundError):
            subprocess.run([*command, str(folder)], check=False, capture_output=True)


def kernel_objects() -> set[str]:
    """Return the System V objects of the machine, which no process needs to hold."""
    found = set()
    for kind in ("shm", "msg", "sem"):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            found |= {f"{kind} {line.split()[1]}" for line in lines}
    return found


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] not in "ZX"
    return False


def _in_words(pid: int) -> str:
    command = ""
    with contextlib.suppress(OSError):
        command = (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        )
    return f"{pid} {command.strip()[:80]}"
