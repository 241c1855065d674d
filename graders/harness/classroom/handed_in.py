"""Write the files of a submission where they are graded, and find its exercises."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from graders.harness.catalog import Exercise
from graders.harness.errors import EnvironmentUnavailable, UsageError
from graders.harness.models import Submission
from graders.harness.submission import find

_MOST_NAMED = 3

Work = list[tuple[Exercise, Submission]]


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """
    Write a submission's files into a new folder.

    Args:
        files: Content by POSIX path within the submission.

        folder: It must not exist; its parent must.

    Raises:
        UsageError: A path leads out of the folder, or cannot be made.

        EnvironmentUnavailable: There is no room.
    """
    folder.mkdir(mode=0o700)
    for name, content in files.items():
        place = _place(name)
        try:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            with (folder / place).open("xb") as file:
                file.write(content)
        except (FileExistsError, NotADirectoryError) as err:
            msg = f"{name[:200]!r} was handed in twice, or as a file and as a folder."
            raise UsageError(msg) from err
        except OSError as err:
            if err.errno == errno.ENAMETOOLONG:
                msg = (
                    f"{name[:200]!r} has too long a name. Hand it in under a short one."
                )
                raise UsageError(msg) from err
            msg = f"what was handed in cannot be written: {folder}: {err.strerror}."
            raise EnvironmentUnavailable(msg) from err


def _place(name: str) -> Path:
    place = PurePosixPath(name)
    try:
        os.fsencode(name)
        is_name = bool(name) and "\0" not in name
    except UnicodeEncodeError:  # half a character
        is_name = False
    if not is_name or place.is_absolute() or ".." in place.parts:
        msg = f"{name[:200]!r} is no path within a submission. Nothing of it was read."
        raise UsageError(msg)
    return Path(place)


def find_work(folder: Path, exercises: Sequence[Exercise], *, named: bool) -> Work:
    """
    Pair the exercises with what was handed in, as ``grade.py --submission`` does.

    A single file of whatever name is graded as the one exercise that was named. Where no
    file is that of any exercise, nothing is graded: all would be missing, and a wrong name
    would come to a zero without a word.

    Raises:
        UsageError: There is nothing that can be graded. The text names no folder of ours.
    """
    entries = list(folder.iterdir())
    path = folder
    if named and len(exercises) == 1 and len(entries) == 1 and entries[0].is_file():
        path = entries[0]
    try:
        work = list(find(path, exercises, named=named).work)
    except UsageError as err:
        said = str(err).replace(f"{folder}/", "").replace(str(folder), "the submission")
        raise UsageError(said) from err
    if entries and not any(submission.path.exists() for _, submission in work):
        raise UsageError(_says_no_exercise(folder, exercises))
    return work


def _says_no_exercise(folder: Path, exercises: Sequence[Exercise]) -> str:
    """Say what was handed in, that it is called like no exercise, and what to do."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    there = sorted(p.relative_to(folder).as_posix() for p in files)
    # The one whose name is in another, as in ada_scale.py, where it is one alone.
    likely = [e for e in exercises if any(e.slug in name for name in there)]
    example = f"{(likely if len(likely) == 1 else exercises)[0].slug}.py"
    if len(there) == 1 and there[0].endswith(".py"):
        return (
            f"{there[0]}: the file's name says no exercise, and {len(exercises)} were "
            f"asked for. Give it the name of the one that it is, such as {example}, in a "
            "folder named after the learner, and run the same command again."
        )
    left = len(there) - _MOST_NAMED
    named = ", ".join(there[:_MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
    return (
        f"{named}: no module has the name of an exercise that was asked for, and no "
        f"notebook defines its functions. Name each module after its exercise, such as "
        f"{example}, and run the same command again."
    )


def moved(work: Work, before: Path, after: Path) -> Work:
    """Return the same work, whose files lie in another folder now."""
    return [
        (exercise, replace(s, path=after / s.path.relative_to(before)))
        for exercise, s in work
    ]
