"""Write a report's file, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from graders.harness.errors import UsageError


def expect_writable(path: Path) -> None:
    """
    Find out before a grading whether its report can be written after it.

    Raises:
        UsageError: The path is a folder, or its folder cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(number)
        Path(name).unlink()
    except OSError as err:
        raise _unwritable(path, err) from err
    if path.is_dir():
        msg = f"--report: {path} is a folder. Name a file."
        raise UsageError(msg)


def write_whole(path: Path, text: str) -> None:
    """
    Write a file through a temporary one beside it, so that no reader sees half of it.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            os.fchmod(number, 0o644)  # a report is for others, unlike other temporaries
            file.write(text)
        Path(name).replace(path)
    except OSError as err:
        raise _unwritable(path, err) from err


def _unwritable(path: Path, err: OSError) -> UsageError:
    return UsageError(f"--report: {path} cannot be written: {err.strerror}.")
