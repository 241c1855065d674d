"""What goes wrong while programs are timed against each other, in real workers.

The workers are the simulator's. Where a GPU is lost, the server passes for one of CUDA's,
and no fresh worker starts any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import Learner, agreeing, expect_faster, gpu, gpu_trouble
from graders.harness.errors import (
    Crashed,
    EnvironmentUnavailable,
    Failure,
    HarnessError,
    TimedOut,
    TooSlow,
    WorkerCrashed,
    WrongValue,
)
from graders.harness.grading import judge
from graders.harness.measure.lease import Lease
from graders.harness.rubric import CheckRubric
from graders.harness.supervisor import ForkServer, Worker

PROGRAM = """
import os
import select
import sys
import threading
import time

import cupy as cp

CALLS = []
KEPT = {}


class CUDARuntimeError(RuntimeError):
    pass


def wait(seconds):
    select.select([], [], [], seconds)


def baseline(x):
    wait(0.02)
    return x * 2


def quick(x):
    return x * 2


def slow(x):
    wait(0.06)
    return x * 2


def with_patched_clocks(x):
    time.perf_counter = time.monotonic = time.time = lambda: 0.0
    return slow(x)


def with_a_patched_worker(x):
    child = sys.modules["graders.harness.worker.child"]
    genuine = KEPT.setdefault("clock", child._real_clock)
    since = KEPT.setdefault("since", genuine())
    child._real_clock = lambda: since + (genuine() - since) / 1000
    return slow(x)


def kept_by_shape(x):
    return KEPT.setdefault(x.shape, x * 2)


def in_a_thread(x):
    result = cp.zeros_like(x)

    def fill():
        wait(0.05)
        result[...] = x * 2

    threading.Thread(target=fill, daemon=True).start()
    return result


def failing(what):
    def function(x):
        CALLS.append(1)
        if len(CALLS) == 4:
            what()
        return x * 2

    return function


def raise_sticky():
    raise CUDARuntimeError("cudaErrorECCUncorrectable: uncorrectable ECC error")


def raise_ordinary():
    raise KeyError("row")


ends = failing(lambda: os._exit(3))
hangs = failing(lambda: wait(60))
raises = failing(raise_sticky)
raises_ordinary = failing(raise_ordinary)
"""
DEADLINE = 1.5
LOST = (
    "the worker did not start: Traceback ... cupy_backends.cuda.api.runtime."
    "CUDARuntimeError: cudaErrorNoDevice: no CUDA-capable device is detected"
)
OLD = LOST.replace("NoDevice", "InsufficientDriver")
FULL = LOST.replace("NoDevice", "MemoryAllocation")
IMAGE = np.arange(600, dtype=np.float32).reshape(20, 30)

Compare = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("simulator") as running:
        yield running


@pytest.fixture
def lease(tmp_path: Path) -> Lease:
    return Lease("GPU-1", tmp_path)


@pytest.fixture
def opened(server: ForkServer, lease: Lease, tmp_path: Path) -> Iterator[Any]:
    """Open the program in a worker of its own."""
    (tmp_path / "timed.py").write_text(PROGRAM)
    programs: list[Learner] = []

    def another() -> Learner:
        path = tmp_path / "timed.py"
        programs.append(Learner(path, "timed", server, timeout=DEADLINE, lease=lease))
        return programs[-1]

    yield another
    for program in programs:
        program.close()


@pytest.fixture
def compare(opened: Callable[[], Learner]) -> Compare:
    """Compare a function of the program with its baseline, whole calls of both."""

    def run(function: str) -> dict[str, Any]:
        noted: dict[str, Any] = {}
        expect_faster(
            opened(), opened(), function, (gpu(IMAGE),), threshold=1.0,
            rng=np.random.default_rng(1), note=noted.__setitem__,
            baseline_function="baseline", metric="end_to_end", verify=agreeing(1e-6),
        )  # fmt: skip
        return noted

    return run


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take note of workers that start; a text that is put here keeps all others away."""
    seen: list[str] = []
    plain = Worker.start

    def start(self: Worker) -> None:
        if not self._pid:
            seen.append("")
            if said := next(filter(None, seen), ""):
                self.kill()
                raise WorkerCrashed(said)
        plain(self)

    monkeypatch.setattr(Worker, "start", start)
    return seen


@pytest.fixture
def on_cuda(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "device", "cuda")


def _outcome(error: BaseException) -> tuple[str, str, float]:
    found = judge(CheckRubric(name="faster", points=2), "It is faster.", error)
    return found.status.value, str(found.reason), found.points


def test_a_quick_program_passes_and_a_slow_one_fails(compare: Compare) -> None:
    """The others below differ from these in one thing each."""
    assert compare("quick")["ratio"]["answer"] == "above"
    with pytest.raises(TooSlow):
        compare("slow")


@pytest.mark.parametrize("how", ["with_patched_clocks", "with_a_patched_worker"])
def test_patched_clocks_gain_nothing(how: str, compare: Compare) -> None:
    """Ours is read in another process: a worker that claims no time is not believed."""
    with pytest.raises(TooSlow, match="times as long"):
        compare(how)


