"""A station: one warm grader, in a process of its own, that grades submissions at once.

It may be used by many threads. Nothing is forked in their process.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from graders.harness.catalog import ROOT
from graders.harness.classroom.admission import submissions_at_once
from graders.harness.device.gpu_facts import visible_gpus
from graders.harness.errors import EnvironmentUnavailable, HarnessError, UsageError
from graders.harness.threads import one_thread_each

__all__ = ["Graded", "Station", "StationDown", "visible_gpus"]

_START = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from graders.harness.classroom.grading_process import main; "
    "sys.exit(main({arguments!r}))"
)
_SECONDS_TO_END = 5.0
_MOST_WORDS = 1 << 16


class StationDown(HarnessError):
    """The station's process ended while a submission was in flight there."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """
    A submission that was graded.

    Attributes:
        report: The JSON report, whole, hidden checks included, without figures.

        page: The learner's page: HTML with figures, without what is hidden.

        seconds: How long the grading took, from its arrival in the station's process.
    """

    report: dict[str, Any]
    page: str
    seconds: float


@dataclass
class _Process:
    """A grading process, and who waits for answers of it."""

    popen: subprocess.Popen[bytes]
    log: IO[bytes]
    waiting: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = field(
        default_factory=dict
    )
    writing: threading.Lock = field(default_factory=threading.Lock)
    reader: threading.Thread | None = None
    #: Why it can grade nothing, as it said itself.
    problem: str = ""
    last_words: str = ""
    is_over: bool = False


class Station:
    """
    Grades submissions, several at once; its process starts with the first.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        names: Assignments and exercises, as for ``grade.py``. The default is all.

        gpu: The UUID of the GPU that it uses. The default is the first that is visible.

        jobs: Exercises at once; 0 for what suits the machine.

        root: The repository whose assignments are graded.

        required: Layers of the sandbox without which nothing is graded.
    """

    def __init__(
        self,
        device: str,
        *,
        names: Sequence[str] = (),
        gpu: str = "",
        jobs: int = 0,
        root: Path = ROOT,
        required: Sequence[str] = (),
    ) -> None:
        self._gpu = gpu
        self._arguments = json.dumps(
            {
                "device": device,
                "names": list(names),
                "jobs": jobs,
                "root": str(root),
                "required": list(required),
            }
        )
        #: How many submissions it is worth giving it at once.
        self.slots = submissions_at_once(device, jobs)
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._last = 0
        self._is_closed = False

    def grade(
        self, files: Mapping[str, bytes], *, seed: str = "", alone: bool = False
    ) -> Graded:
        """
        Grade a submission and return what was found; it waits for that.

        Args:
            files: Modules and notebooks: content by POSIX path within the submission. They
                are graded as ``grade.py --submission FOLDER`` grades them.

            seed: To draw the inputs of an earlier grading. The default draws others for
                each submission.

            alone: Whether nothing else may run in this station meanwhile.

        Raises:
            UsageError: What was handed in cannot be graded.

            StationDown: The process ended meanwhile; the next call starts another.

            HarnessError: This machine cannot grade, or the station is closed.
        """
        answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        encoded = {
            name: base64.b64encode(data).decode() for name, data in files.items()
        }
        with self._lock:
            process = self._running()
            self._last += 1
            number = self._last
            process.waiting[number] = answers
        request = {"number": number, "files": encoded, "seed": seed, "alone": alone}
        line = json.dumps(request).encode() + b"\n"
        with contextlib.suppress(OSError, ValueError), process.writing:
            # Where it ended meanwhile the reader says so to all who wait.
            assert process.popen.stdin is not None
            process.popen.stdin.write(line)
            process.popen.stdin.flush()
        answer = answers.get()
        if answer is None:
            raise self._ended(process)
        if "problem" in answer:
            raise (UsageError if answer["usage"] else HarnessError)(answer["problem"])
        return Graded(
            report=answer["report"], page=answer["page"], seconds=answer["seconds"]
        )

    @property
    def pid(self) -> int:
        """The process that grades now, or 0."""
        process = self._process
        return process.popen.pid if process is not None and not process.is_over else 0

    def _running(self) -> _Process:
        if self._is_closed:
            msg = "the station is closed"
            raise HarnessError(msg)
        if self._process is None or self._process.is_over:
            self._process = self._start()
        return self._process

    def _start(self) -> _Process:
        environment = dict(os.environ)
        one_thread_each(environment)
        if self._gpu:
            environment["CUDA_VISIBLE_DEVICES"] = self._gpu
        log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives with the process
        try:
            popen = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _START.format(root=str(ROOT), arguments=self._arguments),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the command, which ends in order
            )
        except OSError as err:
            log.close()
            msg = f"the process that grades could not be started: {err}"
            raise HarnessError(msg) from err
        process = _Process(popen, log)
        process.reader = threading.Thread(
            target=self._read, args=(process,), name="station", daemon=True
        )
        process.reader.start()
        return process

    def _read(self, process: _Process) -> None:
        """Pass answers on until the process ends; then tell all who wait."""
        assert process.popen.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in process.popen.stdout:
                answer = json.loads(line)
                if "number" not in answer:
                    process.problem = answer["problem"]
                    continue
                with self._lock:
                    waits = process.waiting.pop(answer["number"], None)
                if waits is not None:
                    waits.put(answer)
        _kill(process.popen)
        process.popen.wait()
        with self._lock:
            process.last_words = _last_words(process.log)
            process.is_over = True
            left = list(process.waiting.values())
            process.waiting.clear()
        for file in (process.popen.stdin, process.popen.stdout, process.log):
            with contextlib.suppress(OSError):
                assert file is not None
                file.close()
        for waits in left:
            waits.put(None)

    def _ended(self, process: _Process) -> HarnessError:
        if process.problem:
            return EnvironmentUnavailable(process.problem)
        code = process.popen.returncode
        how = f"by signal {-code}" if code is not None and code < 0 else f"with {code}"
        return StationDown(f"the process that grades ended {how}: {process.last_words}")

    def close(self) -> None:
        """End the process, and with it all that it started; who waits is told."""
        with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
        if process is None:
            return
        assert process.popen.stdin is not None
        assert process.reader is not None
        # A thread that writes to a process that is stuck holds the lock until that ends.
        if process.writing.acquire(timeout=_SECONDS_TO_END):
            with contextlib.suppress(OSError):
                process.popen.stdin.close()
            process.writing.release()
        process.reader.join(_SECONDS_TO_END)
        if process.reader.is_alive():
            _kill(process.popen)
            process.reader.join()

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _kill(popen: subprocess.Popen[bytes]) -> None:
    """Kill the process and its shards; the fork server ends with them."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)


def _last_words(log: IO[bytes]) -> str:
    """Return the last line of what the process said before it ended."""
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - _MOST_WORDS))
    lines = [x.strip() for x in log.read().decode("utf-8", "replace").split("\n")]
    said = [line for line in lines if line]
    return said[-1][:400] if said else "it said nothing"
