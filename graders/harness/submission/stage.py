"""Copy what a worker may see of a submission into its scratch folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

from graders.harness.errors import EnvironmentUnavailable, ImportFailed

_MAX_FILE = 4 * 2**20
_MAX_FILES = 64


def staged_files(path: Path) -> list[Path]:
    """
    Return the module and the Python files beside it, which it may import.

    Links are left out: they could lead anywhere. So are files of unreasonable size.
    """
    beside = sorted(p for p in path.parent.glob("*.py") if p != path)[:_MAX_FILES]
    return [p for p in (path, *beside) if _is_plain(p)]


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_FILE


def digest(path: Path) -> str:
    """Return the SHA-256 of a module's bytes; empty where it cannot or may not be read."""
    try:
        # Neither a link nor a pipe or device that somebody put there meanwhile.
        handle = os.open(
            path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except OSError:
        return ""
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _MAX_FILE:
            return ""
        return hashlib.sha256(file.read(_MAX_FILE)).hexdigest()


def stage(path: Path, slug: str, scratch: Path, data: Path | None = None) -> Path:
    """
    Copy a submission's files into ``scratch/submission`` and the data into
    ``scratch/work``.

    Args:
        path: The learner's module, under any name.

        slug: The exercise's name; the module is staged as ``<slug>.py``.

        scratch: The worker's folder.

        data: A folder of the harness's own data files, or None.

    Returns:
        The staged module.

    Raises:
        ImportFailed: There is no module, or it cannot be read.

        EnvironmentUnavailable: There is no room for the copies.
    """
    if not path.is_file():
        folder = path.parent.name
        msg = f"{path.name} is missing: it was looked for in the folder {folder!r}."
        raise ImportFailed(msg, hint=f"Hand in the exercise as {slug}.py.")
    if not _is_plain(path):
        limit = f"{_MAX_FILE // 2**20} MB"
        msg = f"{path.name} is a link, or larger than {limit}; it is not read."
        raise ImportFailed(msg, hint="Hand in the file itself.")
    target = scratch / "submission"
    try:
        # The module last, so that a file beside it under its name does not take its place.
        for source in reversed(staged_files(path)):
            content = source.read_bytes()
            name = f"{slug}.py" if source == path else source.name
            _write(target / name, content)
    except OSError as err:
        msg = f"{path.name} cannot be read: {err.strerror}."
        raise ImportFailed(msg, hint="Check the file's permissions.") from err
    if data is not None and data.is_dir():
        shutil.copytree(data, scratch / "work" / "data", dirs_exist_ok=True)
    return target / f"{slug}.py"


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
        path.chmod(0o644)  # whatever our umask says: the worker may be another user
    except OSError as err:  # a full disk is ours, not the learner's
        msg = f"no copy can be made in {path.parent}: {err.strerror}. Make room there."
        raise EnvironmentUnavailable(msg) from err
