"""What stands in ``docs/measurements/`` is there, and made by what its table says."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "measurements"
ROW = re.compile(r"^\| (`.+`) \| `(.+)` \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w*-]+\.json)`")
TEXT = (FOLDER / "README.md").read_text("utf-8")
ROWS = {files: command for files, command in ROW.findall(TEXT)}
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "assignments").rglob("README.md")),
]
# Where a command's options are defined that is none of ours.
PYTEST_OPTIONS = (
    ROOT / "tests" / "security" / "conftest.py",
    ROOT / "graders" / "harness" / "plugin.py",
)


def pattern(name: str) -> str:
    """Return a file name of the table as a pattern: capitals stand for any text."""
    return re.sub(r"[A-Z]{3,}", "*", name)


def test_each_file_is_in_the_table_and_each_of_the_table_is_there() -> None:
    patterns = [pattern(n) for files in ROWS for n in NAMED.findall(files)]
    there = {path.name for path in FOLDER.glob("*.json")}
    for name in there:
        assert any(fnmatch.fnmatch(name, p) for p in patterns), name
    for wanted in patterns:
        assert fnmatch.filter(there, wanted), wanted


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_each_file_that_is_named_is_there(document: Path) -> None:
    """Wherever a document names a measurement."""
    there = {path.name for path in FOLDER.glob("*.json")}
    text = document.read_text("utf-8")
    named = re.findall(r"docs/measurements/([\w*-]+\.json)", text)
    if document.parent == FOLDER:
        named += NAMED.findall(text)
    for name in named:
        assert fnmatch.filter(there, pattern(name)), f"{document.name}: {name}"


@pytest.mark.parametrize("command", ROWS.values(), ids=list(ROWS))
def test_each_command_is_one(command: str) -> None:
    """Its program is there and has its options."""
    words = shlex.split(command)
    assert words.pop(0) == "python"
    if words[:2] == ["-m", "pytest"]:
        defined = "".join(p.read_text("utf-8") for p in PYTEST_OPTIONS)
        assert all((ROOT / word).exists() for word in words if word.endswith(".py"))
    elif words[0] == "grade.py":
        defined = "".join(
            path.read_text("utf-8")
            for path in (ROOT / "graders" / "harness").glob("*.py")
        )
    else:
        defined = (ROOT / words[0]).read_text("utf-8")
    for word in words:
        if word.startswith("--"):
            assert f'"{word}"' in defined, word


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda p: p.name)
def test_each_says_on_what_it_was_taken(path: Path) -> None:
    """The machine, or at least the interpreter."""
    found = json.loads(path.read_text("utf-8"))
    described = json.dumps(found)
    assert re.search(r'"(machine|environment|host|python)"', described), path.name
