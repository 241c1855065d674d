"""Watch the workers of a fork server: memory, processes, disk, and what they leave behind.

The server is the reaper of its descendants: a process whose parent has ended becomes the
server's own child, whichever session or group it moved to, and is killed. Imports nothing
of the engine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks.
INTERVAL = 0.05
_LOOKS_A_SLOW_LOOK = 10
_PR_SET_CHILD_SUBREAPER = 36
_MAX_PROCESSES = 64
_MAX_THREADS = 1024
_MAX_FILES = 25_000
_RESERVE_SHARE = 0.03
_MAX_DISK_BYTES = 2**30
_MEMORY_SHARE = 0.4
_GPU_SHARE = 0.8
_LEAST_MEMORY = 2 * 2**30
_SWEEP_SECONDS = 3.0
_PAGE = os.sysconf("SC_PAGE_SIZE")

GpuMemory = Callable[[], tuple[Mapping[int, int], int]]


@dataclass
class Watched:
    """
    A worker that runs.

    Attributes:
        pid: Its process.

        scratch: Its folder.

        user: Its user where nobody else has it, or 0.

        killed_because: Why the watch ended it: ``memory``, ``processes`` or ``disk``, with
            figures; empty where it did not.

        used: Bytes of memory that it and its descendants used at the last look.
    """

    pid: int
    scratch: str
    user: int = 0
    killed_because: str = ""
    used: int = 0


class Watch:
    """
    The limits that the kernel does not keep by itself.

    Args:
        memory: Bytes that one worker and its descendants may use.

        gpu_memory: Tells the bytes that each process uses on the GPU, and the bytes that
            it has; None where there is no GPU.
    """

    def __init__(self, memory: int = 0, gpu_memory: GpuMemory | None = None) -> None:
        self.memory = memory or memory_limit()
        self._gpu_memory = gpu_memory
        self._on_gpu: tuple[Mapping[int, int], int] = {}, 0
        self._looks = 0
        # What a worker has from the server at its birth is not its own use.
        self._inherited = _resident(os.getpid())

    def look(self, workers: Collection[Watched]) -> None:
        """Kill the workers that use too much, and every process without a parent."""
        self._looks += 1
        if self._gpu_memory is not None and self._is_slow_look():
            self._on_gpu = self._gpu_memory()  # once for all workers: that takes long
        for worker in workers:
            if not worker.killed_because:
                worker.killed_because = self._excess(worker)
                if worker.killed_because:
                    end_tree(worker)
        self._keep_reserve([w for w in workers if not w.killed_because])
        end_orphans({worker.pid for worker in workers})

    def _excess(self, worker: Watched) -> str:
        tree = list(_tree(worker.pid))
        if len(tree) > _MAX_PROCESSES:
            return f"processes: {len(tree)} of at most {_MAX_PROCESSES}"
        threads = sum(_threads(pid) for pid in tree)
        if threads > _MAX_THREADS:
            return f"threads: {threads:,} of at most {_MAX_THREADS:,}"
        used = worker.used = sum(
            max(0, _resident(pid) - self._inherited) for pid in tree
        )
        if used > self.memory:
            return f"memory: {used / 1e9:.1f} GB of at most {self.memory / 1e9:.1f} GB"
        return self._slow_excess(worker, tree) if self._is_slow_look() else ""

    def _is_slow_look(self) -> bool:
        return self._looks % _LOOKS_A_SLOW_LOOK == 0

    def _slow_excess(self, worker: Watched, tree: Collection[int]) -> str:
        """Look at what takes longer to find out: the disk, and the GPU."""
        by_process, total = self._on_gpu
        used = sum(by_process.get(pid, 0) for pid in tree)
        if used > _GPU_SHARE * total:
            most = _GPU_SHARE * total / 1e9
            return f"memory on the GPU: {used / 1e9:.1f} GB of at most {most:.1f} GB"
        size, files = _disk(Path(worker.scratch))
        size += sum(_unlinked(pid) for pid in tree)
        if files > _MAX_FILES:
            return f"disk: more than {_MAX_FILES:,} files"
        if size > _MAX_DISK_BYTES:
            most = _MAX_DISK_BYTES / 1e9
            return f"disk: {size / 1e9:.1f} GB of at most {most:.1f} GB"
        return ""

    def _keep_reserve(self, workers: Sequence[Watched]) -> None:
        """
        End the largest worker where the machine is about to run out of memory.

        Some memory is in no process's books: what sockets hold, or unlinked files.
        """
        available, total = _available_memory()
        if not workers or available >= _RESERVE_SHARE * total:
            return
        largest = max(workers, key=lambda worker: worker.used)
        largest.killed_because = (
            f"memory: {available / 1e9:.1f} GB were left of the machine's "
            f"{total / 1e9:.1f} GB"
        )
        end_tree(largest)


def adopt_orphans() -> bool:
    """Become the parent of every descendant whose own parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def memory_limit() -> int:
    """Return the bytes that a worker may use: a share of what this machine has."""
    total = os.sysconf("SC_PHYS_PAGES") * _PAGE
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(_LEAST_MEMORY, int(total * _MEMORY_SHARE))


