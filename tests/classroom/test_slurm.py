"""The recipe for Slurm, as the documentation has it, on a Slurm of this machine's own."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT
from tests.classroom.conftest import wait_for
from tests.classroom.slurm import NoSlurm, Slurm, problem

pytestmark = pytest.mark.slow
COUNT = 12
CORPUS = ROOT / "tests" / "submissions" / "fft_callbacks" / "gaussian_blur"


@pytest.fixture
def slurm() -> Iterator[Slurm]:
    if why := problem():
        pytest.skip(f"no Slurm: {why}")
    # Its sockets lie there, whose names may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        try:
            running = Slurm(Path(folder), 2)
        except NoSlurm as err:
            pytest.skip(f"no Slurm: {err}")
        yield running
        running.close()


def recipe(folder: Path) -> str:
    """Return the documented program, with this interpreter's environment in it."""
    text = (ROOT / "docs" / "for-instructors.md").read_text()
    (found,) = re.findall(r"```python\n(.*?SLURMCluster.*?)```", text, re.DOTALL)
    activate = folder / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'export PATH={Path(sys.executable).parent}:"$PATH"\n')
    found = found.replace("GRADER", str(folder))
    assert "jobs=8" in found
    return found.replace("jobs=8", "jobs=2")  # the nodes there are


def hand_in(folder: Path) -> dict[str, str]:
    """Write a class, and return which verdict each submission earns."""
    right = ROOT / "reference" / "fft_callbacks" / "gaussian_blur.py"
    wrong = sorted(CORPUS.glob("wrong_*.py"))[0]
    verdicts = {}
    for number in range(COUNT):
        name, source = f"s{number:02}", wrong if number % 3 == 0 else right
        (folder / name).mkdir(parents=True)
        shutil.copy(source, folder / name / "gaussian_blur.py")
        verdicts[name] = "failed" if number % 3 == 0 else "passed"
    return verdicts


def events(results: Path, kind: str) -> list[dict[str, str]]:
    path = results / "journal.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in found if event["event"] == kind]


def start(*command: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


class Keeper:
    """The documented program while it runs, and what it has said."""

    def __init__(self, slurm: Slurm, folder: Path) -> None:
        program = folder / "cluster.py"
        program.write_text(recipe(folder))
        self.said: list[str] = []
        self.process = start("-u", str(program), env=slurm.environment, cwd=folder)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout or io.StringIO() as lines:
            self.said.extend(lines)

    def address(self) -> str:
        """Return the scheduler's address, once it is printed."""
        wait_for(lambda: any(line.startswith("tcp://") for line in self.said))
        return next(line.strip() for line in self.said if line.startswith("tcp://"))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


def test_a_class_on_slurm_outlives_a_job(slurm: Slurm, tmp_path: Path) -> None:
    """Two jobs grade; one is ended as at its time limit; Ctrl-C gives the other back."""
    verdicts = hand_in(tmp_path / "submissions")
    results = tmp_path / "results"
    keeper = Keeper(slurm, tmp_path)
    with contextlib.closing(keeper):
        command = [
            "grade.py",
            "class",
            str(tmp_path / "submissions"),
            "-o",
            str(results),
        ]
        command += ["--exercise", "gaussian_blur", "--device", "simulator"]
        with start(*command, "--scheduler", keeper.address(), cwd=ROOT) as run:
            try:
                wait_for(
                    lambda: len({e["where"] for e in events(results, "started")}) == 2,
                    120,  # both jobs import Dask and all that a grader needs
                )
                slurm.ask("scancel", slurm.jobs("R")[0])
                text = " ".join(run.communicate(timeout=120)[0].split())
            finally:
                run.kill()
        assert run.returncode == 0, text
        assert "was lost. What it had is graded again." in text
        found = {p.stem: json.loads(p.read_text()) for p in results.glob("results/*")}
        assert {k: r["report"]["verdict"] for k, r in found.items()} == verdicts
        assert len(events(results, "finished")) == COUNT
        keeper.process.send_signal(signal.SIGINT)
        keeper.process.wait(30)
        wait_for(lambda: not slurm.jobs())
