"""Find each exercise's module in what was handed in: a folder or a single module."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.errors import UsageError
from graders.harness.models import Submission
from graders.harness.submission.stage import digest


def locate(
    path: Path, exercises: Sequence[Exercise], *, named: bool
) -> list[tuple[Exercise, Submission]]:
    """
    Pair each exercise with its module.

    Args:
        path: A folder, laid out like ``assignments/`` or flat, or one module.

        exercises: What is to be graded.

        named: Whether the user named the exercises. Where not, a single module is graded as
            the exercise that it is named after.

    Returns:
        One pair for each exercise. A folder that lacks a module gives the path where it
        should be: that is the learner's to mend, and so the exercise's result.

    Raises:
        UsageError: The path does not exist, or a single module belongs to no exercise.
    """
    if not path.exists():
        msg = f"{path}: there is no such file or folder to grade."
        raise UsageError(msg)
    if path.is_file():
        return _single(path, exercises, named=named)
    return [(e, _submission(e, _in_folder(path, e))) for e in exercises]


def _single(
    path: Path, exercises: Sequence[Exercise], *, named: bool
) -> list[tuple[Exercise, Submission]]:
    if path.suffix != ".py":
        what = path.suffix or "this"
        msg = f"{path}: grade a folder or a Python module (.py), not {what}."
        raise UsageError(msg)
    matching = [e for e in exercises if e.slug == path.stem]
    if not matching and named and len(exercises) == 1:
        matching = list(exercises)
    if not matching:
        slugs = ", ".join(e.slug for e in exercises)
        msg = (
            f"{path}: the file's name says no exercise. Name the exercise as well "
            f"(python grade.py --submission {path.name} ASSIGNMENT/EXERCISE), or name the "
            f"file after one of: {slugs}."
        )
        raise UsageError(msg)
    return [(e, _submission(e, path)) for e in matching]


def _in_folder(folder: Path, exercise: Exercise) -> Path:
    name = f"{exercise.slug}.py"
    tidy = folder / exercise.assignment / name
    places = [tidy, folder / name, folder / "assignments" / exercise.assignment / name]
    root = folder.resolve()
    # A folder in it that is a link could lead to anybody's solution.
    inside = [p for p in places if p.is_file() and p.resolve().is_relative_to(root)]
    linked = [p for p in places if p.is_symlink()]  # said when it is staged
    absent = [p for p in places if not p.exists()]
    return next(iter(inside + linked + absent), tidy)


def _submission(exercise: Exercise, path: Path) -> Submission:
    return Submission(exercise=exercise.name, path=path, digest=digest(path))
