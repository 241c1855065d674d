"""What stands in ``docs/measurements/`` is there, and made by what its table says."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
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


def told_by(script: Path, out: Path, *steps: str) -> list[set[str]]:
    """Return the words of each command that the script would run, its files as FILE."""
    environment = {**os.environ, "PYTHON": "echo"}
    subprocess.run(
        [script, out, *steps], env=environment, check=True, capture_output=True
    )
    texts = [path.read_text() for path in sorted(out.glob("*.txt"))]
    return [set(re.sub(rf"{out}/\S+", "FILE", text).split()) for text in texts]


def test_the_script_runs_the_commands_of_the_table(tmp_path: Path) -> None:
    """For all that is measured on a GPU; an exercise's name stands for its self-check."""
    commands = told_by(ROOT / "scripts" / "measure", tmp_path / "all")
    names = {path.stem for path in (ROOT / "reference").glob("*/*.py")}
    names -= {"baselines", "oracles"}
    assert len([c for c in commands if c & names and "selfcheck" in c]) == len(names)
    for files, command in ROWS.items():
        wanted = {w for w in shlex.split(command) if w not in ("python", "NAME")}
        if "h100" in files and "class" not in files:
            assert any(wanted <= found for found in commands), command
    few = told_by(
        ROOT / "scripts" / "measure", tmp_path / "few", "flips", "inplace_fft"
    )
    assert len(few) == 2


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU")
def test_a_step_that_fails_is_told_and_keeps_no_other_from_running(
    tmp_path: Path,
) -> None:
    """Here none of them can be measured."""
    done = subprocess.run(
        [ROOT / "scripts" / "measure", tmp_path, "contexts", "inplace_fft"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.count("FAILED") == 2
    for name in ("contexts", "selfcheck-h100-inplace_fft"):
        assert "no NVIDIA driver was found" in (tmp_path / f"{name}.txt").read_text()


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    tool = shutil.which("shellcheck")
    if tool is None:
        pytest.skip("shellcheck is not installed")
    scripts = [ROOT / "scripts" / "check", ROOT / "scripts" / "measure"]
    subprocess.run([tool, *scripts], check=True)
