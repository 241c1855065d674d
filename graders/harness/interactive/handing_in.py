"""Hand a session's functions in: write a module of what they depend on, and no more."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from graders.harness.catalog import Exercise
from graders.harness.interactive.needed import needed
from graders.harness.interactive.program import Program, name_beside, write_program
from graders.harness.interactive.session import NO_SOURCE, Run, Session
from graders.harness.interactive.statements import Statement, read_statements

# As many as a submission may have, our module apart.
_MAX_FILES = 60
_MAX_FILE = 4 * 2**20
_MAX_LITERAL = 10_000
_MOST_ROUNDS = 20
_MOST_NAMED = 3
_BUILTINS = frozenset(vars(builtins))


class CannotHandIn(Exception):  # noqa: N818 - said to the learner, never an error of ours
    """The session's functions cannot be had as text; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """
    One exercise's program, ready to be graded.

    Attributes:
        exercise: The exercise.

        program: What was written.

        path: Where.

        notes: What the learner should know of it.
    """

    exercise: Exercise
    program: Program
    path: Path
    notes: tuple[str, ...]


def hand_in(exercise: Exercise, session: Session, folder: Path) -> HandedIn:
    """
    Write what an exercise's functions depend on in a session.

    Args:
        exercise: The exercise; at least one of its functions is defined.

        session: What was run.

        folder: Where to; it is made.

    Raises:
        CannotHandIn: This Python keeps no text of what was typed.
    """
    names = [n for n in exercise.rubric.functions if n in session.names]
    for name in names:
        _expect_source(name, session.names[name], exercise.slug)
    statements = list(_executed(session.runs))
    kept = _needed_with_others(statements, names, session.names)
    folder.mkdir(parents=True)
    text = "\n".join(s.text for s in kept)
    beside = _copy_beside(session.folder, folder, exercise.slug, text)
    program = write_program(exercise.slug, names, kept, beside=beside)
    path = folder / f"{exercise.slug}.py"
    path.write_text(program.text, "utf-8")
    _copy_packages(session.folder, path)
    return HandedIn(
        exercise=exercise,
        program=program,
        path=path,
        notes=tuple(_of_replaced_cells(kept, session.runs)),
    )


def _expect_source(name: str, value: Any, slug: str) -> None:
    code = getattr(
        inspect.unwrap(value) if callable(value) else value, "__code__", None
    )
    if getattr(code, "co_filename", "") == NO_SOURCE:
        msg = (
            f"{name} was typed at a prompt, and this version of Python keeps no text of "
            f"what is typed there. Save it as {slug}.py and run: python grade.py {slug} "
            f"--submission {slug}.py. Or work in IPython, in JupyterLab, or at the prompt "
            "of Python 3.13 or newer."
        )
        raise CannotHandIn(msg)


def _executed(runs: Sequence[Run]) -> Iterator[Statement]:
    """Yield the statements that came to their end, of all inputs in order."""
    for run in runs:
        try:
            statements = list(read_statements(run.label, run.source))
        except (SyntaxError, ValueError):
            continue
        for statement in statements:
            last = statement.line + statement.text.count("\n")
            if run.stopped_at and last >= run.stopped_at:
                break
            yield statement


def _needed_with_others(
    statements: list[Statement], names: Sequence[str], values: Mapping[str, Any]
) -> list[Statement]:
    """Return what the names need, also of what came into the session by other ways."""
    kept, unbound = needed(statements, names, _exports)
    for _ in range(_MOST_ROUNDS):
        others = [
            statement
            for name in sorted(unbound)
            if name in values or name in _BUILTINS
            for statement in _from_value(
                name, values.get(name, vars(builtins).get(name))
            )
        ]
        if not others:
            break
        statements = others + statements
        kept, unbound = needed(statements, names, _exports)
    return kept


def _exports(module: str) -> frozenset[str]:
    """Return what a module gives to ``import *``; it is imported already."""
    found = sys.modules.get(module)
    if found is None:
        return frozenset()
    public = (n for n in vars(found) if not n.startswith("_"))
    return frozenset(getattr(found, "__all__", public))


def _from_value(name: str, value: Any) -> Iterator[Statement]:
    """Yield a statement that gives a name its value; none where that takes more."""
    text, label = _as_text(name, value), "this session"
    if text:
        try:
            yield from read_statements(label, text)
        except (SyntaxError, ValueError):
            return


def _as_text(name: str, value: Any) -> str:
    home = getattr(value, "__module__", None)
    own = getattr(value, "__qualname__", "")
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    if name in _BUILTINS and not str(home).startswith("IPython"):
        return ""  # the worker has it as well
    if home == "__main__":
        return _source_of(name, value)
    if isinstance(home, str) and own.isidentifier():
        return f"from {home} import {own} as {name}"
    text = (
        repr(value)
        if isinstance(value, int | float | str | tuple | list | dict)
        else ""
    )
    if len(text) > _MAX_LITERAL:
        return ""
    try:
        return f"{name} = {text}" if ast.literal_eval(text) == value else ""
    except (SyntaxError, ValueError):
        return ""


def _source_of(name: str, value: Any) -> str:
    """Return the text of a function that came from a file, by ``%run`` for instance."""
    try:
        text = textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return ""
    own = getattr(value, "__name__", name)
    return text if own == name else f"{text}\n{name} = {own}"


def _copy_beside(source: Path, target: Path, slug: str, text: str) -> bool:
    """
    Copy the learner's modules beside the session; say whether one has the slug's name.

    Of a file that is named like the exercise it is said only where something imports it.
    """
    files = [p for p in sorted(source.glob("*.py")) if _is_plain(p)]
    imported = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", text, re.MULTILINE))
    # Those that are imported by name first, in case there are more than may be.
    files.sort(key=lambda path: path.stem not in imported)
    found = False
    for path in files[:_MAX_FILES]:
        name = path.name
        if path.stem == slug:
            if slug not in imported:
                continue
            found, name = True, f"{name_beside(slug)}.py"
        try:
            shutil.copyfile(path, target / name)
        except OSError:
            continue  # unreadable: an import of it says so
    return found


def _copy_packages(source: Path, program: Path) -> None:
    """Copy the packages beside the session that the program or a module of it imports."""
    # Only now: what reads submissions imports NumPy, and ``import grade`` must not.
    from graders.harness.submission.packages import (  # noqa: PLC0415
        modules_of_packages,
    )

    folder = program.parent
    for path in modules_of_packages(program, sorted(folder.glob("*.py")), source):
        target = folder / path.relative_to(source)
        if not _is_plain(path) or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # unreadable: an import of it says so
            shutil.copyfile(path, target)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_FILE


def _of_replaced_cells(kept: Sequence[Statement], runs: Sequence[Run]) -> Iterator[str]:
    """Yield a note on what only an earlier version of a cell defines."""
    newest = {run.cell: run for run in runs if run.cell}
    by_label = {run.label: run for run in runs}
    gone: dict[tuple[str, str], list[str]] = {}
    for statement in kept:
        run = by_label.get(statement.label)
        now = newest.get(run.cell) if run is not None else None
        if run is None or now is None or now is run or statement.text in now.source:
            continue
        names = gone.setdefault((run.label, now.label), [])
        names += sorted(statement.facts.binds | statement.facts.may_bind)
    for (label, now_label), names in gone.items():
        if names:
            yield (
                f"{_listed(names)} came from {label}, an earlier version of the cell that "
                f"is now {now_label}. Run all cells again in a fresh session, to see "
                "whether the notebook still defines it all."
            )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(dict.fromkeys(names[-_MOST_NAMED:]))
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
