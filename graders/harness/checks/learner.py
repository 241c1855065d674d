"""The learner's program, as a grader calls it: every call is one observation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks.failures import (
    crash_failure,
    raise_for_call,
    raise_for_load,
    raise_for_missing,
    raise_for_signature,
    without_installation,
)
from graders.harness.errors import (
    Crashed,
    Failure,
    HarnessError,
    NotRun,
    ProtocolError,
    TimedOut,
    WorkerCrashed,
    WorkerError,
    WorkerTimedOut,
)
from graders.harness.measure.lease import Lease
from graders.harness.submission import stage
from graders.harness.supervisor import ForkServer, Observation, Proxy, Worker
from graders.harness.worker import sparse as _sparse
from graders.harness.worker.wire import ArrayValue, SparseValue, StreamValue


def gpu(array: npt.NDArray[Any]) -> ArrayValue:
    """Return an argument that reaches the learner's function as a CuPy array."""
    return ArrayValue(array, "cuda", array.strides, "cupy.ndarray")


def sparse(matrix: Any, memory_space: str = "cuda") -> SparseValue:
    """
    Return an argument that reaches the learner's function as a sparse matrix.

    Args:
        matrix: SciPy's, in coordinates or in compressed rows or columns. Its entries cross
            as they are stored: in their order, duplicates and zeros included.

        memory_space: Where it arrives: ``"cuda"``, the default, as a matrix of CuPy's,
            ``"cpu"`` as one of SciPy's.
    """
    parts = tuple(
        ArrayValue(getattr(matrix, name), memory_space)
        for name in _sparse.PARTS[matrix.format]
    )
    rows, columns = (int(n) for n in matrix.shape)
    return SparseValue(matrix.format, (rows, columns), parts)


def stream(items: Iterable[Any], *, reuse_buffer: bool = False) -> StreamValue:
    """
    Return an argument that reaches the learner's function as an iterator.

    It has no length and can be read once.

    Args:
        items: What it gives: :func:`gpu` arrays, NumPy arrays, or tuples of them.

        reuse_buffer: Whether the producer fills the arrays of the first item again for
            each later one, so that an item is gone once the next one has been asked for.
            All items then have the same shapes.
    """
    return StreamValue(tuple(items), reuse_buffer)


def proxy(function: Any, parameters: Iterable[str] = ("a", "b", "bias")) -> Proxy:
    """
    Return an argument that reaches the learner's function as a function of CuPy arrays.

    Args:
        function: Runs in the grading process. It gets the list of arguments as NumPy
        arrays,
            may change them in place, and returns a NumPy array, which the learner gets as a
            CuPy array of the same axis order. ValueError and TypeError reach the learner.

        parameters: The parameter names that the learner sees.
    """
    return Proxy(function, tuple(parameters))


