"""Landlock: the kernel's own file, signal and socket rules for a process and its heirs.

The three system calls, through ``ctypes``, for every ABI from 1 on: the packages that wrap
them serve a single range of kernels each (``docs/threat-model.md``). Imports nothing of the
engine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable
from enum import IntFlag

# The same numbers on all architectures (asm-generic/unistd.h).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_SCOPE_ABI = 6


class Access(IntFlag):
    """What may be done beneath a path (linux/landlock.h)."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13  # ABI 2
    TRUNCATE = 1 << 14  # ABI 3
    IOCTL_DEV = 1 << 15  # ABI 5


READ = Access.EXECUTE | Access.READ_FILE | Access.READ_DIR
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.REMOVE_DIR
    | Access.REMOVE_FILE
    | Access.MAKE_DIR
    | Access.MAKE_REG
    | Access.MAKE_FIFO
    | Access.MAKE_SOCK
    | Access.MAKE_SYM
    | Access.REFER
    | Access.TRUNCATE
)
DEVICE = Access.READ_FILE | Access.WRITE_FILE | Access.READ_DIR | Access.IOCTL_DEV
_ON_FILES = (
    Access.EXECUTE
    | Access.WRITE_FILE
    | Access.READ_FILE
    | Access.TRUNCATE
    | Access.IOCTL_DEV
)

Rule = tuple[str, Access]


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's Landlock ABI, 0 where it has none."""
    found = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(int(found), 0)


def restrict(rules: Iterable[Rule], version: int) -> None:
    """
    Restrict this thread and all its heirs to the rules, for good.

    Everything that the ABI knows of files is forbidden beneath every path that has no
    rule; from ABI 4 on also TCP, and from ABI 6 on signals to processes outside and
    abstract Unix sockets. ``no_new_privs`` must be set.

    Args:
        rules: Paths with what may be done beneath them. Missing paths are skipped.

        version: What :func:`abi` returned.

    Raises:
        OSError: The kernel refused.
    """
    handled = _handled(version)
    attributes = _Attributes(
        handled_access_fs=handled,
        handled_access_net=3 if version >= 4 else 0,  # noqa: PLR2004 - bind and connect
        scoped=3 if version >= _SCOPE_ABI else 0,
    )
    size = ctypes.sizeof(attributes) if version >= _SCOPE_ABI else 16
    size = size if version >= 4 else 8  # noqa: PLR2004 - older kernels know less of it
    libc = _libc()
    ruleset = _checked(
        libc.syscall(
            _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0
        )
    )
    try:
        for path, access in rules:
            _allow(libc, ruleset, path, access & handled)
        _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def scopes_signals(version: int) -> bool:
    """Return whether this ABI keeps signals to processes outside from being sent."""
    return version >= _SCOPE_ABI


def _handled(version: int) -> Access:
    handled = Access((1 << 13) - 1)
    for since, access in (
        (2, Access.REFER),
        (3, Access.TRUNCATE),
        (5, Access.IOCTL_DEV),
    ):
        if version >= since:
            handled |= access
    return handled


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: Access) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                access &= _ON_FILES
            rule = _PathBeneath(allowed_access=access, parent_fd=handle)
            _checked(
                libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
            )
        finally:
            os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
