"""Copy what a worker may see of a submission into its scratch folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from graders.harness.errors import EnvironmentUnavailable, ImportFailed
from graders.harness.submission import notebook_file
from graders.harness.submission.holdings import mentions
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.submission.packages import modules_of_packages
from graders.harness.submission.plain_file import NotPlain, read_plain

_MAX_FILE = 4 * 2**20
_MAX_FILES = 64
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def staged_files(path: Path) -> list[Path]:
    """
    Return the module or notebook and the Python files beside it, which it may import.

    So are those of packages beside it that it imports. Links are left out: they could lead
    anywhere. So are files of unreasonable size.
    """
    beside = sorted(p for p in path.parent.glob("*.py") if p != path)[:_MAX_FILES]
    flat = [p for p in (path, *beside) if _is_plain(p)]
    packed = [p for p in modules_of_packages(path, flat) if _is_plain(p)]
    return flat + packed


def _is_plain(path: Path) -> bool:
    limit = _limit(path)
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= limit


def _limit(path: Path) -> int:
    return notebook_file.MAX_FILE if is_notebook(path) else _MAX_FILE


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; empty where it cannot or may not be read."""
    try:
        return hashlib.sha256(read_plain(path, _limit(path))).hexdigest()
    except NotPlain:
        return ""


def stage(
    path: Path,
    slug: str,
    scratch: Path,
    data: Path | None = None,
    functions: Sequence[str] = (),
) -> Path:
    """
    Copy a submission's files into ``scratch/submission`` and the data into
    ``scratch/work``.

    Args:
        path: The learner's module or notebook, under any name.

        slug: The exercise's name; a module is staged as ``<slug>.py``, a notebook under its
            own name.

        scratch: The worker's folder.

        data: A folder of the harness's own data files, or None.

        functions: What the exercise asks for; a notebook must name one of them.

    Returns:
        The staged module or notebook.

    Raises:
        ImportFailed: There is none, it cannot be read, or it is of something else.

        EnvironmentUnavailable: There is no room for the copies.
    """
    staged = path.name if is_notebook(path) else f"{slug}.py"
    if is_notebook(path):
        _expect_named(path, functions)  # says itself what cannot be read
    elif not path.exists() and not path.is_symlink():
        raise _missing(path, slug)
    else:
        _expect_program(path, functions)
    target = scratch / "submission"
    try:
        # The module last, so that a file beside it under its name does not take its place.
        for source in reversed(staged_files(path)):
            content = source.read_bytes()
            beside = source.relative_to(path.parent)
            _write(target, Path(staged) if source == path else beside, content)
    except OSError as err:
        msg = f"{path.name} cannot be read: {err.strerror}."
        raise ImportFailed(msg, hint="Check the file's permissions.") from err
    if data is not None and data.is_dir():
        shutil.copytree(data, scratch / "work" / "data", dirs_exist_ok=True)
    return target / staged


def _expect_program(path: Path, functions: Sequence[str]) -> None:
    """Refuse what Python would refuse in words that help nobody."""
    hint = "Hand in the module itself: an ordinary file with your program."
    try:
        content = read_plain(path, _limit(path))
    except NotPlain as err:
        msg = f"{path.name} {err}."
        raise ImportFailed(msg, hint=hint) from err
    if functions and not content.strip():
        what = f"{len(content):,} blank characters" if content else "no characters"
        msg = f"{path.name} is empty: it has {what}. Expected was your program."
        raise ImportFailed(msg, hint="Was it saved before it was handed in?")
    at = content.find(b"\0")
    if at >= 0 or content.startswith(_UTF_16):
        what = f"byte {at + 1:,} is zero"
        if content.startswith(_UTF_16):
            what = "it is in UTF-16"
        msg = f"{path.name} is not valid Python: {what}. Expected was a text in UTF-8."
        hint = "Save it as UTF-8: editors ask for the encoding under Save As."
        raise ImportFailed(msg, hint=hint)


def _expect_named(notebook: Path, functions: Sequence[str]) -> None:
    if not functions or mentions(notebook, functions):
        return
    several = (
        f"none of {', '.join(functions)}" if functions[1:] else f"no {functions[0]}"
    )
    msg = f"{notebook.name} defines {several}. Expected was a code cell with a definition."
    raise ImportFailed(msg, hint="Define it in a cell of its own, at the top level.")


def _missing(path: Path, slug: str) -> ImportFailed:
    folder = path.parent
    # The results of a class are known by all that is said here, and by nothing else.
    msg = (
        f"{path.name} is missing: it was looked for at the top of what was handed in, and "
        f"in a folder {folder.name!r} there."
    )
    if any(folder.glob(f"*{notebook_file.SUFFIX}")):
        msg += " The notebooks there do not define what the exercise asks for."
    return ImportFailed(msg, hint=f"Hand in the exercise as {slug}.py.")


def _write(folder: Path, name: Path, content: bytes) -> None:
    """Write a file that others may read, whatever our umask says: workers are others."""
    path = folder / name
    try:
        for parent in [folder / inner for inner in reversed(name.parents[:-1])]:
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755)
        path.write_bytes(content)
        path.chmod(0o644)
    except OSError as err:  # a full disk is ours, not the learner's
        msg = f"no copy can be made in {path.parent}: {err.strerror}. Make room there."
        raise EnvironmentUnavailable(msg) from err
