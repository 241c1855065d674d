"""Find each exercise's program in what was handed in: a folder, a module or a notebook."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.errors import ImportFailed, UsageError
from graders.harness.models import Submission
from graders.harness.submission.holdings import (
    Answer,
    Contents,
    Holding,
    contents,
    is_stub,
)
from graders.harness.submission.near_misses import meant_by, near_misses
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.submission.stage import digest

#: How the names of notebooks end that a grading has written as feedback.
EXECUTED = ".executed.ipynb"
_MOST_SHOWN = 8
_MAX_NOTEBOOKS = 50
_MAX_NOTEBOOK_BYTES = 100 * 2**20


@dataclass(frozen=True, kw_only=True)
class Found:
    """
    What is to be graded.

    Attributes:
        work: Exercises with what was handed in for each.

        notes: Sentences for the user: which file was taken where there was a choice, and
            which was left out.
    """

    work: Sequence[tuple[Exercise, Submission]]
    notes: Sequence[str] = ()


@dataclass(kw_only=True)
class _Notebook:
    """A notebook of a folder, with what it holds."""

    path: Path
    held: Mapping[str, Holding]


@dataclass(kw_only=True)
class _Notes:
    """Says why a file was taken, once for all exercises of which that is true."""

    exercises: dict[str, list[str]] = field(default_factory=dict)

    def add(self, exercise: Exercise, text: str) -> None:
        self.exercises.setdefault(text, []).append(exercise.name)

    def __iter__(self) -> Iterator[str]:
        for text, names in self.exercises.items():
            yield f"{', '.join(names)}: {text}"


def locate(
    path: Path, exercises: Sequence[Exercise], *, named: bool
) -> list[tuple[Exercise, Submission]]:
    """Do as :func:`find`, and return what is to be graded alone."""
    return list(find(path, exercises, named=named).work)


def find(path: Path, exercises: Sequence[Exercise], *, named: bool) -> Found:
    """
    Pair each exercise with its module or notebook.

    In a folder a module comes before a notebook, unless it is still the stub and the
    notebook is not. Of several notebooks the one comes first in which the functions are
    written; then the one that is named after the exercise, or its assignment.

    Args:
        path: A folder, laid out like ``assignments/`` or flat, one module, or one notebook.

        exercises: What is to be graded.

        named: Whether the user named the exercises. Where not, a single module is graded as
            the exercise that it is named after, and of notebooks without a module beside
            them, all exercises that they hold.

    Returns:
        What is to be graded. A folder that lacks a module gives the path where it should
        be, and a notebook without the exercise itself: that is the learner's to mend, and
        so the exercise's result.

    Raises:
        UsageError: The path does not exist, or a single file belongs to no exercise.
    """
    if not path.exists():
        msg = f"{path}: there is no such file or folder to grade."
        raise UsageError(msg)
    if path.is_dir():
        return _in_folder(path, exercises, named=named)
    if is_notebook(path):
        return _in_notebook(path, exercises, named=named)
    return Found(work=_single_module(path, exercises, named=named))


def _single_module(
    path: Path, exercises: Sequence[Exercise], *, named: bool
) -> list[tuple[Exercise, Submission]]:
    if path.suffix != ".py":
        what = (
            "a zip here: unpack it" if path.suffix == ".zip" else path.suffix or "this"
        )
        msg = (
            f"{path}: grade a folder or a Python module (.py), a notebook (.ipynb) or a "
            f"zip of them, not {what}."
        )
        raise UsageError(msg)
    matching = [e for e in exercises if e.slug == path.stem]
    if not matching and named and len(exercises) == 1:
        matching = list(exercises)
    if not matching:
        slugs = [e.slug for e in exercises]
        meant = meant_by(path, slugs)
        near = (e.name for e in exercises if e.slug == meant)
        guess = next(near, "ASSIGNMENT/EXERCISE")
        msg = (
            f"{path}: the file's name says no exercise. Name the exercise as well "
            f"(python grade.py --submission {shlex.quote(str(path))} "
            f"{guess}), or name the file after one of: {', '.join(slugs)}."
        )
        raise UsageError(msg)
    return [(e, _submission(e, path)) for e in matching]


def _in_notebook(path: Path, exercises: Sequence[Exercise], *, named: bool) -> Found:
    try:
        inside = contents(path, exercises)
    except ImportFailed as err:
        if named:  # said by each exercise's result
            return Found(work=[(e, _submission(e, path)) for e in exercises])
        msg = f"{path}: {err} {err.hint}"
        raise UsageError(msg) from err
    held = inside.held
    if named:
        chosen = [held[e.name].exercise if e.name in held else e for e in exercises]
    else:
        chosen = [holding.exercise for holding in held.values()]
    if not chosen:
        raise UsageError(_holds_nothing(path, inside, exercises))
    return Found(work=[(e, _submission(e, path)) for e in chosen])


def _holds_nothing(path: Path, inside: Contents, exercises: Sequence[Exercise]) -> str:
    """Say that a notebook holds no exercise, what was looked for and what is there."""
    wanted = list(dict.fromkeys(f for e in exercises for f in e.rubric.functions))
    text = (
        f"{path}: the notebook holds no exercise. Looked for were the functions of the "
        f"{len(exercises)} stubs, such as {wanted[0]}, defined in a code cell, and the "
        "cells of the tutorials' own notebooks."
    )
    for name in inside.functions:
        if near := difflib.get_close_matches(name, wanted, 1):
            return f"{text} It defines {name}: did you mean {near[0]}?"
    there = ", ".join(inside.functions[:_MOST_SHOWN]) or "no function"
    more = len(inside.functions) - _MOST_SHOWN
    return f"{text} It defines {there}{f' and {more} more' if more > 0 else ''}."


def _in_folder(folder: Path, exercises: Sequence[Exercise], *, named: bool) -> Found:
    paths = {e.name: _module(folder, e) for e in exercises}
    files = _notebook_files(folder, exercises)
    if not files:
        work = [(e, _submission(e, paths[e.name])) for e in exercises]
        return Found(work=work, notes=[*_near(folder, work, exercises)])
    notebooks, notes = _read_notebooks(folder, files, exercises)
    choices = _Notes()
    work, handed_in = [], []
    for exercise in exercises:
        module = paths[exercise.name]
        chosen = _choose(folder, exercise, module, notebooks, choices)
        is_there = chosen is not None or module.exists() or module.is_symlink()
        if not is_there and len(files) == 1 and (named or not notebooks):
            chosen = exercise, files[0]  # it is said there what is wrong with it
        taken, path = chosen or (exercise, module)
        work.append((taken, _submission(taken, path)))
        handed_in += work[-1:] if is_there else []
    if not named and handed_in and all(is_notebook(s.path) for _, s in handed_in):
        if len(handed_in) < len(work):
            notes.append(
                "Graded is what the notebooks hold; name other exercises to have them "
                "graded as well."
            )
        work = handed_in
    near = _near(folder, work, exercises)
    return Found(work=work, notes=[*notes, *choices, *near])


def _near(
    folder: Path,
    work: Sequence[tuple[Exercise, Submission]],
    exercises: Sequence[Exercise],
) -> list[str]:
    """Return what may be meant to be a file that is missing."""
    missing = [e for e, s in work if not s.path.exists() and not s.path.is_symlink()]
    said = near_misses(folder, missing, exercises)
    return [f"{e.name}: {text}" if e is not None else text for e, text in said]


def _module(folder: Path, exercise: Exercise) -> Path:
    name = f"{exercise.slug}.py"
    tidy = folder / exercise.assignment / name
    places = [tidy, folder / name, folder / "assignments" / exercise.assignment / name]
    root = folder.resolve()
    # A folder in it that is a link could lead to anybody's solution.
    inside = [p for p in places if p.is_file() and p.resolve().is_relative_to(root)]
    # Links, pipes, folders: which it is is said when it is staged.
    odd = [p for p in places if p.is_symlink() or (p.exists() and not p.is_file())]
    absent = [p for p in places if not p.exists()]
    return next(iter(inside + odd + absent), tidy)


def _notebook_files(folder: Path, exercises: Sequence[Exercise]) -> list[Path]:
    """Return what is called like a notebook where modules are looked for as well."""
    assignments = dict.fromkeys(e.assignment for e in exercises)
    places = [
        *(folder / a for a in assignments),
        folder,
        *(folder / "assignments" / a for a in assignments),
        folder / "assignments",
    ]
    root = folder.resolve()
    inside = [p for p in places if p.is_dir() and p.resolve().is_relative_to(root)]
    return [
        path
        for place in inside
        for path in sorted(place.iterdir())
        if is_notebook(path)
        and not path.name.startswith(".")
        and not path.name.endswith(EXECUTED)
    ]


def _read_notebooks(
    folder: Path, files: Sequence[Path], exercises: Sequence[Exercise]
) -> tuple[list[_Notebook], list[str]]:
    """Return what notebooks hold, and what is to be said of those that were not read."""
    notebooks, notes = [], []
    left = _MAX_NOTEBOOK_BYTES
    for path in files[:_MAX_NOTEBOOKS]:
        left -= path.lstat().st_size
        if left < 0:
            notes.append(f"{_shown(folder, path)} was not read: there are too many MB.")
            continue
        try:
            held = contents(path, exercises).held
        except ImportFailed as err:
            where = _shown(folder, path).removesuffix(path.name)
            notes.append(f"{where}{err} {err.hint}")
            continue
        notebooks.append(_Notebook(path=path, held=held))
    if len(files) > _MAX_NOTEBOOKS:
        notes.append(
            f"Of {len(files):,} notebooks only the first {_MAX_NOTEBOOKS} were read."
        )
    return notebooks, notes


def _choose(
    folder: Path,
    exercise: Exercise,
    module: Path,
    notebooks: Sequence[_Notebook],
    notes: _Notes,
) -> tuple[Exercise, Path] | None:
    """Return the notebook to grade for an exercise, in the form that it has, or None."""
    holders = [n for n in notebooks if exercise.name in n.held]
    if not holders:
        return None
    holders.sort(
        key=lambda n: _rank(n, exercise)
    )  # a stable sort: else by place and name
    best = holders[0]
    answer = best.held[exercise.name].answer
    shown = _shown(folder, best.path)
    if module.is_file():
        if answer is Answer.STUB:
            return None
        if not is_stub(module, exercise):
            text = f"graded is the module, not {shown}; modules come before notebooks."
            notes.add(exercise, text)
            return None
        notes.add(exercise, f"graded is {shown}; the module is still the stub.")
    if len(holders) > 1:
        others = ", ".join(_shown(folder, n.path) for n in holders[1:])
        why = _why(best, holders[1], exercise)
        notes.add(exercise, f"graded is {shown}, not {others}; {why}.")
    return best.held[exercise.name].exercise, best.path


def _rank(notebook: _Notebook, exercise: Exercise) -> tuple[int, ...]:
    stem = notebook.path.stem
    return (
        notebook.held[exercise.name].answer,
        int(stem != exercise.slug),
        int(stem != exercise.assignment),
    )


def _why(first: _Notebook, second: _Notebook, exercise: Exercise) -> str:
    """Return why a notebook comes before the next one."""
    one, two = _rank(first, exercise), _rank(second, exercise)
    if one[0] != two[0]:
        if two[0] == Answer.STUB:
            return "the functions of the other are still stubs"
        return "it defines the functions, the other is a tutorial's"
    if one[1] != two[1]:
        return "it is named after the exercise"
    if one[2] != two[2]:
        return "it is named after the assignment"
    return "it comes first by folder and name. Keep one of them to be sure"


def _shown(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder))


def _submission(exercise: Exercise, path: Path) -> Submission:
    return Submission(exercise=exercise.name, path=path, digest=digest(path))