def end_tree(worker: Watched) -> None:
    """Kill a worker with its group and all its descendants."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    for pid in [*_tree(worker.pid), *_of_user(worker.user)]:
        _kill(pid)


def end_leftovers(worker: Watched, others: Collection[int]) -> bool:
    """
    Kill what a worker that has ended left running; return whether nothing is left.

    Args:
        worker: The worker; it has been waited for.

        others: Workers that still run.
    """
    until = time.monotonic() + _SWEEP_SECONDS
    while time.monotonic() < until:
        ended = end_orphans(others)
        alive = [pid for pid in _of_user(worker.user) if _kill(pid)]
        if not ended and not alive:
            return True
        time.sleep(0.001)
    return False


def end_orphans(workers: Collection[int]) -> int:
    """Kill this process's children that are no workers; return how many there were."""
    count = 0
    for pid in _children(os.getpid()):
        if pid not in workers:
            count += 1
            _kill(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
    return count


def _kill(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _tree(pid: int) -> Iterator[int]:
    """Yield a process and its descendants, each parent before its children."""
    waiting, seen = [pid], set()
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            yield current
            waiting += _children(current)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names alone
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
    return found


def _of_user(user: int) -> list[int]:
    """Return the processes of a worker's own user, which nobody else has."""
    if not user:
        return []
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - names alone
        if name.isdigit():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{name}/status").read_text()
                lines = dict(x.split(":", 1) for x in status.splitlines() if ":" in x)
                real = int(lines["Uid"].split()[0])
                if real == user and not lines["State"].strip().startswith("Z"):
                    found.append(int(name))
    return found


def _resident(pid: int) -> int:
    """Return a process's memory in bytes, without mapped files; 0 where it is gone."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1]) * 1024
    return total


def _threads(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split("Threads:")[1].split()[0])
    return 0


def _available_memory() -> tuple[int, int]:
    """Return the bytes that the machine has left, and all that it has."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text()
        available, total = (
            int(text.split(f"{name}:")[1].split()[0]) * 1024
            for name in ("MemAvailable", "MemTotal")
        )
        return available, total
    return 1, 1


def _disk(folder: Path) -> tuple[int, int]:
    """Return the bytes that the files beneath a folder occupy, and how many there are."""
    total = count = 0
    for place, _, files in os.walk(folder):
        count += 1 + len(files)
        for name in files[:_MAX_FILES]:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_blocks * 512
        if count > _MAX_FILES:
            break
    return total, count


def _unlinked(pid: int) -> int:
    """Return the bytes of files that a process holds open and has removed."""
    total = 0
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names alone
            with contextlib.suppress(OSError):
                found = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 - a name
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    total += found.st_blocks * 512
    return total
