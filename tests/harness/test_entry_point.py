"""``grade.py`` as people run it: in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from graders.harness.catalog import ROOT


def test_entry_point_grades_the_real_trees(tmp_path: Path) -> None:
    """``python grade.py`` in a process of its own, from another folder."""
    target = tmp_path / "report.json"
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "grade.py"), "fft_callbacks",
            "--device", "simulator", "--report", f"json:{target}", "--jobs", "2",
        ],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    report = json.loads(target.read_text("utf-8"))
    assert [e["verdict"] for e in report["exercises"]] == ["failed"] * len(
        report["exercises"]
    )
    reasons = {c["reason"] for e in report["exercises"] for c in e["checks"]}
    assert reasons <= {"unimplemented", "needs_gpu", "prerequisite"}
    assert report["score"] == 0


def test_nothing_installed_is_one_line(tmp_path: Path) -> None:
    """Before anything is installed ``grade.py`` says in one line what to install."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-s", str(ROOT / "grade.py")],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert re.fullmatch(
        r"grade.py: \w+ is not installed. Run: pip install -e \.\n", done.stderr
    )
    assert done.stdout == ""
