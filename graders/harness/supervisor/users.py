"""
Who processes are: a user for each worker where the grader is root, and what a process of
the grader's owes to the others.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

# systemd keeps this range free for users that live as long as a service.
_FIRST, _LAST = 61184, 65519
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_OTHERS = 0o005


def can_share(paths: Iterable[str], passed: Path) -> bool:
    """
    Return whether workers can have users of their own.

    Args:
        paths: Files and folders that another user must be able to read.

        passed: A folder that another user must be able to pass through.
    """
    if os.geteuid() != 0 or not all(_readable(Path(path)) for path in paths):
        return False
    real = passed.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (real, *real.parents))


def free_user() -> int:
    """Return the number of a user that runs nothing now."""
    taken = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                taken.add(entry.stat().st_uid)
    while True:
        user = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        if user not in taken:
            return user


def user_of(owner: str) -> int:
    """Return the user that always stands for an owner: its files stay its own."""
    digest = hashlib.sha256(owner.encode()).digest()
    return _FIRST + int.from_bytes(digest[:8]) % (_LAST - _FIRST + 1)


def hand_over(user: int, *folders: Path) -> None:
    """Make new, empty folders the user's own; 0 leaves them as they are."""
    if not user:
        return
    for folder in folders:
        os.chown(folder, user, user, follow_symlinks=False)


def hide_from_peers() -> None:
    """
    Keep this process's memory and files from others of the same user.

    Whoever may trace a process can also open its descriptors through ``/proc``.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """Let this process end when its parent does, however that ends."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _readable(path: Path) -> bool:
    """Return whether any user may read a file or folder, all folders above included."""
    real = Path(os.path.realpath(path))
    try:
        if not real.exists():
            return True
        wanted = _OTHERS if real.is_dir() else 0o004
        return real.stat().st_mode & wanted == wanted and all(
            parent.stat().st_mode & 0o001 for parent in real.parents
        )
    except OSError:
        return False
