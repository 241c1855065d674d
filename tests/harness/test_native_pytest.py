"""Graders as ordinary pytest: the same verdicts, and nothing of ours in sight."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

from graders.harness.catalog import ROOT, Catalog
from graders.harness.models import Status
from graders.harness.run import Grader, Request
from graders.harness.submission import locate

# Where the package is installed, pytest loads the plugin by itself.
INSTALLED = any(
    p.value == "graders.harness.plugin" for p in entry_points(group="pytest11")
)
PLUGIN = [] if INSTALLED else ["-p", "graders.harness.plugin"]
SEED = "0123456789abcdef"
OUTCOMES = {Status.PASSED: "passed", Status.SKIPPED: "skipped", Status.ERROR: "error"}


def _pytest(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        *PLUGIN,
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    return subprocess.run(
        [*command, "--grading-device", "simulator", "--grading-seed", SEED],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip


def _cases(path: Path) -> dict[str, str]:
    """Return each test's outcome as ``test_<exercise>/<check>: outcome``."""
    outcomes = {}
    for case in ET.parse(path).getroot().iter("testcase"):
        found = [c.tag for c in case if c.tag in ("failure", "error", "skipped")]
        module = case.attrib["classname"].rpartition(".")[2]
        outcomes[f"{module}/{case.attrib['name']}"] = (found or ["passed"])[0]
    return outcomes


def test_verdicts_are_the_graders(
    grader: Grader, catalog: Catalog, tmp_path: Path
) -> None:
    """pytest over an assignment's graders and grade.py agree on every check."""
    exercises = catalog.select(["stateful_api"])
    handed_in = tmp_path / "handed-in"
    handed_in.mkdir()
    for exercise in exercises:  # all of them right but the first
        path = exercise.stub if exercise is exercises[0] else exercise.reference
        shutil.copy(path, handed_in)
    work = locate(handed_in, exercises, named=True)
    results = grader.results(Request(work=work, device="simulator", seed=SEED))
    expected = {
        f"test_{r.name.partition('/')[2]}/test_{c.name}": OUTCOMES.get(
            c.status, "failure"
        )
        for r in results
        for c in r.checks
    }
    assert set(expected.values()) >= {"passed", "failure", "skipped"}
    xml = tmp_path / "junit.xml"
    arguments = ["--submission", str(handed_in), f"--junit-xml={xml}"]
    done = _pytest("graders/stateful_api", *arguments)
    assert _cases(xml) == expected, done.stdout
    assert done.returncode == 1


def test_a_failure_is_told_in_our_words(tmp_path: Path) -> None:
    """A failing submission shows title, reason and message, and no traceback of ours."""
    module = tmp_path / "gaussian_blur.py"
    module.write_text("def gaussian_blur(image, sigma):\n    return undefined\n")
    done = _pytest(
        "graders/fft_callbacks/test_gaussian_blur.py", "--submission", str(module), "-q"
    )
    assert done.returncode == 1
    said = (
        "[crashed] gaussian_blur raised NameError on line 2 of gaussian_blur.py "
        "(return undefined)"
    )
    assert done.stdout.count(said) >= 1, done.stdout
    assert not re.search(r"Traceback|graders/harness|\.py:\d+: in ", done.stdout)
    assert done.stderr == ""


def test_other_tests_are_left_alone(tmp_path: Path) -> None:
    """With the plugin loaded, tests that are no graders run as ever."""
    folder = tmp_path / "graders" / "mine"
    folder.mkdir(parents=True)
    (folder / "test_mine.py").write_text("def test_it():\n    assert 1 == 2\n")
    done = _pytest("--rootdir", str(tmp_path), str(folder / "test_mine.py"))
    assert done.returncode == 1
    assert "assert 1 == 2" in done.stdout


def test_a_wrong_submission_path_is_said(tmp_path: Path) -> None:
    """A path that does not exist is named; it is no failure of the learner's."""
    missing = tmp_path / "nowhere"
    grader = "graders/fft_callbacks/test_gaussian_blur.py"
    done = _pytest(grader, "--submission", str(missing), "-q")
    assert done.returncode == 1
    assert f"{missing}: there is no such file or folder to grade." in done.stdout
    assert " error" in done.stdout
    assert " failed" not in done.stdout
