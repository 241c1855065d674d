"""How many gradings a machine takes at once: by its cores, and by the memory that is left.

Memory is looked at before each start. A machine that is short of it would otherwise end
programs that have done nothing wrong.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from graders.harness.device.gpu_facts import free_memory

_MB = 2**20
# What stays free on the host. Fork servers end the largest program where less than 3 % is
# left (worker.watch); at twice that nothing of ours comes near it.
_RESERVE_SHARE = 0.06
# What one exercise comes to need beside what it shares with the fork server: a shard and up
# to three workers. Measured in the simulator: 60 MB a shard, 150 MB a worker at work. A
# worker on a GPU has CUDA's own 300 to 500 MB of host memory in it.
_HOST_BYTES = {"simulator": 512 * _MB, "cuda": 2048 * _MB}
# On the GPU: three contexts of some 500 MB, and the operands of the largest cases.
_GPU_BYTES = 2560 * _MB
# What stays free there: for the worker that describes it, and for whoever else uses it.
_GPU_RESERVE = 1024 * _MB
# Seconds after which what an exercise needs shows in what is free: a worker on a GPU takes
# so long to import its program and to make its context.
_GROWING = 4.0
# Seconds for which an answer of the GPU's stands: the process that starts everything spent
# half of its time on asking. What is started meanwhile counts as growing.
_ASK_GPU_AGAIN = 0.5
# On a GPU this many times as many exercises run as there are cores: those that wait for the
# GPU alone use no core, and the more of them wait, the longer the others have it together.
_WAITING_ON_GPU = 2
# Submissions beyond that, so that a free place is taken by one that is there already.
_READY = 2


def exercises_at_once(device: str, jobs: int = 0) -> int:
    """
    Return how many exercises run at once.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        jobs: As the user asked for it; 0 for what suits the machine.
    """
    if jobs:
        return jobs
    cores = len(os.sched_getaffinity(0))
    return cores * _WAITING_ON_GPU if device == "cuda" else cores


def submissions_at_once(device: str, jobs: int = 0) -> int:
    """Return how many submissions are worth having at once; most hold a single exercise."""
    return exercises_at_once(device, jobs) + _READY


class Admission:
    """
    Says whether there is memory for one more exercise.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        host: Tells the bytes that the host has left, and all that it has.

        gpu: Tells the bytes that the GPU has left, or None where that is not known.

        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        device: str,
        *,
        host: Callable[[], tuple[int, int]] | None = None,
        gpu: Callable[[], int | None] = free_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected = _HOST_BYTES[device]
        self._host = host or host_memory
        self._gpu = gpu if device == "cuda" else lambda: None
        self._clock = clock
        self._free_on_gpu: tuple[float, int | None] = -math.inf, None

    def has_room(self, ages: Sequence[float]) -> bool:
        """
        Return whether one more exercise may start; one may always.

        Args:
            ages: For how many seconds each of those that run has run.
        """
        if not ages:
            return True
        coming = 1 + sum(age < _GROWING for age in ages)
        available, total = self._host()
        if available < _RESERVE_SHARE * total + coming * self._expected:
            return False
        free = self._free()
        return free is None or free >= _GPU_RESERVE + coming * _GPU_BYTES

    def _free(self) -> int | None:
        """Return what the GPU has left, as it was some moments ago at most."""
        asked, free = self._free_on_gpu
        if self._clock() - asked > _ASK_GPU_AGAIN:
            free = self._gpu()
            self._free_on_gpu = self._clock(), free
        return free


def host_memory(
    proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")
) -> tuple[int, int]:
    """
    Return the bytes of memory that may still be used, and all that there are.

    Both are the machine's or, where that is less, those of a control group that this
    process is in: a container's, or a job's of a batch system.
    https://docs.kernel.org/admin-guide/cgroup-v2.html

    Args:
        proc: Where the kernel tells of processes.

        groups: Where it tells of control groups.
    """
    meminfo = _fields(proc / "meminfo")
    available = meminfo.get("MemAvailable:", 2**62) * 1024
    total = meminfo.get("MemTotal:", 2**62) * 1024
    for folder in _own_groups(proc, groups):
        with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
            limit = int((folder / "memory.max").read_text())
            used = int((folder / "memory.current").read_text())
            # Files that were read once count as used; the kernel drops them first.
            cached = _fields(folder / "memory.stat").get("inactive_file", 0)
            available = min(available, limit - used + cached)
            total = min(total, limit)
    return max(available, 0), total


def _own_groups(proc: Path, groups: Path) -> Iterator[Path]:
    """Yield the folders of the groups that this process is in, the innermost first."""
    own = Path()
    with contextlib.suppress(OSError, StopIteration):
        lines = (proc / "self" / "cgroup").read_text().splitlines()
        own = Path(next(x[3:] for x in lines if x.startswith("0::")).strip("/"))
    if ".." not in own.parts:
        yield from (groups / part for part in (own, *own.parents) if part != Path())
    yield groups  # a container sees its own group at the top


def _fields(path: Path) -> dict[str, int]:
    """Return a kernel file's lines ``name number``."""
    found = {}
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            name, *rest = line.split()
            if rest and rest[0].isdigit():
                found[name] = int(rest[0])
    return found