def test_a_result_that_is_kept_is_found(compare: Compare) -> None:
    """Each round has other numbers, and the results of two are looked at."""
    with pytest.raises(WrongValue, match="When it was timed") as caught:
        compare("kept_by_shape")
    assert _outcome(caught.value) == ("failed", "wrong_value", 0)


def test_work_that_a_thread_does_later_is_found(compare: Compare) -> None:
    """The round is over when the call has returned and the device is idle."""
    with pytest.raises(WrongValue, match="When it was timed"):
        compare("in_a_thread")


@pytest.mark.parametrize(
    ("how", "failure", "reason"),
    [
        ("ends", Crashed, "crashed"),
        ("raises", Crashed, "crashed"),
        ("hangs", TimedOut, "timed_out"),
    ],
)
@pytest.mark.usefixtures("on_cuda")
def test_who_fails_in_a_timed_round_is_blamed(
    how: str,
    failure: type[Failure],
    reason: str,
    compare: Compare,
    starts: list[str],
    lease: Lease,
) -> None:
    """Where a fresh worker starts, the GPU works; and the lease is free at once."""
    with pytest.raises(failure) as caught:
        compare(how)
    assert _outcome(caught.value) == ("failed", reason, 0)
    assert len(starts) == 3  # two programs, and the one that tried the GPU
    assert not lease.is_held()


@pytest.mark.parametrize("how", ["ends", "raises", "hangs"])
@pytest.mark.usefixtures("on_cuda")
def test_a_gpu_that_falls_off_is_not_the_programs_fault(
    how: str, opened: Callable[[], Learner], starts: list[str], lease: Lease
) -> None:
    """Nobody can use it any more: an error of the machine's, then and afterwards."""
    program = opened()
    program.hold((gpu(IMAGE),))
    for _ in range(3):
        program.call_held(how)
    starts.append(LOST)
    with program.gpu_alone(), pytest.raises(EnvironmentUnavailable) as caught:
        program.call_held(how)
    assert "the driver has no GPU (cudaErrorNoDevice)" in str(caught.value)
    assert _outcome(caught.value) == ("error", "environment", 0)
    assert not lease.is_held()
    program.restart()
    with pytest.raises(EnvironmentUnavailable):
        program.call_held("quick")


@pytest.mark.usefixtures("on_cuda")
def test_an_ordinary_exception_starts_no_worker(
    opened: Callable[[], Learner], starts: list[str]
) -> None:
    """It costs no more than before."""
    program = opened()
    program.hold((gpu(IMAGE),))
    for _ in range(3):
        program.call_held("raises_ordinary")
    with pytest.raises(Crashed, match="KeyError"):
        program.call_held("raises_ordinary")
    assert len(starts) == 1


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (
            OLD,
            EnvironmentUnavailable,
            r"driver is too old .*\(cudaErrorInsufficientDri",
        ),
        (LOST, EnvironmentUnavailable, "the driver has no GPU"),
        (
            LOST.replace("NoDevice", "DevicesUnavailable"),
            EnvironmentUnavailable,
            "itself",
        ),
        (
            LOST.replace("NoDevice", "Unknown"),
            EnvironmentUnavailable,
            "does not answer",
        ),
        (FULL, HarnessError, "no worker could be started"),
        ("the worker did not start: ImportError", HarnessError, "no worker could be"),
    ],
    ids=["old driver", "no GPU", "exclusive", "unknown", "full", "other"],
)
def test_a_worker_that_does_not_start(
    said: str,
    error: type[HarnessError],
    words: str,
    opened: Callable[[], Learner],
    starts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What CUDA says is the machine's; it is never a failure of the learner's."""
    monkeypatch.setattr(gpu_trouble, "_TRY_AGAIN", ())
    starts.append(said)
    with pytest.raises(HarnessError, match=words) as caught:
        opened().call("quick", gpu(IMAGE))
    assert type(caught.value) is error
    status, reason, points = _outcome(caught.value)
    expected = "environment" if error is EnvironmentUnavailable else "harness"
    assert (status, reason, points) == ("error", expected, 0)


def test_a_worker_that_finds_no_memory_is_tried_again(
    opened: Callable[[], Learner], starts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neighbour that takes more than its share comes to an end."""
    monkeypatch.setattr(gpu_trouble, "_TRY_AGAIN", (0.01, 0.01))
    starts.append(FULL)
    with pytest.raises(HarnessError, match="no worker could be started"):
        opened().call("quick", gpu(IMAGE))
    assert starts == [FULL, "", "", ""]
    monkeypatch.setattr("time.sleep", lambda _seconds: starts.clear())
    opened().call("quick", gpu(IMAGE))
    assert starts == [""]


def test_a_lease_that_does_not_come_again_ends_the_worker(
    opened: Callable[[], Learner], starts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still waits to be told that it may go on: the next call gets a fresh one."""

    def call(*_args: Any, **_how: Any) -> None:
        msg = "The GPU has been leased to others for 600 s."
        raise EnvironmentUnavailable(msg)

    program = opened()
    program.call("quick", gpu(IMAGE))
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "call", call)
        with pytest.raises(EnvironmentUnavailable):
            program.call("baseline", gpu(IMAGE))
    assert program.call("baseline", gpu(IMAGE)).exception is None
    assert len(starts) == 2
