"""A notebook as a program under test: its cells are run, then its functions are called."""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from graders.harness import jupyter_packages
from graders.harness.checks.failures import crash_failure, described
from graders.harness.errors import (
    Crashed,
    Failure,
    HarnessError,
    ImportFailed,
    TimedOut,
    WorkerCrashed,
    WorkerError,
)
from graders.harness.submission import notebook_file
from graders.harness.supervisor import Observation, Worker
from graders.harness.supervisor.kernel import NotebookKernel
from graders.harness.supervisor.notebook import (
    CELLS_IN_ALL,
    CellRun,
    KernelDied,
    NotebookRun,
    execute,
)

# So many cells that end the kernel are left out.
_MOST_LEFT_OUT = 2
_LARGEST_LIST = 8 * 2**20


class NotebookProgram:
    """
    A notebook, and what came of running it.

    Args:
        path: The notebook.

        timeout: Seconds that a cell may take; all cells may take four times that, and when
            the kernel ended in a later call, the same again.

    Attributes:
        files: Laid into the working folder before the first cell, by their paths there.

        run: What its cells did when they were first run to the end; None before.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._left = CELLS_IN_ALL * timeout
        self._left_out: dict[int, str] = {}
        self._kernel: NotebookKernel | None = None
        self.files: Mapping[str, bytes] = {}
        self.started = False
        self.run: NotebookRun | None = None

    def execute(self, worker: Worker, folder: Path) -> None:
        """
        Run the cells in a fresh worker.

        Args:
            worker: Where the notebook is staged.

            folder: The staged folder.

        Raises:
            Failure: It cannot be read, or there is no time left to run it again.

            KernelDied: A cell ended the worker.
        """
        self.started = True
        jupyter_packages.load("nbclient")
        node = notebook_file.read(self._path).node
        self._lay_files(worker.scratch / "work")
        self._kernel = NotebookKernel(worker, folder)
        try:
            self._kernel.begin()
        except WorkerError as err:  # nothing of the learner's has run yet
            msg = f"no kernel could be started for {self._path.name}: {err}"
            raise HarnessError(msg) from err
        began = time.monotonic()
        try:
            run = execute(
                self._kernel,
                node,
                timeout=self._timeout,
                whole=self._left,
                left_out=self._left_out,
            )
        finally:
            self._left -= time.monotonic() - began
        if self.run is None:
            self.run = run
            self._left = CELLS_IN_ALL * self._timeout
        elif run.problem:
            msg = f"{self._path.name} took too long: it had to be run again and again."
            raise TimedOut(msg, hint="Look for the call that ends the kernel.")

    def leave_out(self, died: KernelDied) -> Failure | None:
        """Leave a cell out from now on, since it ends the kernel; or say: too many do."""
        self._left_out[died.number] = str(died.error)
        if len(self._left_out) <= _MOST_LEFT_OUT:
            return None
        self.run = self.run or died.run
        numbers = ", ".join(str(n) for n in sorted(self._left_out))
        what = f"{self._path.name}: code cells {numbers} ended the kernel, the last one"
        if isinstance(died.error, WorkerCrashed):
            return crash_failure(died.error, what)
        msg = f"{what} because {died.error}."
        return Crashed(msg, hint="Run these cells by themselves.")

    def variable(self, worker: Worker, name: str) -> Observation:
        """Return what a name refers to."""
        assert self._kernel is not None
        assert self._kernel.worker is worker
        return self._kernel.variable(name)

    def raise_for_missing(self, function: str, names: Sequence[str]) -> NoReturn:
        """Raise the failure for a function that the notebook does not have."""
        start = f"{self._path.name} has no function {function!r}"
        defining = re.compile(
            rf"^[ \t]*(?:async\s+)?def\s+{re.escape(function)}\b", re.M
        )
        for cell in self.run.cells if self.run else ():
            problem = _problem(cell)
            if problem and defining.search(cell.source):
                msg = f"{start}: code cell {cell.number}, which defines it, {problem}"
                raise ImportFailed(msg, hint=f"Mend code cell {cell.number} first.")
        near = difflib.get_close_matches(function, names, 1)
        guess = f" There is a {near[0]!r}: rename it." if near else ""
        msg = f"{start}.{guess}"
        raise ImportFailed(msg, hint="Keep the names of the stub.")

    def _lay_files(self, work: Path) -> None:
        for name, content in {**_fonts(), **self.files}.items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                msg = f"{name}: a file for a notebook lies in its working folder"
                raise HarnessError(msg)
            place = work / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            for folder in [p for p in place.parents if p.is_relative_to(work)][:-1]:
                folder.chmod(0o755)  # whatever our umask says
            place.chmod(0o644)


def _fonts() -> dict[str, bytes]:
    """Return matplotlib's list of fonts, where it has one: it takes seconds to make."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    lists = Path(base, "matplotlib").glob("fontlist-*.json")
    return {
        f".cache/matplotlib/{path.name}": path.read_bytes()
        for path in lists
        if path.is_file() and path.stat().st_size < _LARGEST_LIST
    }


def _problem(cell: CellRun) -> str:
    """Return what kept a cell from defining something; empty where nothing did."""
    if cell.not_run:
        return f"was not run: {cell.not_run}."
    return f"raised {described(cell.exception)}" if cell.exception else ""
