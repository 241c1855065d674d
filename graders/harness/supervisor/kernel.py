"""A worker as a notebook's kernel: it runs cells, and tells what names refer to."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graders.harness.device.evidence import Evidence
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.supervisor import answers, cell_outputs
from graders.harness.supervisor.cell_outputs import Output
from graders.harness.supervisor.observation import Observation
from graders.harness.supervisor.worker import Worker

_BEGIN_SECONDS = 60.0  # to import the shell, which happens once
_VARIABLE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    What a cell did, read and bounded.

    Attributes:
        outputs: What it showed (:func:`cell_outputs.read`).

        stand_ins: The missing modules that stand-ins have replaced so far.

        interrupted: Whether it was interrupted, since its time was over.
    """

    outputs: list[Output]
    exception: dict[str, Any] | None
    evidence: Evidence
    seconds: float
    bound: tuple[str, ...]
    stand_ins: tuple[str, ...]
    interrupted: bool


class NotebookKernel:
    """
    The side of a kernel that asks.

    Args:
        worker: A worker of its own, which has loaded nothing yet.

        folder: Where the submission's files are staged.
    """

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker = worker
        self._folder = folder
        work = worker.scratch / "work"
        self._folders = {f"{folder}/": "", f"{work}/": "", f"{work}": "."}

    def begin(self) -> None:
        """
        Let the worker make the shell; once, before the first cell.

        Raises:
            EnvironmentUnavailable: It has none.

            WorkerCrashed, WorkerTimedOut, ProtocolError: The worker is gone.
        """
        request = {"op": "notebook", "folder": str(self._folder)}
        head, _ = self.worker.ask(request, _BEGIN_SECONDS, wants=["begun"])
        try:
            problem = answers.text(head["problem"])
        except answers.MALFORMED as err:
            raise self.worker.malformed(err) from err
        if problem:
            msg = f"no notebook can be run here: {problem}"
            raise EnvironmentUnavailable(msg)

    def run(self, number: int, source: str, timeout: float) -> Answer:
        """
        Run a cell.

        Args:
            number: Its place among the code cells, from 1.

            source: Its text.

            timeout: Seconds until it is interrupted; if it goes on, the worker is killed.

        Raises:
            WorkerCrashed, WorkerTimedOut, ProtocolError: The kernel is gone.
        """
        request = {"op": "cell", "number": number, "source": source, "trace": True}
        started = time.perf_counter()
        head, blobs = self.worker.ask(request, timeout, wants=["ran"], interrupt=True)
        seconds = time.perf_counter() - started
        interrupted = self.worker.interrupted
        try:
            return Answer(
                outputs=cell_outputs.read(head["pieces"], blobs, self._folders),
                exception=answers.exception(head["exception"]),
                evidence=replace(Evidence.from_dict(head["evidence"]), recorded_on=""),
                seconds=seconds,
                bound=tuple(answers.texts(head["bound"])),
                stand_ins=tuple(answers.texts(head["stand_ins"])),
                interrupted=interrupted,
            )
        except answers.MALFORMED as err:
            raise self.worker.malformed(err) from err

    def variable(self, name: str, timeout: float = _VARIABLE_SECONDS) -> Observation:
        """Return what a name refers to; the problem is ``missing`` if it is not bound."""
        request = {"op": "variable", "name": name}
        wants = ["observation", "missing"]
        head, blobs = self.worker.ask(request, timeout, wants=wants)
        return self.worker.observation(head, blobs, 0.0)