# What all calls of an exercise may take, in calls that take as long as they may.
_CALLS_IN_ALL = 4
# Bytes from which on an argument is known by its identity: reading it takes too long.
_LARGE = 16 * 2**20
# Bytes of results that are remembered.
_MOST_KEPT = 2**30


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
    ) -> None:
        self._owner = owner
        self._path = path
        self._slug = slug
        self._server = server
        self._timeout = timeout
        self._data = data
        self._lease = lease
        self._worker: Worker | None = None
        self._load_failure: Failure | NotRun | None = None
        self._known: dict[bytes, Observation | Failure | NotRun] = {}
        self._kept = 0
        self._output = ""
        self._held: tuple[Any, ...] = ()
        self._keyed: tuple[Any, ...] = ()
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

            args: Plain values, NumPy arrays (CPU memory), :func:`gpu` arrays, lists and
                tuples of them, :func:`sparse`, :func:`stream`, :func:`proxy`.

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
        key = _key(function, args, (poison, trace, value, *may_raise))
        self._keyed += args  # an array that is known by its identity must live on
        if fresh or key is None or key not in self._known:
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
            if key is None:
                return _or_raise(found)
            self._remember(key, found)
        return _or_raise(self._known[key])

    def _remember(self, key: bytes, found: Observation | Failure | NotRun) -> None:
        size = _bytes_in(found.value) if isinstance(found, Observation) else 0
        self._kept += size
        if self._kept > _MOST_KEPT:  # results may be as large as the program likes
            self._known.clear()
            self._kept = size
        self._known[key] = found

    def hold(self, args: tuple[Any, ...]) -> None:
        """Hand over arguments for :meth:`call_held`; large ones cross only once."""
        self._held = args
        if self._worker is None or self._worker.closed:
            return  # the next worker gets them when it starts
        try:
            self._worker.hold(args, self._timeout)
        except WorkerError:
            self._worker.kill()
            self._worker = None

    def call_held(self, function: str, *, trace: bool = True) -> Observation:
        """
        Call a function with fresh copies of the held arguments, for its evidence and time.

        Nothing is poisoned and no result crosses. The GPU is leased to nobody else, and
        idle when the time is taken.

        Args:
            function: The function's name.

            trace: Whether kernels and copies are recorded.

        Raises:
            Failure, NotRun: As for :meth:`call`.
        """
        return _or_raise(
            self._observe(
                function,
                (),
                self._timeout,
                poison=False,
                trace=trace,
                value=False,
                alone=True,
            )
        )

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
        poison: bool,
        trace: bool,
        value: bool,
        alone: bool,
        may_raise: tuple[str, ...] = (),
    ) -> Observation | Failure | NotRun:
        left = _CALLS_IN_ALL * self._timeout - self._spent
        if left <= 0:
            msg = (
                f"The calls took more than {_CALLS_IN_ALL * self._timeout:g} s together, "
                f"{_CALLS_IN_ALL} times what one of them may take."
            )
            return TimedOut(msg, hint="Try the smallest case: what takes so long?")
        timeout = min(timeout, max(left, 1.0))
        try:
            worker = self._ready()
            try:
                with _leased(self._lease, alone=alone), self._counted():
                    seen = worker.call(
                        function,
                        args,
                        timeout=timeout,
                        poison=poison,
                        trace=trace,
                        value=value,
                    )
            finally:
                self._output = worker.output_tail()
            if seen.exception and set(may_raise) & set(seen.exception["types"]):
                return seen
            return self._checked(seen, function, len(args or self._held))
        except (Failure, NotRun) as outcome:
            return outcome
        except WorkerCrashed as err:
            return crash_failure(err, function)
        except WorkerTimedOut as err:
            msg = f"{function} took too long: {err}."
            return TimedOut(msg, hint="Look for a loop that does not end.")
        except ProtocolError as err:
            msg = f"{function} disturbed the worker's answer: {err}."
            return Crashed(msg, hint="Return the result; leave file descriptors alone.")

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count what a call takes, without its wait for the GPU."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - started

    def _checked(self, seen: Observation, function: str, count: int) -> Observation:
        module = f"{self._slug}.py"
        if seen.problem == "missing":
            raise_for_missing(function, seen.detail, module)
        if seen.problem == "signature":
            raise_for_signature(function, seen.detail, count)
        if seen.exception is not None:
            simulated = self._server.device == "simulator"
            raise_for_call(seen.exception, function, simulated=simulated)
        return seen

    def _ready(self) -> Worker:
        """Return a worker with the module loaded, or raise what loading it raised."""
        if self._load_failure is not None:
            raise self._load_failure
        if self._worker is not None and not self._worker.closed:
            return self._worker
        try:
            worker = self._server.fork(self._owner)
            worker.start()
        except WorkerError as err:  # nothing of the learner's has run yet
            msg = f"no worker could be started: {err}"
            raise HarnessError(msg) from err
        self.layers = worker.layers
        try:
            self._load(worker)
            if self._held:
                worker.hold(self._held, self._timeout)
        except (Failure, NotRun) as outcome:
            self._load_failure = outcome
            self._output = worker.output_tail()
            worker.kill()
            raise
        except BaseException:  # a fault of ours, such as a full disk
            worker.kill()
            raise
        self._worker = worker
        return worker

    def _load(self, worker: Worker) -> None:
        path = stage(self._path, self._slug, worker.scratch, self._data)
        module = path.name
        try:
            problem = worker.load(path, self._timeout)
        except WorkerCrashed as err:
            raise crash_failure(err, f"Importing {module}") from err
        except WorkerTimedOut as err:
            msg = f"Importing {module} took too long: {err}."
            raise TimedOut(msg, hint="Only define functions at the top level.") from err
        except ProtocolError as err:
            msg = f"Importing {module} disturbed the worker's answer: {err}."
            raise Crashed(msg) from err
        if problem is not None:
            simulated = self._server.device == "simulator"
            raise_for_load(problem, module, simulated=simulated)

    @property
    def output(self) -> str:
        """The end of what the program printed, without this machine's own paths."""
        return without_installation(self._output)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.finish()


class _leased:  # noqa: N801 - a context manager, used like a function
    """Hold the GPU's lease, shared or alone; nothing to hold in the simulator."""

    def __init__(self, lease: Lease | None, *, alone: bool) -> None:
        self._lease = lease
        self._alone = alone

    def __enter__(self) -> None:
        if self._lease is not None:
            self._lease.acquire(alone=self._alone)

    def __exit__(self, *exc_info: object) -> None:
        if self._lease is not None:
            self._lease.release()


def _bytes_in(value: Any) -> int:
    """Return the bytes of the arrays in a value."""
    if isinstance(value, ArrayValue):
        return int(value.array.nbytes)
    if isinstance(value, list | tuple):
        return sum(_bytes_in(item) for item in value)
    if isinstance(value, dict):
        return sum(_bytes_in(item) for item in value.values())
    return 0


def _or_raise(found: Observation | Failure | NotRun) -> Observation:
    if isinstance(found, Observation):
        return found
    raise found.with_traceback(None)


def _key(function: str, args: tuple[Any, ...], flags: tuple[Any, ...]) -> bytes | None:
    """Return a digest of a call, or None where it has an argument that has none."""
    digest = hashlib.sha256(repr((function, flags)).encode())
    return digest.digest() if all(_digested(digest, arg) for arg in args) else None


def _digested(digest: Any, arg: Any) -> bool:
    """Take an argument into a digest; say whether it has one."""
    if isinstance(arg, Proxy):
        return False
    if isinstance(arg, StreamValue):
        digest.update(repr(("stream", arg.reuse_buffer)).encode())
        arg = arg.items
    if isinstance(arg, SparseValue):
        digest.update(repr(("sparse", arg.format, arg.shape)).encode())
        arg = arg.parts
    if isinstance(arg, list | tuple):
        digest.update(repr((type(arg).__name__, len(arg))).encode())
        return all(_digested(digest, item) for item in arg)
    host = arg.array if isinstance(arg, ArrayValue) else arg
    if not isinstance(host, np.ndarray):
        digest.update(repr(arg).encode())
        return True
    space = arg.memory_space if isinstance(arg, ArrayValue) else "cpu"
    digest.update(repr((space, host.dtype.str, host.shape, host.strides)).encode())
    if host.nbytes < _LARGE:
        digest.update(np.ascontiguousarray(host).reshape(-1).view(np.uint8).data)
    else:
        digest.update(repr(id(host)).encode())
    return True
