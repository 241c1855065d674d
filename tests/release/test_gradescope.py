"""Gradescope's scripts, with a folder of our own in the place of /autograder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest

from tests.release.conftest import ROOT, python_of_ours

CORPUS = ROOT / "tests" / "submissions"
SCHEMA = ROOT / "tests/harness/schemas/gradescope-results.schema.json"


@pytest.fixture
def root(gradescope: Path, tmp_path: Path) -> Path:
    """An autograder that is set up, for one submission."""
    target = tmp_path / "autograder"
    shutil.copytree(gradescope, target)
    python_of_ours(target / "venv" / "bin" / "python")
    (target / "source" / ".setup-finished").touch()
    (target / "submission").mkdir()
    return target


def run(root: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / "source" / script],
        cwd=root,
        env={**os.environ, "AUTOGRADER_ROOT": str(root), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def results(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_text())
    return found


@pytest.mark.slow
def test_a_right_a_wrong_and_no_program(root: Path) -> None:
    """Each exercise gets its own points; one that is not handed in fails."""
    corpus = CORPUS / "fft_callbacks"
    shutil.copy(ROOT / "reference/fft_callbacks/gaussian_blur.py", root / "submission")
    wrong = corpus / "sepia_blur" / "wrong_reads_next_pixel.py"
    shutil.copy(wrong, root / "submission" / "sepia_blur.py")
    ended = run(root, "run_autograder")
    assert ended.returncode == 0, ended.stderr
    assert "Grading" in ended.stdout
    found = results(root)
    jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")))
    scores: dict[str, float] = {}
    for test in found["tests"]:
        (exercise,) = test["tags"]
        scores[exercise] = scores.get(exercise, 0) + test.get("score", 0)
    assert scores["fft_callbacks/gaussian_blur"] == 10
    assert scores["fft_callbacks/sepia_blur"] == 7
    assert scores["fft_callbacks/batch_blur"] == 0
    told = [t["output"] for t in found["tests"] if "batch_blur" in t["tags"][0]]
    assert any("batch_blur.py is missing" in text for text in told)


def test_without_setup_nobody_gets_a_zero(root: Path) -> None:
    """Where the image was not made, the results say so; Gradescope asks for a score."""
    (root / "source" / ".setup-finished").unlink()
    assert run(root, "run_autograder").returncode == 0
    found = results(root)
    assert "the autograder was not set up" in found["output"]
    assert set(found) == {"output", "stdout_visibility"}


WRITES_FIRST = """\
import os, pathlib, signal, sys
path = next(w for w in sys.argv if w.startswith("gradescope:"))
pathlib.Path(path.partition(":")[2]).write_text('{"score": 5, "tests": []}')
"""


@pytest.mark.parametrize("before", ["", WRITES_FIRST], ids=["at once", "on its way"])
def test_a_grader_that_dies_gives_nobody_a_zero(before: str, root: Path) -> None:
    """What it wrote on its way is gone, and an earlier submission's results, too."""
    (root / "source" / "grader" / "grade.py").write_text(
        f"{before}raise SystemExit(3)\n"
    )
    (root / "results").mkdir()
    (root / "results" / "results.json").write_text('{"score": 100, "tests": []}')
    ended = run(root, "run_autograder")
    assert ended.returncode == 0
    found = results(root)
    assert "ended with status 3" in found["output"]
    assert set(found) == {"output", "stdout_visibility"}
    assert "Not graded" in ended.stderr


def test_a_grader_that_is_stopped_leaves_what_it_has(root: Path) -> None:
    """The time is over: what was graded by then stands in the report."""
    killed = f"{WRITES_FIRST}os.kill(os.getpid(), signal.SIGKILL)\n"
    (root / "source" / "grader" / "grade.py").write_text(killed)
    assert run(root, "run_autograder").returncode == 0
    assert results(root)["score"] == 5


def test_a_setup_that_fails_leaves_no_mark(root: Path, tmp_path: Path) -> None:
    """Where the environment cannot be made, setup.sh fails, and earlier marks are gone."""
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = -c ] || exit 7\n')
    broken.chmod(0o755)
    apt = tmp_path / "bin" / "apt-get"  # nothing is to be installed by a test
    apt.parent.mkdir()
    apt.write_text("#!/bin/sh\nexit 1\n")
    apt.chmod(0o755)
    path = f"{apt.parent}:{os.environ['PATH']}"
    ended = run(root, "setup.sh", AUTOGRADER_PYTHON=str(broken), PATH=path)
    assert ended.returncode == 7
    assert not (root / "source" / ".setup-finished").exists()


def test_what_is_graded_stands_in_the_script(gradescope: Path) -> None:
    """The names that were asked for, as words of the command line."""
    text = (gradescope / "source" / "run_autograder").read_text()
    assert (
        "names=(fft_callbacks/gaussian_blur fft_callbacks/sepia_blur "
        "fft_callbacks/batch_blur)\n"
    ) in text
