"""The learner's program, as a grader calls it: every call is one observation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graders.harness.checks.failures import (
    crash_failure,
    lacked_memory,
    raise_for_call,
    raise_for_load,
    raise_for_missing,
    raise_for_signature,
    raise_for_unwritten,
    without_installation,
    worker_failure,
)
from graders.harness.checks.gpu_trouble import expect_gpu, started
from graders.harness.checks.locations import Location, Sources
from graders.harness.checks.notebooks import NotebookProgram
from graders.harness.checks.remembered import Remembered, key_of
from graders.harness.errors import (
    Crashed,
    EnvironmentUnavailable,
    Failure,
    HarnessError,
    NotRun,
    OutOfMemory,
    ProtocolError,
    TimedOut,
    WorkerCrashed,
    WorkerError,
    WorkerTimedOut,
)
from graders.harness.measure.lease import Lease, Leased
from graders.harness.submission import stage
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.supervisor import NOT_TIMED, ForkServer, Observation, Timed, Worker
from graders.harness.supervisor.notebook import CellRun, KernelDied, NotebookRun

# What all calls of an exercise may take, in calls that take as long as they may.
_CALLS_IN_ALL = 4


class Learner:
    """
    A program under test, in a worker of its own.

    Calls run one after the other in the same worker, as they would in a learner's
    session. A worker that crashed or was stopped is replaced for the next call.

    Args:
        path: The program's module.

        slug: The exercise's name.

        server: Where workers come from.

        timeout: Seconds that a call may take.

        data: The assignment's data folder, or None.

        lease: Of the GPU; None in the simulator.

        owner: Whose compiled kernels may be used again (see :meth:`ForkServer.fork`).

        functions: What the exercise asks for; a notebook must name one of them.

        library_code: A folder with code of the device libraries, or nothing (see
            :meth:`ForkServer.fork`).
    """

    def __init__(
        self,
        path: Path,
        slug: str,
        server: ForkServer,
        *,
        timeout: float,
        data: Path | None = None,
        lease: Lease | None = None,
        owner: str = "",
        functions: Sequence[str] = (),
        library_code: str = "",
    ) -> None:
        self._owner = owner
        self._library_code = library_code
        self._functions = functions
        self._notebook = NotebookProgram(path, timeout) if is_notebook(path) else None
        self._path = path
        self._slug = slug
        self._server = server
        self._timeout = timeout
        self._data = data
        self._lease = lease
        self._worker: Worker | None = None
        self._load_failure: Failure | NotRun | None = None
        self._remembered = Remembered()
        self._output = ""
        self._held: tuple[Any, ...] = ()
        self._keyed: tuple[Any, ...] = ()
        self._sources = Sources(path, slug, self._cells)
        self._called = ""
        self._spent = 0.0
        self.layers: tuple[str, ...] = ()

    def call(
        self,
        function: str,
        *args: Any,
        timeout: float | None = None,
        poison: bool = True,
        trace: bool = True,
        value: bool = True,
        fresh: bool = False,
        alone: bool = False,
        may_raise: tuple[str, ...] = (),
    ) -> Observation:
        """
        Call one of the program's functions and return what was observed.

        A call with the same function and equal arguments is made once; later ones get the
        same observation, or the same failure.

        Args:
            function: The function's name.

            args: Plain values, NumPy arrays (CPU memory), :func:`given.gpu` arrays, lists
                and tuples of them, and the others of :mod:`given`. Without any it gets
                fresh copies of those of the last :meth:`hold`.

            timeout: Seconds until the program is stopped. The default is the rubric's.

            poison: Whether fresh device memory is filled with NaN.

            trace: Whether kernels and copies are recorded.

            value: Whether the result is wanted.

            fresh: Whether to call again even if the same call was made before.

            alone: Whether the GPU is to be leased to nobody else meanwhile, as timing
            needs.

            may_raise: Full names of exceptions that are an answer, such as
                ``"builtins.ValueError"``; the observation then has the exception.

        Raises:
            Failure: The program is missing, unwritten, raised, crashed or took too long.

            NotRun: It uses what this device does not model.
        """
        self._called = function
        given = args or self._held
        key = key_of(function, given, (poison, trace, value, *may_raise))
        self._keyed += given  # an array that is known by its identity must live on
        found = None if fresh else self._remembered.get(key)
        if found is None:
            found = self._observe(
                function,
                args,
                timeout or self._timeout,
                poison=poison,
                trace=trace,
                value=value,
                alone=alone,
                may_raise=may_raise,
            )
            if key is not None:
                self._remembered.put(key, found)
        return _or_raise(found)

    def notebook(self, files: Mapping[str, bytes] | None = None) -> NotebookRun:
        """
        Return what a notebook's cells did; they are run once.

        Args:
            files: Files that the notebook finds in its working folder, by their paths there
                (``"images/dog.jpg"``). Those of the first call count.

        Raises:
            Failure: It is no notebook, or cannot be read.
        """
        notebook = self._as_notebook()
        if files and not notebook.started:
            notebook.files = dict(files)
        try:
            self._ready()
        except (Failure, NotRun):
            if notebook.run is None:
                raise
        assert notebook.run is not None
        return notebook.run

    def variable(self, name: str) -> Observation:
        """
        Return what a name refers to after a notebook's last cell.

        The observation's ``problem`` is ``"missing"`` where the name is not bound, its
        ``exception`` what was raised when the value was looked at.

        Raises:
            Failure: The notebook's kernel ended, then or before.
        """
        self._as_notebook()
        try:
            return self._as_notebook().variable(self._ready(), name)
        except WorkerCrashed as err:
            raise crash_failure(err, f"Looking at {name}") from err
        except (WorkerTimedOut, ProtocolError) as err:
            msg = f"{name} could not be looked at: {err}."
            raise Crashed(msg) from err

    def _as_notebook(self) -> NotebookProgram:
        if self._notebook is None:
            msg = f"{self._path.name} is a module: it has no cells"
            raise HarnessError(msg)
        return self._notebook

    def hold(self, args: tuple[Any, ...]) -> None:
        """Hand over what calls without arguments get; large arrays cross only once."""
        if [*map(id, args)] == [*map(id, self._held)]:
            return
        self._held = args
        if self._worker is None or self._worker.closed:
            return  # the next worker gets them when it starts
        try:
            self._worker.hold(args, self._timeout)
        except WorkerError:
            self._worker.kill()
            self._worker = None

    @property
    def gpu(self) -> str:
        """The UUID of the GPU that it is leased, or what stands for it; empty without."""
        return self._lease.gpu if self._lease is not None else ""

    @contextmanager
    def gpu_alone(self) -> Iterator[Callable[[], None]]:
        """
        Lease the GPU to this program and those called beside it, for many rounds.

        Yields:
            What lets others in for a moment, to be called between rounds; it does so only
            where they have waited for long.
        """
        if self._lease is None:
            yield lambda: None
            return
        with self._lease.held_alone():
            yield self._lease.let_others_in

    def call_held(
        self,
        function: str,
        *,
        trace: bool = True,
        alone: bool = True,
        timed: Timed = NOT_TIMED,
    ) -> Observation:
        """
        Call a function with fresh copies of the held arguments, for its evidence and time.

        Nothing is poisoned and no result crosses. The GPU is idle when the time is taken.

        Args:
            function: The function's name.

            trace: Whether kernels and copies are recorded.

            alone: Whether the GPU is to be leased to nobody else meanwhile.

            timed: What this round does otherwise.

        Raises:
            Failure, NotRun: As for :meth:`call`.
        """
        how: Any = {"poison": False, "trace": trace, "value": False, "timed": timed}
        return _or_raise(self._observe(function, (), self._timeout, alone=alone, **how))

    def restart(self) -> None:
        """Let the next call run in a fresh worker."""
        if self._worker is not None:
            self._worker.finish()
            self._worker = None

    def _observe(
        self,
        function: str,
        args: tuple[Any, ...],
        timeout: float,
        *,
        alone: bool,
        may_raise: tuple[str, ...] = (),
        **how: Any,
    ) -> Observation | Failure | NotRun:
        left = _CALLS_IN_ALL * self._timeout - self._spent
        if left <= 0:
            msg = (
                f"The calls took more than {_CALLS_IN_ALL * self._timeout:g} s together, "
                f"{_CALLS_IN_ALL} times what one of them may take."
            )
            return TimedOut(msg, hint="Try the smallest case: what takes so long?")
        timeout = min(timeout, max(left, 1.0))

        def attempt(*, alone: bool = alone) -> Observation | Failure | NotRun:
            found = self._attempt(
                function, args, timeout, alone=alone, may_raise=may_raise, **how
            )
            expect_gpu(self._server, found)
            return found

        if alone or self._lease is None:
            return attempt()
        started, spent = time.monotonic(), self._spent
        found = attempt()
        if not (isinstance(found, TimedOut | OutOfMemory) or lacked_memory(found)):
            return found
        self.restart()  # what it may have taken of the GPU is free again
        with self._lease.held_alone():
            if not self._lease.others_in_trouble(started):
                return found
            self._spent = spent
            return attempt(alone=True)

    def _attempt(
        self,
        function: str,
        args: tuple[Any, ...],
        timeout: float,
        *,
        alone: bool,
        may_raise: tuple[str, ...],
        **how: Any,
    ) -> Observation | Failure | NotRun:
        """Make a call and return what it came to."""
        try:
            worker = self._ready()
            with Leased(self._lease, alone=alone) as lease:
                try:
                    with self._counted(lease):
                        seen = worker.call(
                            function,
                            args,
                            timeout=timeout,
                            pause=None if alone or self._lease is None else lease,
                            **how,
                        )
                finally:
                    self._output = worker.output_tail()
                if seen.exception and set(may_raise) & set(seen.exception["types"]):
                    return seen
                return self._checked(seen, function, args or self._held)
        except (Failure, NotRun) as outcome:
            return outcome
        except (WorkerCrashed, WorkerTimedOut, ProtocolError) as err:
            return worker_failure(err, function)
        except EnvironmentUnavailable:
            if self._worker is not None:
                self._worker.kill()  # it may wait for a lease that does not come
            raise

    @contextmanager
    def _counted(self, lease: Leased) -> Iterator[None]:
        """Count what a call takes, without its waits for the GPU."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - started - lease.waited

    def _checked(
        self, seen: Observation, function: str, args: tuple[Any, ...]
    ) -> Observation:
        if seen.problem == "missing" and self._notebook is not None:
            self._notebook.raise_for_missing(function, seen.detail)
        if seen.problem == "missing":
            unbound = self._sources.unbound(function)
            raise_for_missing(function, seen.detail, f"{self._slug}.py", unbound)
        if seen.problem == "unwritten":
            raise_for_unwritten(function, *seen.detail)
        if seen.problem == "signature":
            raise_for_signature(function, seen.detail, len(args))
        if seen.exception is not None:
            simulated = self._server.device == "simulator"
            raise_for_call(seen.exception, function, simulated=simulated, args=args)
        return seen

    def _ready(self) -> Worker:
        """Return a worker with the module loaded, or raise what loading it raised."""
        if self._load_failure is not None:
            raise self._load_failure
        if self._worker is not None and not self._worker.closed:
            return self._worker
        if self._notebook is None:
            worker = self._prepared(self._load)
        else:
            worker = self._executed(self._notebook)
        self._worker = worker
        return worker

    def _prepared(self, prepare: Callable[[Worker], None]) -> Worker:
        """Return a new worker after ``prepare`` has staged and loaded the program there."""
        worker = started(self._server, self._owner, self._library_code)
        self.layers = worker.layers
        try:
            prepare(worker)
            if self._held:
                worker.hold(self._held, self._timeout)
        except (Failure, NotRun) as outcome:
            self._load_failure = outcome
            self._output = worker.output_tail()
            worker.kill()
            raise
        except BaseException:  # a fault of ours, such as a full disk
            self._output = worker.output_tail()
            worker.kill()
            raise
        return worker

    def _executed(self, notebook: NotebookProgram) -> Worker:
        """Return a worker after a notebook's cells have been run in it."""

        def run(worker: Worker) -> None:
            with Leased(self._lease, alone=False):
                notebook.execute(worker, self._stage(worker).parent)

        while True:
            try:
                return self._prepared(run)
            except KernelDied as died:  # again in a fresh worker, without that cell
                failure = notebook.leave_out(died)
                if failure is not None:
                    self._load_failure = failure
                    raise failure from died

    def _stage(self, worker: Worker) -> Path:
        return stage(
            self._path, self._slug, worker.scratch, self._data, self._functions
        )

    def _load(self, worker: Worker) -> None:
        path = self._stage(worker)
        module = path.name
        try:
            problem = worker.load(path, self._timeout)
        except WorkerCrashed as err:
            raise crash_failure(err, f"Importing {module}") from err
        except WorkerTimedOut as err:
            msg = f"Importing {module} took too long: {err}."
            raise TimedOut(msg, hint="Only define functions at the top level.") from err
        except ProtocolError as err:
            msg = (
                f"Importing {module} disturbed the grader: what arrived instead of an "
                "answer cannot be read."
            )
            hint = "Only define functions; leave file descriptors alone."
            raise Crashed(msg, hint=hint) from err
        if problem is not None:
            simulated = self._server.device == "simulator"
            raise_for_load(problem, module, simulated=simulated)

    def _cells(self) -> Sequence[CellRun]:
        run = self._notebook.run if self._notebook is not None else None
        return run.cells if run is not None else ()

    def location(self, error: Failure | NotRun) -> Location | None:
        """Return what an outcome of a check points at in the program, or None."""
        return self._sources.location(error, self._called)

    @property
    def output(self) -> str:
        """The end of what the program printed, without this machine's own paths."""
        return without_installation(self._output)

    @property
    def executed(self) -> bytes:
        """The notebook as it was executed; empty where none was."""
        run = self._notebook.run if self._notebook is not None else None
        return run.executed if run is not None else b""

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.finish()


def _or_raise(found: Observation | Failure | NotRun) -> Observation:
    if isinstance(found, Observation):
        return found
    raise found.with_traceback(None)
