"""A station that grades nothing: what it answers stands in what was handed in.

Each submission is a module of one line; of several modules the first counts:

    passed, failed      that verdict
    slow SECONDS        passed, after a while
    error               a check of the harness's own fault, always
    gpu                 nothing that can be judged without a GPU
    error once          the same at the first time; then passed
    killed once         a process that was killed at the first time; then passed
    unfit once          says at the first time that the machine is at fault; then passed
    unfit twice         the same at the first two times
    down                takes the station down, and all that is in flight there
    exit                takes the whole process down
    bad                 cannot be graded as it was handed in

What was graded is appended to the file that FAKE_STATION_LOG names, one line each.
FAKE_STATION_BROKEN in the environment makes a station that never stays up, a machine
without anything that works (``errors``) or one that says so (``unfit``).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graders.harness.catalog import Catalog
from graders.harness.classroom import on_worker
from graders.harness.classroom.station import Graded, StationDown
from graders.harness.errors import HarnessError, UsageError
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
)
from graders.harness.session import judging_digests

SLOTS = 4
#: So long that a small limit on a file's size is passed.
PAGE = "<!doctype html><title>report</title>" + "x" * 30_000
_BEFORE: dict[str, int] = {}
_JUDGED_BY: dict[str, str] = {}


class FakeStation:
    """Stands for a station; one for each process."""

    def __init__(
        self,
        device: str,
        *,
        names: Sequence[str] = (),
        gpu: str = "",
        jobs: int = 0,
        required: Sequence[str] = (),
        root: Path | None = None,
    ) -> None:
        self.device = device
        self.slots = jobs or SLOTS
        self._went_down = threading.Event()
        self._in_flight = 0
        self._lock = threading.Lock()

    def grade(
        self, files: Mapping[str, bytes], *, seed: str = "", alone: bool = False
    ) -> Graded:
        broken = os.environ.get("FAKE_STATION_BROKEN", "")
        text = next(iter(files.values())).decode().strip().splitlines()[0]
        log(f"{text}{' alone' if alone else ''}")
        if broken == "down":
            msg = "the process that grades ended by signal 9"
            raise StationDown(msg)
        if broken == "unfit":
            msg = "this machine has no GPU any more"
            raise HarnessError(msg)
        if broken == "errors":
            return graded(self.device, report_check("error"))
        with self._lock:
            self._in_flight += 1
            assert not alone or self._in_flight == 1, "it is not alone"
            down = self._went_down
        try:
            return self._answer(text, down)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answer(self, text: str, down: threading.Event) -> Graded:
        word, _, rest = text.partition(" # ")[0].partition(" ")
        if word == "down":
            time.sleep(0.05)
            with self._lock:
                self._went_down = threading.Event()
            down.set()
        if word == "exit":
            time.sleep(0.1)
            os._exit(7)
        if word == "unfit":
            _BEFORE[text] = _BEFORE.get(text, 0) + 1
            if _BEFORE[text] <= (2 if rest == "twice" else 1):
                msg = "No program can be run here"
                raise HarnessError(msg)
        if word == "bad":
            msg = "cannot be graded: it holds no exercise."
            raise UsageError(msg)
        if down.wait(float(rest) if word == "slow" else 0.02):
            msg = "the process that grades ended by signal 11: it said nothing"
            raise StationDown(msg)
        if rest == "once":
            _BEFORE[text] = _BEFORE.get(text, 0) + 1
            word = word if _BEFORE[text] == 1 else "passed"
        return graded(self.device, report_check(word))

    def close(self) -> None:
        """End what is in flight."""
        self._went_down.set()


def report_check(word: str) -> CheckResult:
    """Return the check that a word stands for."""
    facts: dict[str, Any] = {"status": Status.PASSED, "points": 2.0}
    if word == "failed":
        facts = {
            "status": Status.FAILED,
            "points": 0.0,
            "reason": Reason.WRONG_VALUE,
            "message": "It is 1. Expected was 2.",
        }
    if word == "error":
        facts = {
            "status": Status.ERROR,
            "points": 0.0,
            "reason": Reason.HARNESS,
            "message": "The check did not run.",
        }
    if word == "gpu":
        facts = {
            "status": Status.SKIPPED,
            "points": 0.0,
            "reason": Reason.NEEDS_GPU,
            "message": "sepia uses what the simulator does not model.",
        }
    if word == "killed":
        facts = {
            "status": Status.FAILED,
            "points": 0.0,
            "reason": Reason.CRASHED,
            "message": "sepia took its process down: it was ended by SIGKILL.",
        }
    return CheckResult(name="values", title="It is right.", max_points=2.0, **facts)


def graded(device: str, check: CheckResult) -> Graded:
    """Return what a station answers."""
    if not _JUDGED_BY:
        _JUDGED_BY.update(judging_digests(Catalog()))
    exercise = ExerciseResult(
        name="fft_callbacks/sepia_blur", title="Sepia", checks=(check,)
    )
    environment = {"seed": "5eed", "digests": {}, "judged_by": dict(_JUDGED_BY)}
    report = Report(device=device, exercises=(exercise,), environment=environment)
    return Graded(report=report.to_dict(), page=PAGE, seconds=0.02)


def log(line: str) -> None:
    """Write down what was graded, for tests to count."""
    path = os.environ.get("FAKE_STATION_LOG")
    if path:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(number, line.encode() + b"\n")
        os.close(number)


def install() -> None:
    """Have this process grade with fakes; for good."""
    on_worker.Station = FakeStation  # type: ignore[assignment,misc]
    if other := os.environ.get("FAKE_STATION_VERSION"):
        on_worker.judging_digests = lambda _: {"engine": other}  # type: ignore[attr-defined]


def dask_setup(_: Any) -> None:
    """Called by ``dask worker --preload``."""
    install()


if __name__ == "__main__":
    import sys

    from graders.harness.cli import main

    install()
    sys.exit(main(sys.argv[1:]))
