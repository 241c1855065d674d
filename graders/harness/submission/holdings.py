"""Which exercises a notebook holds, and whether it answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.errors import ImportFailed
from graders.harness.submission.definitions import (
    Definition,
    TooHard,
    definitions_in,
    definitions_in_strangers,
)
from graders.harness.submission.notebook_file import NotebookFile, read
from graders.harness.submission.plain_file import NotPlain, read_plain

_MAX_MODULE = 4 * 2**20
_MOST_SEARCHED = 100_000  # characters of a cell: a stranger's text, and any expression
_NONE = Definition()
# What binds names that it does not name.
_UNNAMED = r"\bimport[ \t]*\*|^[ \t]*%run\b"


class Answer(IntEnum):
    """How much of an exercise a notebook holds; the smallest comes first."""

    #: It defines a function of the exercise that is no stub any more.
    WRITTEN = 0
    #: It is a copy of the tutorial's own notebook.
    TUTORIAL = 1
    #: It defines nothing but stubs, or its metadata alone name it.
    STUB = 2


@dataclass(frozen=True)
class Holding:
    """
    An exercise that a notebook holds.

    Attributes:
        exercise: As it is to be graded: for a copy of a tutorial the exercise's other form.
    """

    exercise: Exercise
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Contents:
    """
    What is in a notebook.

    Attributes:
        held: What it holds of some exercises, by the exercise's name.

        functions: The functions that it defines.
    """

    held: Mapping[str, Holding]
    functions: Sequence[str]


def contents(path: Path, exercises: Sequence[Exercise]) -> Contents:
    """
    Return what is in a notebook.

    Raises:
        ImportFailed: It cannot be read.
    """
    notebook = read(path)
    try:
        found = definitions_in_strangers([cell.source for cell in notebook.code_cells])
    except TooHard as err:
        msg = f"{path.name} cannot be read: {err}."
        raise ImportFailed(msg, hint="Look for a cell that is no program.") from err
    tutorials = {e.name for e in exercises if _is_tutorial(notebook, e)}
    held = {}
    for exercise in exercises:
        if holding := _holding(
            exercise,
            notebook,
            found,
            is_tutorial=exercise.name in tutorials,
            strict=bool(tutorials),
        ):
            held[exercise.name] = holding
    functions = tuple(name for name in found if not found[name].is_imported)
    return Contents(held=held, functions=functions)


def _holding(
    exercise: Exercise,
    notebook: NotebookFile,
    found: Mapping[str, Definition],
    *,
    is_tutorial: bool,
    strict: bool,
) -> Holding | None:
    # strict: in a tutorial functions count only under the stub's parameters, since it has
    # callbacks and helpers of its own, and some are called like an exercise's function.
    names = [name for name in exercise.rubric.functions if name in found]
    if strict and names:
        stub = definitions_in([exercise.stub.read_text("utf-8")])
        names = [
            n for n in names if stub.get(n, _NONE).parameters == found[n].parameters
        ]
    if any(not found[name].is_stub for name in names):
        return Holding(exercise, Answer.WRITTEN)
    if is_tutorial:
        return Holding(exercise.as_tutorial(), Answer.TUTORIAL)
    if names or _is_said_to_be_for(notebook, exercise):
        return Holding(exercise, Answer.STUB)
    return None


def _is_said_to_be_for(notebook: NotebookFile, exercise: Exercise) -> bool:
    if notebook.exercises:
        return exercise.name in notebook.exercises
    return notebook.notes.get("assignment") == exercise.assignment


def is_stub(module: Path, exercise: Exercise) -> bool:
    """Return whether a module defines the exercise's functions and has written none."""
    try:
        text = read_plain(module, _MAX_MODULE).decode("utf-8")
        found = definitions_in_strangers([text])
    except (NotPlain, UnicodeDecodeError, TooHard):
        return False
    return all(
        name in found and found[name].is_stub for name in exercise.rubric.functions
    )


def mentions(path: Path, functions: Sequence[str]) -> bool:
    """
    Return whether one of the functions is named in a notebook's code, however it is bound.

    Where ``import *`` or ``%run`` may bind it, only running the cells can tell.

    Raises:
        ImportFailed: The notebook cannot be read.
    """
    names = "|".join(rf"\b{re.escape(name)}\b" for name in functions)
    pattern = re.compile(rf"{names}|{_UNNAMED}", re.MULTILINE)
    return any(pattern.search(cell.source) for cell in read(path).code_cells)


def _is_tutorial(notebook: NotebookFile, exercise: Exercise) -> bool:
    tutorial = exercise.rubric.tutorial
    texts = [cell.source[:_MOST_SEARCHED] for cell in notebook.cells]
    return tutorial is not None and all(
        any(re.search(mark, text) for text in texts) for mark in tutorial.marks
    )
