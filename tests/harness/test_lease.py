"""The lease of a GPU, over locks in a folder of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT
from graders.harness.measure.lease import Lease

HOLDER = """
import sys, time
from pathlib import Path
from graders.harness.measure.lease import Lease
Lease("gpu-0", Path(sys.argv[1])).acquire(alone=True)
print("held", flush=True)
time.sleep(60)
"""


def _taken(lease: Lease, *, alone: bool) -> threading.Event:
    taken = threading.Event()

    def take() -> None:
        lease.acquire(alone=alone)
        taken.set()

    threading.Thread(target=take, daemon=True).start()
    return taken


def test_numeric_work_shares(tmp_path: Path) -> None:
    """Any number of shared leases are held at once."""
    leases = [Lease("gpu-0", tmp_path) for _ in range(3)]
    for lease in leases:
        lease.acquire(alone=False)
    for lease in leases:
        lease.release()


@pytest.mark.parametrize(
    ("first", "second"), [(True, True), (True, False), (False, True)]
)
def test_timing_is_alone(first: bool, second: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A lease alone waits for all others, and they for it."""
    holder, waiting = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path)
    holder.acquire(alone=first)
    taken = _taken(waiting, alone=second)
    assert not taken.wait(0.1)
    holder.release()
    assert taken.wait(5)
    waiting.release()


def test_other_gpus_are_free(tmp_path: Path) -> None:
    """Leases of two GPUs have nothing to do with one another, whatever their names hold."""
    one, two = Lease("GPU-1/..", tmp_path), Lease("GPU-2", tmp_path)
    one.acquire(alone=True)
    assert _taken(two, alone=True).wait(5)
    one.release()
    two.release()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """The lease of a process that was killed is free at once."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    lease = Lease("gpu-0", tmp_path)
    taken = _taken(lease, alone=True)
    assert not taken.wait(0.1)
    started = time.monotonic()
    os.kill(process.pid, signal.SIGKILL)
    assert taken.wait(5)
    assert time.monotonic() - started < 2
    process.wait()
    process.stdout.close()
    lease.release()


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    """A lease that is not held may be released."""
    lease = Lease("gpu-0", tmp_path)
    lease.acquire(alone=True)
    lease.release()
    lease.release()
    lease.acquire(alone=False)
    lease.release()
