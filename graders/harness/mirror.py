"""The mirror rule: the three trees hold the same exercises, whole and well-formed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise

_ASSIGNMENT_FILES = {"README.md", "hints.md"}
_REFERENCE_FILES = {"oracles.py", "baselines.py"}
_GRADER_FILES = {"rubric.toml"}
_HINT = re.compile(r"^\d+\. ", re.MULTILINE)
_MIN_HINTS = 2
_MIN_CONTRACT_LINES = 5


def tree_problems(catalog: Catalog) -> Iterator[str]:
    """
    Yield what is missing, left over or malformed in the three trees.

    Each problem is one sentence that begins with the file's path.
    """
    for assignment in catalog.assignments:
        exercises = catalog.exercises(assignment)
        slugs = {e.slug for e in exercises}
        modules = {f"{slug}.py" for slug in slugs}
        tests = {f"test_{slug}.py" for slug in slugs}
        tests |= {e.as_tutorial().grader.name for e in exercises if e.rubric.tutorial}
        root = catalog.root
        yield from _files(
            root / "assignments" / assignment, modules | _ASSIGNMENT_FILES, modules
        )
        yield from _files(
            root / "reference" / assignment, modules | _REFERENCE_FILES, modules
        )
        yield from _files(root / "graders" / assignment, tests | _GRADER_FILES, tests)
        for exercise in exercises:
            yield from _stub_problems(exercise)
            yield from _same_functions(exercise)
            yield from _hint_problems(exercise)
    for tree in ("assignments", "reference"):
        for folder in sorted((catalog.root / tree).iterdir()):
            visible = folder.is_dir() and folder.name[0] not in "._"
            if visible and folder.name not in catalog.assignments:
                yield f"{tree}/{folder.name}: graders/ has no such folder with a rubric."


def _files(folder: Path, wanted: set[str], owned: set[str]) -> Iterator[str]:
    """Yield missing files, and files that look like exercises but are none."""
    shown = f"{folder.parent.name}/{folder.name}"
    present = (
        {p.name for p in folder.glob("*") if p.is_file()} if folder.is_dir() else set()
    )
    for name in sorted(wanted - present):
        yield f"{shown}/{name}: is missing."
    if folder.parent.name == "assignments":
        strays = {n for n in present if n.endswith(".py")} - owned
    elif folder.parent.name == "graders":
        strays = {n for n in present if n.startswith(("test_", "tutorial_"))} - owned
    else:
        strays = {n for n in present if n.endswith(".py")} - owned - _REFERENCE_FILES
    for name in sorted(strays):
        yield f"{shown}/{name}: belongs to no exercise of the rubric."


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (OSError, SyntaxError):
        return {}
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}


def _stub_problems(exercise: Exercise) -> Iterator[str]:
    shown = f"assignments/{exercise.name}.py"
    if not exercise.stub.is_file():
        return
    if "# TODO" not in exercise.stub.read_text("utf-8"):
        yield f"{shown}: has no TODO at the place to edit."
    functions = _functions(exercise.stub)
    for name in exercise.rubric.functions:
        node = functions.get(name)
        if node is None:
            yield f"{shown}: has no function {name!r}, which the rubric names."
            continue
        contract = (ast.get_docstring(node) or "").splitlines()
        if len(contract) < _MIN_CONTRACT_LINES:
            yield f"{shown}: {name}'s docstring is too short to be a contract."
        last = node.body[-1]
        raised = last.exc if isinstance(last, ast.Raise) else None
        if not (isinstance(raised, ast.Name) and raised.id == "NotImplementedError"):
            yield f"{shown}: {name} does not end in 'raise NotImplementedError'."


def _same_functions(exercise: Exercise) -> Iterator[str]:
    stub, reference = _functions(exercise.stub), _functions(exercise.reference)
    for name in exercise.rubric.functions:
        if name in stub and name in reference:
            if ast.dump(stub[name].args) != ast.dump(reference[name].args):
                names = [a.arg for a in stub[name].args.args]
                if names != [a.arg for a in reference[name].args.args]:
                    shown = f"reference/{exercise.name}.py"
                    yield f"{shown}: {name} has other parameters than {names}."
        elif name in stub and exercise.reference.is_file():
            yield f"reference/{exercise.name}.py: has no function {name!r}."


def _hint_problems(exercise: Exercise) -> Iterator[str]:
    path = exercise.root / "assignments" / exercise.assignment / "hints.md"
    if not path.is_file():
        return
    sections = re.split(r"^## +", path.read_text("utf-8"), flags=re.MULTILINE)
    mine = [s for s in sections if s.split("\n", 1)[0].strip(" `") == exercise.slug]
    if not mine or len(_HINT.findall(mine[0])) < _MIN_HINTS:
        yield (
            f"assignments/{exercise.assignment}/hints.md: needs a section "
            f"'## {exercise.slug}' with at least {_MIN_HINTS} numbered hints."
        )
