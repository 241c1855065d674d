"""numba-cuda's streams and events on the simulated machine's clock.

Imports nothing of the engine but the machine, ``cuda_core`` and ``timeline``.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graders.harness.device.simulator import cuda_core
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.timeline import Mark

_INVALID_HANDLE, _NOT_READY = 400, 600


class NumbaStream(cuda_core.Stream):
    """A stream that numba-cuda made."""

    def synchronize(self) -> None:
        """Let the host wait until its work is done."""
        MACHINE.synchronize(self.handle)

    @contextmanager
    def auto_synchronize(self) -> Iterator[NumbaStream]:
        """Let the host wait for its work at the end of a block that does not raise."""
        yield self
        self.synchronize()

    def add_callback(
        self, callback: Callable[[Any, int, Any], object], arg: Any = None
    ) -> None:
        """Call a host function when the work so far is done; here at once."""
        MACHINE.wait_on_host(MACHINE.record(self.handle))
        try:
            callback(self, 0, arg)
        except Exception as err:  # noqa: BLE001 - the driver's thread cannot raise it
            warnings.warn(f"Exception in stream callback: {err}", stacklevel=2)

    def async_done(self) -> asyncio.Future[NumbaStream]:
        """Return what can be awaited until the work so far is done."""
        done: asyncio.Future[NumbaStream] = asyncio.get_running_loop().create_future()
        self.add_callback(lambda *_: done.set_result(self))
        return done

    def __int__(self) -> int:
        return self.handle


class NumbaEvent:
    """
    An event of numba-cuda.

    Args:
        timing: Whether the time at which it happens can be asked for.

    Attributes:
        mark: Where in a stream's work it happens; None before it is recorded.
    """

    def __init__(self, timing: bool = True) -> None:  # noqa: FBT001, FBT002
        self.timing = timing
        self.mark: Mark | None = None

    def record(self, stream: Any = 0) -> None:
        """Mark the present end of a stream's work, by default the default stream's."""
        MACHINE.weather.mark()
        self.mark = MACHINE.record(handle_of(stream))

    def synchronize(self) -> None:
        """Let the host wait until the event has happened."""
        MACHINE.wait_on_host(self.mark)

    def wait(self, stream: Any = 0) -> None:
        """Let work that is submitted to a stream from now on wait for the event."""
        MACHINE.wait(handle_of(stream), self.mark)

    def query(self) -> bool:
        """Return whether it has happened."""
        return MACHINE.is_reached(self.mark)

    def elapsed_time(self, evtend: NumbaEvent) -> float:
        """Return the time until a later event in milliseconds."""
        return _event_elapsed_time(self, evtend)


def _event_elapsed_time(evtstart: NumbaEvent, evtend: NumbaEvent) -> float:
    if not (evtstart.timing and evtend.timing):
        raise _refused(_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE")
    if evtstart.mark is None or evtend.mark is None:
        raise _refused(_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE")
    if not (evtstart.query() and evtend.query()):
        raise _refused(_NOT_READY, "CUDA_ERROR_NOT_READY")
    return (evtend.mark.time - evtstart.mark.time) * 1e3


def _refused(code: int, name: str) -> Exception:
    from numba.cuda.cudadrv.driver import CudaAPIError

    msg = f"Call to cuEventElapsedTime results in {name}"
    error: Exception = CudaAPIError(code, msg)
    return error


def handle_of(stream: Any) -> int:
    """Return a stream's handle, whatever of it numba-cuda takes."""
    if stream is None:
        return 0
    for name in ("handle", "ptr"):
        if hasattr(stream, name):
            return int(getattr(stream, name))
    if hasattr(stream, "__cuda_stream__"):
        return int(stream.__cuda_stream__()[1])
    return int(stream)


def _stream() -> NumbaStream:
    return NumbaStream(MACHINE.new_stream())


def _existing_stream(handle: Any = 0) -> NumbaStream:
    number = handle_of(handle)
    # 1 and 2 are CUDA's names of the legacy and of the per-thread default stream.
    return NumbaStream(cuda_core.stream_state(0 if number in (1, 2) else number))


#: What ``numba.cuda`` calls them.
NAMES: dict[str, Callable[..., Any]] = {
    "stream": _stream,
    "external_stream": _existing_stream,
    "default_stream": _existing_stream,
    "legacy_default_stream": _existing_stream,
    "per_thread_default_stream": _existing_stream,
    "event": NumbaEvent,
    "event_elapsed_time": _event_elapsed_time,
}
