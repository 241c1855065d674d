"""What programs take by themselves: each is loaded and called once, in a fork of its own.

    echo '[["fft_callbacks/sepia_blur", "FILE.py"], ...]' | \
        python tests/benchmarks/bare_class.py simulator

The packages are imported before, the device is at work before, and nothing is checked but
what ``bare_run.py`` compares, so that what is left is compiling, linking and running. A
program that raises has ended; one that goes on is stopped after a minute. It prints the
seconds of each as JSON. Meant for the corpus of the tests: nothing is confined here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bare_run import CASES, Case, load

from graders.harness.catalog import Catalog, Exercise
from graders.harness.device.interface import load_device

SECONDS = 60


def measured(exercise: Exercise, path: Path, device: Any, name: str) -> float:
    """Run a program in a fork and return how long it took, on this process's clock."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            signal.alarm(SECONDS)
            os.dup2(2, 1)
            device.start()
            case = Case(exercise, name)
            case.up(case.draw(8))  # CUDA's context is made
            os.write(write, b".")
            with contextlib.suppress(BaseException):  # wrong programs end in all ways
                CASES[exercise.slug](case, load(path))
        finally:
            os._exit(0)
    os.close(write)
    os.read(read, 1)  # in the simulator, clocks of the child are the simulator's
    started = time.perf_counter()
    os.waitpid(pid, 0)
    os.close(read)
    return time.perf_counter() - started


def main() -> None:
    """Read the programs, run each, print their seconds."""
    name = sys.argv[1]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    exercises = {e.name: e for e in Catalog().select(())}
    wanted = json.load(sys.stdin)
    device = load_device(name)
    device.preload()
    seconds = [
        measured(exercises[exercise], Path(path), device, name)
        for exercise, path in wanted
    ]
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
