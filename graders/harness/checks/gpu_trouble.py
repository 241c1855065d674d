"""A GPU that cannot be used, or not any more: the machine's fault, and nobody's failure."""

from __future__ import annotations

import re
import time

from graders.harness.errors import (
    EnvironmentUnavailable,
    Failure,
    HarnessError,
    NotRun,
    TimedOut,
    WorkerError,
)
from graders.harness.supervisor import ForkServer, Observation, Worker

#: How the message begins where not even a fresh worker can use the GPU.
NOT_STARTED = "No program can be started on the GPU"
_CUDA_ERROR = re.compile(r"\bcudaError[A-Z]\w+|\bCUDA_ERROR_[A-Z_]+")
# A neighbour has the memory: the next worker may well find some.
_NO_MEMORY = re.compile(r"cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY")
# Seconds after which another worker is tried then: 31 in all, in which whoever takes memory
# beyond its share comes to the end of its call.
_TRY_AGAIN = (1.0, 2.0, 4.0, 8.0, 16.0)
# What a call comes to on a GPU that is lost. Programs do the same to themselves.
_PERHAPS_LOST = re.compile(
    rf"{_CUDA_ERROR.pattern}|\bCU(?:FFT|BLAS|SPARSE|SOLVER|DSS)_|took its process down"
)
# The first whose name is found (driver_types.h, cuda.h).
_MEANS = (
    (
        r"InsufficientDriver|DriverMismatch|DRIVER_MISMATCH",
        "the NVIDIA driver is too old for the CUDA libraries that are installed, or not of "
        "one piece",
    ),
    (r"NoDevice|NO_DEVICE", "the driver has no GPU"),
    (
        r"DevicesUnavailable|DEVICE_UNAVAILABLE",
        "another program has the GPU to itself",
    ),
    (r"", "the GPU does not answer"),
)


def started(server: ForkServer, owner: str = "", library_code: str = "") -> Worker:
    """
    Return a worker that has started; where the GPU has no memory left, after a while.

    Args:
        server: Where workers come from.

        owner: As for :meth:`ForkServer.fork`.

        library_code: As for :meth:`ForkServer.fork`.

    Raises:
        HarnessError: As :func:`not_started` says.
    """
    waits = iter(_TRY_AGAIN)
    while True:
        try:
            worker = server.fork(owner, library_code)
            worker.start()
        except WorkerError as err:  # nothing of the learner's has run yet
            wait = next(waits, None)
            if wait is None or not _NO_MEMORY.search(str(err)):
                raise not_started(err) from err
            time.sleep(wait)
        else:
            return worker


def not_started(error: WorkerError) -> HarnessError:
    """
    Return what to raise where a worker did not start: nothing of the learner's ran yet.

    Returns:
        EnvironmentUnavailable where CUDA says that the GPU cannot be used, else a fault of
        the harness.
    """
    text = str(error)
    named = _CUDA_ERROR.search(text)
    if named is None or _NO_MEMORY.search(text):
        return HarnessError(f"no worker could be started: {error}")
    means = next(words for name, words in _MEANS if re.search(name, named[0]))
    msg = (
        f"{NOT_STARTED}: {means} ({named[0]}). `python grade.py doctor` says "
        "what mends it; then grade again."
    )
    return EnvironmentUnavailable(msg)


def expect_gpu(server: ForkServer, found: Observation | Failure | NotRun) -> None:
    """
    Blame a call's failure on the machine where no other program can use the GPU now.

    A fresh worker is started, in which nothing of the learner's runs; so no program can
    excuse its own errors by it. It takes some tenths of a second, and only after a failure
    that a lost GPU may have caused.

    Args:
        server: Where workers come from.

        found: What the call came to.

    Raises:
        EnvironmentUnavailable: The fresh worker cannot use the GPU either.
    """
    if server.device != "cuda" or not isinstance(found, Failure):
        return
    if not isinstance(found, TimedOut) and not _PERHAPS_LOST.search(found.message):
        return
    try:
        worker = server.fork()
    except WorkerError:
        return  # the server is gone as well: that has a reason of its own
    try:
        worker.start()
    except WorkerError as err:
        problem = not_started(err)
        if isinstance(problem, EnvironmentUnavailable):
            raise problem from err
    finally:
        worker.finish()
