"""Have the device libraries' code compiled ahead, and wait for it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from graders.harness.device.gpu_facts import compute_capability

_ROOT = Path(__file__).parents[3]
_COMPILER = _ROOT / "graders" / "harness" / "device" / "library_code.py"
_COMPILED = (_COMPILER, _COMPILER.with_name("cupy_code.py"))
_PACKAGES = ("cuda-bindings", "cuda-core", "cupy", "nvidia-", "nvmath-python")


class LibraryCode:
    """
    A folder with code of NVIDIA's device libraries, which workers read.

    It is made by a process of ours, from parameters alone: nothing that a submission does
    gets into it. A worker looks its pieces up by all that they depend on, so that what an
    older version compiled is passed over.

    Args:
        folder: Where the code is kept between gradings.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._compiling: subprocess.Popen[bytes] | None = None

    def prepare(self, wanted: Iterable[Sequence[Any]]) -> None:
        """
        Start to compile what is wanted, in the background, unless it is there.

        Where the folder cannot be made or written each worker compiles for itself.

        Args:
            wanted: As the rubric lists it: ``("random",)``, ``("fft", size, precision)``,
                ``("cupy", group)``.
        """
        items = sorted({tuple(item) for item in wanted}, key=repr)
        if not items:
            return
        with contextlib.suppress(OSError):
            self._start(items)

    def _start(self, items: list[tuple[Any, ...]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        done = f"done-{_digest(items)}"
        if (self.folder / done).exists():
            return
        with (self.folder / "lock").open("a") as lock:
            try:
                # The process inherits the lock; the kernel gives it back when that ends.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # a grading compiles already, this one or another
            if self._compiling is not None:
                self._compiling.wait()  # its lock is free: it is ending
            jobs = len(os.sched_getaffinity(0))
            command = [
                sys.executable, "-I", str(_COMPILER), str(self.folder), json.dumps(items),
                str(jobs), json.dumps([str(_ROOT), *sys.path]), done,
            ]  # fmt: skip
            with (self.folder / "log").open("wb") as log:
                self._compiling = subprocess.Popen(
                    command,
                    pass_fds=(lock.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def wait(self) -> None:
        """Wait until nobody compiles any more, whether that succeeded or not."""
        with contextlib.suppress(OSError), (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Stop compiling; what is done is kept."""
        if self._compiling is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._compiling.pid, signal.SIGKILL)
            self._compiling.wait()


def _digest(items: list[tuple[Any, ...]]) -> str:
    versions = sorted(
        f"{found.name} {found.version}"
        for found in metadata.distributions()
        if found.name and found.name.startswith(_PACKAGES)
    )
    sources = [path.read_bytes() for path in _COMPILED]  # what a group consists of
    facts = (items, versions, compute_capability(), sources)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
