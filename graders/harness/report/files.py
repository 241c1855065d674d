"""Write a report's file, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from pathlib import Path

from graders.harness.errors import HarnessError, UsageError

_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_OPEN_FILE = re.compile(r"/(?:dev/fd|proc/self/fd)/(\d{1,6})")


def expect_writable(path: Path) -> None:
    """
    Find out before a grading whether its report can be written after it.

    Raises:
        UsageError: The path is a folder, or its folder cannot be made or written.
    """
    try:
        if path.is_dir():
            msg = f"--report: {path} is a folder. Name a file."
            raise UsageError(msg)
        if (number := _descriptor(path)) is not None:
            os.fstat(number)
            return
        if is_special(path):
            return  # to open a pipe would already tell its reader something
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(number)
        Path(name).unlink()
    except OSError as err:
        msg = f"--report: {path} cannot be written: {err.strerror}."
        raise UsageError(msg) from err


def write_whole(path: Path, content: str | bytes) -> None:
    """
    Write a file through a temporary one beside it, so that no reader sees half of it.

    Text is written as UTF-8, with a question mark for each half of a character.

    A device or a pipe is written as it is: another file cannot take its place. Standard
    output is written where it stands, be it a file of the shell's.

    Raises:
        HarnessError: It cannot be written. A file that was there before is there still,
            and nothing else is left.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    try:
        if (number := _descriptor(path)) is not None:
            _write_descriptor(number, data)
        elif is_special(path):
            path.write_bytes(data)
        else:
            target = _target(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)
    except OSError as err:
        msg = (
            f"the report {path} could not be written: {err.strerror}. Make room or name "
            "another path, and grade again; nothing was left half written."
        )
        raise HarnessError(msg) from err


def _replace(target: Path, data: bytes) -> None:
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, 0o644)  # a report is for others, unlike other temporaries
            file.write(data)
            file.flush()
            os.fsync(number)  # the name must not outlive a crash of the machine alone
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _descriptor(path: Path) -> int | None:
    """Return the number of the open file that a path such as /dev/stdout stands for."""
    shown = os.path.abspath(path)  # noqa: PTH100 - links are not to be followed
    if shown in _STANDARD:
        return _STANDARD[shown]
    found = _OPEN_FILE.fullmatch(shown)
    return int(found[1]) if found else None


def _write_descriptor(number: int, data: bytes) -> None:
    # To open it anew would begin a file of the shell's from its start.
    sys.stdout.flush()
    sys.stderr.flush()
    while data:
        data = data[os.write(number, data) :]


def _target(path: Path) -> Path:
    """Return the file that a path stands for: of a link, what it leads to is replaced."""
    return Path(os.path.realpath(path))


def is_special(path: Path) -> bool:
    """Return whether a path is no ordinary file: /dev/null, /dev/stdout, a named pipe."""
    # What /dev/stdout leads to may be an ordinary file, into which the shell writes.
    shown = os.path.abspath(path)  # noqa: PTH100 - links are not to be followed
    if shown.startswith(("/dev/std", "/dev/fd/")) or "/proc/self/fd/" in shown:
        return True
    return path.exists() and not path.is_file()
