"""Run a notebook's cells, one after the other, and say what each of them did.

A cell is compiled under the name of a file beside the learner's others, ``code cell 4``:
so its frames, its clocks and its lines count as a module's do. Imports nothing of the
engine but its neighbours.
"""

from __future__ import annotations

import dis
import functools
import importlib
import signal
import sys
import time
import types
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.harness.worker import shell, stand_ins
from graders.harness.worker.loading import describe_exception, import_written
from graders.harness.worker.outputs import Outputs, capture
from graders.harness.worker.wire import Blob

_MOST_NAMES = 200
# What a function consists of that does nothing: ``pass``, or a docstring alone.
_IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}

# The simulator replaces the learner's clocks; ours is this.
_clock = time.perf_counter


@dataclass(frozen=True, kw_only=True)
class Ran:
    """
    What a cell did.

    Attributes:
        pieces, blobs: What it showed (:meth:`Outputs.take`).

        exception: What ended it, as plain data, or None.

        seconds: How long it took.

        bound: Names that refer to another object than before.
    """

    pieces: list[dict[str, Any]]
    blobs: list[Blob]
    exception: dict[str, Any] | None
    seconds: float
    bound: list[str]


class Cells:
    """
    A notebook's namespace, and the shell that runs its cells there.

    Args:
        folder: Where the learner's other files are staged.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._outputs = Outputs()
        self._failures: list[BaseException] = []
        self._number = 0
        self._source = ""
        self._running = False
        self._finder = stand_ins.Finder(
            self._is_program_file, functools.partial(self._outputs.text, "stderr")
        )
        out, errors = capture(self._outputs, (sys.stdout, sys.stderr))
        self._streams = (out, errors)
        sys.stdout, sys.stderr = out, errors
        shell.refuse_questions()
        shell.show_in_line()
        self._shell = shell.make_shell(
            self._outputs, self._compiled_as, self._failures.append, folder
        )
        self._run_in_shell = self._shell.run_cell  # whatever the program makes of it
        self.module: types.ModuleType = self._shell.user_module
        self._given = dict(vars(self.module))
        if folder not in sys.path:
            sys.path.insert(0, folder)
        import_written(str(Path.cwd()), folder)
        sys.modules["grade"] = stand_ins.grade_module()
        sys.meta_path.append(self._finder)
        signal.signal(signal.SIGINT, self._interrupted)
        warnings.filterwarnings("ignore", "To exit: use")

    @property
    def stand_ins(self) -> list[str]:
        """The missing modules that were replaced so far."""
        return self._finder.names

    def run(self, number: int, source: str) -> Ran:
        """Run a cell; what it raises is described, never raised."""
        self._number, self._source = number, source
        self._failures.clear()
        for stream in self._streams:
            stream.begin()
        self._shell.execution_count = number
        before = _references(self._own())
        error: BaseException | None = None
        importlib.invalidate_caches()  # an earlier cell may have written a module
        started = _clock()
        try:
            self._running = True
            self._run_in_shell(source, store_history=True)
        except BaseException as exc:  # noqa: BLE001 - the program may replace the shell
            error = exc
        finally:
            self._running = False
        seconds = _clock() - started
        error = error or (self._failures[-1] if self._failures else None)
        self._failures.clear()
        described = describe_exception(error, self._folder) if error else None
        bound = _bound(before, self._own())
        pieces, blobs = self._outputs.take()
        return Ran(
            pieces=pieces,
            blobs=blobs,
            exception=described,
            seconds=seconds,
            bound=bound,
        )

    def variable(self, name: str) -> tuple[bool, Any]:
        """Return whether the program bound a name, and to what."""
        own = self._own()
        return name in own, own.get(name)

    def names(self) -> list[str]:
        """Return the names of the program's own functions and classes."""
        return [n for n, item in self._own().items() if callable(item)][:_MOST_NAMES]

    def all_names(self) -> list[str]:
        """Return the names of all that the program bound."""
        return list(self._own())[:_MOST_NAMES]

    def unwritten(self, function: Any) -> dict[str, Any] | None:
        """Return where a function begins that does nothing; None where it does."""
        code = getattr(function, "__code__", None)
        if type(function) is not types.FunctionType or code is None:
            return None
        steps = [(i.opname, i.argval) for i in dis.get_instructions(code)]
        idle = all(name in _IDLE for name, _ in steps)
        returns = [
            value for name, value in steps if name in ("LOAD_CONST", "RETURN_CONST")
        ]
        if not idle or returns != [None]:
            return None
        file = str(code.co_filename).removeprefix(f"{self._folder}/")
        return {"file": file, "line": int(code.co_firstlineno)}

    def _own(self) -> dict[str, Any]:
        """Return what the program bound, without what IPython has put there."""
        space = list(vars(self.module).items())
        return {
            name: value
            for name, value in space
            if not str(name).startswith("_")
            and not (name in self._given and self._given[name] is value)
        }

    def _compiled_as(self, text: str) -> tuple[str, int]:
        """Return a file name for code of the cell, and the lines above it in the cell."""
        text = text.rstrip("\n")  # IPython may have added the last one
        at = self._source.rfind(text) if text.strip() else 0
        name = f"{self._folder}/code cell {self._number}"
        if at < 0:  # code that the program made up
            return f"{name} (made there)", 0
        return name, self._source.count("\n", 0, at)

    def _is_program_file(self, name: str) -> bool:
        return name.startswith(f"{self._folder}/")

    def _interrupted(self, number: int, frame: Any) -> None:
        del number, frame
        if self._running:
            raise KeyboardInterrupt


def _references(space: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to each object that keeps large ones alive no longer than else."""
    return {name: _reference(value) for name, value in space.items()}


def _reference(value: Any) -> Any:
    try:
        return weakref.ref(value)
    except TypeError:
        return lambda: value


def _bound(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(
        name
        for name, value in after.items()
        if name not in before or before[name]() is not value
    )[:_MOST_NAMES]
