"""Rules of the house that a reader could break without noticing."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT, Catalog, Exercise

ENGINE = ROOT / "graders" / "harness"
MODULES = sorted(ENGINE.rglob("*.py"))
EXERCISES = Catalog().select(())


def _imports(path: Path) -> Iterator[str]:
    """Yield the engine's modules that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("graders"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "graders"
        ):
            yield from (f"{node.module}.{a.name}" for a in node.names)


def _in(folder: str) -> list[Path]:
    return sorted((ENGINE / folder).rglob("*.py"))


@pytest.mark.parametrize("path", _in("worker"), ids=lambda p: p.stem)
def test_the_worker_imports_only_itself_and_devices(path: Path) -> None:
    """The child's side of the engine imports nothing of the grading side."""
    allowed = ("graders.harness.worker", "graders.harness.device")
    assert [name for name in _imports(path) if not name.startswith(allowed)] == []


@pytest.mark.parametrize(
    "path", _in("device"), ids=lambda p: p.relative_to(ENGINE).as_posix()
)
def test_devices_import_only_themselves(path: Path) -> None:
    """Devices import nothing of the engine but devices."""
    allowed = ("graders.harness.device",)
    assert [name for name in _imports(path) if not name.startswith(allowed)] == []


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda p: p.relative_to(ENGINE).as_posix()
)
def test_modules_are_short_and_say_what_they_are(path: Path) -> None:
    """Every module has a docstring and at most 500 lines."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 500
    assert (ast.get_docstring(ast.parse(text)) or "").strip()


def _words() -> list[str]:
    """Return the exercises' names, but for those that are words of the language."""
    names = {e.slug for e in EXERCISES} | {e.assignment for e in EXERCISES}
    names |= {f for e in EXERCISES for f in e.rubric.functions}
    return sorted(name for name in names if "_" in name)


@pytest.fixture(scope="module")
def said_by_the_engine() -> dict[str, str]:
    """Every name and whole string in the engine's code, and a place where it stands."""
    found: dict[str, str] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name | ast.Attribute | ast.FunctionDef | ast.alias):
                name = getattr(node, "id", None) or getattr(node, "attr", None)
                said = str(name or getattr(node, "name", ""))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said = node.value
            else:
                continue
            found.setdefault(said, f"{path}:{node.lineno}")
    return found


@pytest.mark.parametrize("word", _words())
def test_the_engine_names_no_exercise(
    word: str, said_by_the_engine: dict[str, str]
) -> None:
    """The engine knows nothing of any exercise; help texts may give one as an example."""
    assert said_by_the_engine.get(word) is None


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_titles_are_sentences(exercise: Exercise) -> None:
    """A check's first docstring line is a sentence with a full stop."""
    tree = ast.parse(exercise.grader.read_text("utf-8"))
    checks = [
        n
        for n in tree.body
        if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")
    ]
    assert {c.name.removeprefix("test_") for c in checks} == set(exercise.rubric.checks)
    for check in checks:
        title = (ast.get_docstring(check) or "").splitlines()[0]
        assert re.fullmatch(r"[A-Z].{10,110}\.", title), f"{check.name}: {title!r}"
        assert not re.match(r"(Test|Check|Verify|Assert)s?\b", title), title
        assert all(a.annotation for a in check.args.args), check.name
        assert ast.unparse(check.returns or ast.Constant(0)) == "None", check.name


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_limits_are_explained(exercise: Exercise) -> None:
    """Every threshold of a rubric stands below a comment that says what it rests on."""
    path = exercise.grader.parent / "rubric.toml"
    text = path.read_text("utf-8")
    assert tomllib.loads(text)["exercises"][exercise.slug].get(
        "limits", {}
    ).keys() == set(exercise.rubric.limits)
    _, _, rest = text.partition(f"[exercises.{exercise.slug}.limits]\n")
    section = rest.partition("\n[")[0]
    if exercise.rubric.limits:
        assert section.startswith("#"), path
