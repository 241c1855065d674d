"""A small class through the real command, in the simulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT

CORPUS = ROOT / "tests" / "submissions" / "fft_callbacks" / "gaussian_blur"
KILLS_ITSELF = """
import os, signal

def gaussian_blur(image, sigma):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run of the command came to."""
    folder = tmp_path_factory.mktemp("class")
    submissions, results = folder / "submissions", folder / "results"
    right = ROOT / "reference" / "fft_callbacks" / "gaussian_blur.py"
    wrong = sorted(CORPUS.glob("wrong_*.py"))[0]
    for name, source in (("right", right), ("wrong", wrong)):
        (submissions / name).mkdir(parents=True)
        shutil.copy(source, submissions / name / "gaussian_blur.py")
    (submissions / "killer").mkdir()
    (submissions / "killer" / "gaussian_blur.py").write_text(KILLS_ITSELF)
    with zipfile.ZipFile(submissions / "zipped.zip", "w") as zipped:
        zipped.write(right, "work/gaussian_blur.py")
    (submissions / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    command = [
        sys.executable, "grade.py", "class", str(submissions), "-o", str(results),
        "--exercise", "gaussian_blur", "--device", "simulator", "--title", "Blur & more",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "GITHUB_ACTIONS": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {p.stem: json.loads(p.read_text()) for p in results.glob("results/*.json")}
    return {"run": done, "results": found, "folder": results}


def test_every_submission_has_a_result(graded: dict[str, Any]) -> None:
    run = graded["run"]
    assert run.returncode == 1, run.stdout + run.stderr  # one cannot be read
    assert not run.stderr
    states = {key: result["state"] for key, result in graded["results"].items()}
    assert states == {
        "broken": "unreadable",
        "killer": "graded",
        "right": "graded",
        "wrong": "graded",
        "zipped": "graded",
    }
    assert "1 cannot be read: broken" in " ".join(run.stdout.split())


def test_nothing_that_it_prints_is_a_command_of_github(graded: dict[str, Any]) -> None:
    lines = graded["run"].stdout.strip().splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert token != lines[0]
    assert lines[-1] == f"::{token}::"


def test_verdicts_are_those_of_grading_alone(graded: dict[str, Any]) -> None:
    results = graded["results"]
    verdicts = {k: r["report"]["verdict"] for k, r in results.items() if r["report"]}
    assert verdicts == {
        "killer": "failed",
        "right": "passed",
        "wrong": "failed",
        "zipped": "passed",
    }
    report = results["right"]["report"]
    assert (report["device"], len(report["exercises"])) == ("simulator", 1)
    assert (
        report["environment"]["seed"]
        != results["wrong"]["report"]["environment"]["seed"]
    )


def test_a_process_that_was_killed_is_tried_once_more(graded: dict[str, Any]) -> None:
    """What it says is what ``doubts`` looks for: a reworded message would be missed."""
    assert graded["results"]["killer"]["attempts"] == 2
    assert graded["results"]["right"]["attempts"] == 1


def test_each_has_a_page_and_the_class_has_one(graded: dict[str, Any]) -> None:
    folder: Path = graded["folder"]
    pages = sorted(path.name for path in folder.glob("reports/*"))
    assert pages == ["killer.html", "right.html", "wrong.html", "zipped.html"]
    page = (folder / "index.html").read_text()
    assert "<h1>Blur &amp; more</h1>" in page
    assert "reports/right.html" in page
    assert not list(folder.rglob(".*"))
