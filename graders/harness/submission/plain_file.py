"""Read what somebody handed in: an ordinary file of a size agreed on, or a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class NotPlain(Exception):  # noqa: N818 - an outcome: each caller says it in its own words
    """A file is missing, no ordinary one, too large or not readable; the text says what."""


def read_plain(path: Path, limit: int) -> bytes:
    """
    Return a file's bytes.

    Args:
        path: Where it should be. A link is not followed, a pipe is not waited for.

        limit: The most bytes that it may have.

    Raises:
        NotPlain: It cannot or may not be read; ends a sentence that begins with its name.
    """
    try:
        handle = os.open(
            path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except FileNotFoundError as err:
        msg = "is missing"
        raise NotPlain(msg) from err
    except OSError as err:
        problem = (
            "is a link" if path.is_symlink() else f"cannot be read: {err.strerror}"
        )
        raise NotPlain(problem) from err
    facts = os.fstat(handle)
    if problem := _problem(facts, limit):
        os.close(handle)
        raise NotPlain(problem)
    with os.fdopen(handle, "rb") as file:
        return file.read(limit)


def _problem(facts: os.stat_result, limit: int) -> str:
    if stat.S_ISDIR(facts.st_mode):
        return "is a folder"
    if not stat.S_ISREG(facts.st_mode):
        return "is a pipe or a device, no ordinary file"
    if facts.st_size > limit:
        size = f"{facts.st_size / 2**20:,.1f} MB"
        return f"has {size}, and at most {limit // 2**20} MB are read"
    return ""


def entries_of(folder: Path, most: int) -> list[Path]:
    """
    Return what is in a folder by name, as much of it as is looked at.

    Args:
        folder: Where. What is not there or cannot be read has no entries.

        most: How many entries are looked at.
    """
    try:
        with os.scandir(folder) as entries:
            numbered = zip(range(most), entries, strict=False)
            return [folder / name for name in sorted(e.name for _, e in numbered)]
    except OSError:
        return []
