"""When one more exercise may start, and which GPUs there are: on machines made up here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graders.harness.classroom.admission import (
    Admission,
    exercises_at_once,
    host_memory,
    submissions_at_once,
)
from graders.harness.device import gpu_facts
from graders.harness.session import lease_of

GB = 2**30
ONE, TWO = "GPU-11111111-aaaa-1", "GPU-22222222-bbbb-2"


def _host(free: float, total: float = 16.0) -> Callable[[], tuple[int, int]]:
    return lambda: (int(free * GB), int(total * GB))


def test_one_always_runs() -> None:
    """However little memory there is: else nothing would ever be graded."""
    short = Admission("cuda", host=_host(0), gpu=lambda: 0)
    assert short.has_room([])
    assert not short.has_room([100.0])


@pytest.mark.parametrize(
    ("free", "ages", "expected"),
    [
        (1.47, [10.0], True),  # 6 % of 16 GB, and half a GB for the one
        (1.45, [10.0], False),
        (1.47, [1.0], False),  # the one before has not taken its own yet
        (1.97, [1.0], True),
        (1.97, [1.0, 0.5], False),
        (1.97, [1.0, 5.0, 60.0], True),
    ],
)
def test_the_host_keeps_a_reserve(
    free: float, ages: list[float], expected: bool
) -> None:  # noqa: FBT001
    """What those who have just begun will take counts as taken."""
    assert Admission("simulator", host=_host(free)).has_room(ages) is expected


@pytest.mark.parametrize(
    ("free", "ages", "expected"),
    [(3.6, [9.0], True), (3.4, [9.0], False), (3.6, [1.0], False), (6.1, [1.0], True)],
)
def test_the_gpu_keeps_a_reserve(
    free: float, ages: list[float], expected: bool
) -> None:  # noqa: FBT001
    """Likewise on the GPU; in the simulator nobody asks for it."""

    def gpu() -> int:
        return int(free * GB)

    assert Admission("cuda", host=_host(99, 100), gpu=gpu).has_room(ages) is expected
    assert Admission("simulator", host=_host(99, 100), gpu=lambda: 0).has_room(ages)


def test_a_gpu_is_asked_now_and_then() -> None:
    """An answer stands for half a second: asking takes a good part of that."""
    now, answers = [0.0], [9 * GB, 0]
    admission = Admission(
        "cuda",
        host=_host(99, 100),
        gpu=lambda: answers.pop(0),
        clock=lambda: now[0],
    )
    assert admission.has_room([9.0])
    now[0] = 0.4
    assert admission.has_room([9.0])
    now[0] = 0.6
    assert not admission.has_room([9.0])
    assert not answers


def test_a_gpu_that_tells_nothing_stops_nobody() -> None:
    """Without NVML, or on GPUs that share the host's memory, the host's decides."""
    assert Admission("cuda", host=_host(99, 100), gpu=lambda: None).has_room([1.0])
    assert not Admission("cuda", host=_host(1), gpu=lambda: None).has_room([1.0])


def _machine(folder: Path, *, limit: str = "", used: int = 0, cached: int = 0) -> Any:
    """Make a machine of 16 GB with 12 GB free, and a group two levels deep."""
    proc, groups = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(
        f"MemTotal:       {16 * 2**20} kB\nMemAvailable:   {12 * 2**20} kB\n"
    )
    (proc / "self" / "cgroup").write_text("1:name=systemd:/x\n0::/class/job\n")
    (groups / "class" / "job").mkdir(parents=True)
    for group in (groups / "class", groups / "class" / "job"):
        (group / "memory.max").write_text("max\n")
        (group / "memory.current").write_text("1\n")
    if limit:
        (groups / "class" / "memory.max").write_text(f"{limit}\n")
        (groups / "class" / "memory.current").write_text(f"{used}\n")
        (groups / "class" / "memory.stat").write_text(
            f"anon 5\ninactive_file {cached}\n"
        )
    return proc, groups


def test_the_machine_s_memory(tmp_path: Path) -> None:
    """Groups without a limit, or none at all, change nothing."""
    proc, groups = _machine(tmp_path)
    assert host_memory(proc, groups) == (12 * GB, 16 * GB)
    assert host_memory(proc, tmp_path / "none") == (12 * GB, 16 * GB)


def test_the_memory_of_a_group_above(tmp_path: Path) -> None:
    """A batch system limits the job's parent; files read once can be dropped."""
    places = _machine(tmp_path, limit=str(4 * GB), used=3 * GB, cached=GB // 2)
    assert host_memory(*places) == (GB + GB // 2, 4 * GB)


def test_a_group_beyond_its_limit_has_none_left(tmp_path: Path) -> None:
    places = _machine(tmp_path, limit=str(4 * GB), used=5 * GB)
    assert host_memory(*places) == (0, 4 * GB)


def test_this_machine_has_memory() -> None:
    available, total = host_memory()
    assert 0 < available <= total


def test_more_exercises_than_cores_wait_for_a_gpu() -> None:
    """What the user asks for goes first."""
    cores = len(os.sched_getaffinity(0))
    assert exercises_at_once("simulator") == cores
    assert exercises_at_once("cuda") > cores
    assert exercises_at_once("cuda", 3) == exercises_at_once("simulator", 3) == 3
    assert submissions_at_once("cuda", 3) > 3


# ---------------------------------------------------------------------------- which GPU


class Nvml(SimpleNamespace):
    """A driver with two GPUs; takes note of whether it was left as it was found."""

    class NVMLError(Exception):
        pass

    opened = 0

    def nvmlInit(self) -> None:
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self.opened -= 1

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        return [ONE, TWO].index(uuid)

    def nvmlDeviceGetUUID(self, index: int) -> str | bytes:
        return [ONE, TWO.encode()][index]

    def nvmlDeviceGetMemoryInfo(self, index: int) -> Any:
        return SimpleNamespace(free=(index + 1) * GB, total=80 * GB)

    def nvmlDeviceGetComputeRunningProcesses(self, index: int) -> Any:
        used = {7: index * GB, 8: None}  # in some containers it cannot tell
        return [SimpleNamespace(pid=p, usedGpuMemory=n) for p, n in used.items()]


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", made := Nvml())
    gpu_facts._gpu_name.cache_clear()
    yield made
    gpu_facts._gpu_name.cache_clear()
    assert made.opened == 0


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, [ONE, TWO]),
        ("", []),
        ("1", [TWO]),
        ("1,0", [TWO, ONE]),
        ("1, 0", [TWO, ONE]),
        (TWO, [TWO]),
        ("GPU-2", [TWO]),
        ("GPU-", []),  # that could be either
        ("0,7,1", [ONE]),  # CUDA passes over all behind one that is not there
        ("-1", []),
        ("0,0", [ONE]),
        ("MIG-3", ["MIG-3"]),
    ],
)
def test_visible_gpus(
    named: str | None, expected: list[str], nvml: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``CUDA_VISIBLE_DEVICES`` is read as CUDA reads it."""
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert gpu_facts.visible_gpus() == expected


def test_the_lease_is_named_by_the_gpu(
    nvml: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradings on one GPU share a lease, whatever number it has for each of them."""

    def name() -> str:
        lease = lease_of("cuda")
        assert lease is not None
        return lease._uuid

    assert name() == ONE
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert name() == TWO
    assert gpu_facts.free_memory() == 2 * GB
    assert gpu_facts.memory_by_process() == ({7: GB, 8: 0}, 80 * GB)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", TWO)
    assert name() == TWO
    assert lease_of("simulator") is None


def test_without_nvml(
    nvml: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """nvidia-smi is asked, then the environment; else all gradings share one lease."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_facts.visible_gpus() == []
    assert gpu_facts.free_memory() is None
    assert gpu_facts.memory_by_process() == ({}, 0)
    assert gpu_facts.gpu_name() == "gpu-0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", TWO)
    assert gpu_facts.gpu_name() == TWO
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho {ONE}\necho {TWO}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpu_facts.gpu_name() == TWO
