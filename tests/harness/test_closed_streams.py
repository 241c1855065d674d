"""``grade.py`` where a stream is closed, as a shell does it with ``>&-``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_it_grades_and_says_nothing_there(closed: str, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    command = (
        'exec "$0" "$1" gaussian_blur --submission "$2" --device simulator '
        f'--report "json:$3" {closed}'
    )
    done = subprocess.run(
        [
            shutil.which("sh") or "sh", "-c", command, sys.executable,
            str(ROOT / "grade.py"), str(ROOT / "reference"), str(target),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not done.stdout
    assert json.loads(target.read_text("utf-8"))["verdict"] == "passed"


def test_the_doctor_examines_and_says_nothing_there(tmp_path: Path) -> None:
    target = tmp_path / "diagnosis.json"
    done = subprocess.run(
        [
            shutil.which("sh") or "sh", "-c", 'exec "$0" "$1" doctor --json "$2" >&-',
            sys.executable, str(ROOT / "grade.py"), str(target),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert json.loads(target.read_text("utf-8"))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_other_file_gets_the_place_of_a_closed_stream(number: int) -> None:
    """What a child process prints would go into it."""
    said = (
        "import os; from graders.harness import closed_streams as closed; "
        "closed.open_closed_streams(); "
        f"null = os.path.samestat(os.fstat({number}), os.stat(os.devnull)); "
        f"os._exit(0 if null and os.get_inheritable({number}) else 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", said],
        cwd=ROOT, check=False, preexec_fn=lambda: os.close(number),  # noqa: PLW1509
    )  # fmt: skip
    assert done.returncode == 0


def test_stopped_while_it_is_imported_it_says_so(tmp_path: Path) -> None:
    """Half a second goes by before the command line is there to catch it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'graders.harness.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
    )
    done = subprocess.run(
        [sys.executable, "grade.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "\nStopped.\n")
