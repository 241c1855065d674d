"""The processes that grade take one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graders.harness.classroom.station import Station
from graders.harness.interactive.client import GradingClient
from graders.harness.threads import one_thread_each

ROOT = Path(__file__).resolve().parents[2]
_COMMAND = """
import json, os, runpy, sys
sys.argv = ["grade.py", "hint", "--help"]
try:
    runpy.run_path("grade.py", run_name="__main__")
except SystemExit:
    pass
import numpy
numpy.ones((600, 600)) @ numpy.ones((600, 600))
print()
print(json.dumps([len(os.listdir("/proc/self/task")), os.environ["OMP_NUM_THREADS"]]))
"""


def without_settings() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}


def command(**settings: str) -> list[int | str]:
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND],
        cwd=ROOT,
        env=without_settings() | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int | str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_command_takes_one() -> None:
    assert command() == [1, "1"]


def test_what_the_user_says_stays() -> None:
    threads, said = command(OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")
    assert said == "2"
    assert threads == min(2, len(os.sched_getaffinity(0)))
    environment = {"MKL_NUM_THREADS": "3"}
    one_thread_each(environment)
    assert environment["MKL_NUM_THREADS"] == "3"
    assert environment["OMP_NUM_THREADS"] == "1"


def test_a_station_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_settings(monkeypatch)
    with Station("simulator", names=["matmul_validation"]) as station:
        station.grade({})
        assert len(list(Path(f"/proc/{station.pid}/task").iterdir())) == 1


def test_a_session_s_grading_process_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_settings(monkeypatch)
    client = GradingClient()
    try:
        process = client._running()
        settings = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert b"OPENBLAS_NUM_THREADS=1" in settings
    finally:
        client.close()


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(without_settings()):
        monkeypatch.delenv(name)
