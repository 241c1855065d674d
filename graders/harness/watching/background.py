"""Grade in a thread, so that keys and saves are noticed meanwhile; stop a grading."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graders.harness.catalog import Exercise
from graders.harness.models import CheckResult, Submission
from graders.harness.run import Grader, Request
from graders.harness.watching.inbox import Checked, Event, Graded

_ENDING_SECONDS = 1.0
Work = Sequence[tuple[Exercise, Submission]]


@dataclass(frozen=True)
class _Job:
    number: int
    request: Request


class Background:
    """
    A warm grader in a thread of its own: one job at a time, which can be stopped.

    Args:
        grader: The warm grader.

        request: What to ask of it, but for the work.

        post: Takes what happens: ``Checked`` and, for each job that was started, one
            ``Graded``.
    """

    def __init__(
        self,
        grader: Grader,
        request: Callable[[Work], Request],
        post: Callable[[Event], None],
    ) -> None:
        self._grader = grader
        self._request = request
        self._post = post
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._running = threading.Event()
        self._stopping: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def start(self, number: int, work: Work) -> None:
        """Begin a job; the one before must be over."""
        if self._stopping is not None:
            self._stopping.join()  # or it would stop this one
            self._stopping = None
        self._running.set()
        self._jobs.put(_Job(number, self._request(work)))

    def stop(self) -> None:
        """Let the job end soon, with whatever result; it does not wait for that."""
        if self._running.is_set() and self._stopping is None:
            self._stopping = threading.Thread(target=self._end_shards, daemon=True)
            self._stopping.start()

    def close(self) -> None:
        """Stop the job and end the thread; the grader is of no use afterwards."""
        self.stop()
        self._jobs.put(None)
        self._thread.join(_ENDING_SECONDS)
        if self._thread.is_alive():  # it waits for a server that still imports
            self._grader.close()
            self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            report, error = None, None
            try:
                graded = self._grader.grade(job.request, self._listener(job.number))
                report = graded.for_learners()
            except Exception as err:  # noqa: BLE001 - shown, and the watch goes on
                error = err
            self._running.clear()
            self._post(Graded(job.number, report, error))

    def _listener(self, number: int) -> Callable[[str, CheckResult], None]:
        return lambda exercise, result: self._post(Checked(number, exercise, result))

    def _end_shards(self) -> None:
        """Kill the shards of the job, also those that it has yet to start."""
        while self._running.is_set():
            for pid in self._shards():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def _shards(self) -> list[int]:
        """Return the processes that the grading thread has forked, in our session."""
        # The fork server, if it was started here again, has a session of its own.
        shards = []
        with suppress(OSError):  # told by the kernel where it was built to; else none
            task = Path(f"/proc/self/task/{self._thread.native_id}/children")
            for pid in map(int, task.read_text().split()):
                with suppress(ProcessLookupError):
                    if os.getsid(pid) == os.getsid(0):
                        shards.append(pid)
        return shards
