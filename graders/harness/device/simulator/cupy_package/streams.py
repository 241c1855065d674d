"""Devices, streams and events of the simulated CuPy, on the machine's virtual clock.

Imports the simulated machine and nothing else of the engine.
"""

from __future__ import annotations

import threading
from typing import Any

from graders.harness.device.simulator.cupy_package.errors import not_modelled
from graders.harness.device.simulator.machine import MACHINE, MEMORY_BYTES
from graders.harness.device.simulator.timeline import Mark

COMPUTE_CAPABILITY = "90"


class CUDARuntimeError(RuntimeError):
    """The CUDA runtime refused a call; its text says why."""


class Device:
    """The simulator's one device, number 0."""

    __slots__ = ("id",)

    def __init__(self, device: Any = None) -> None:
        number = 0 if device is None else int(getattr(device, "id", device))
        if number != 0:
            msg = "cudaErrorInvalidDevice: invalid device ordinal"
            raise CUDARuntimeError(msg)
        self.id = number

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    def __int__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return hash(("cupy.cuda.Device", self.id))

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def use(self) -> None:
        """Make it the current device; it is."""

    def synchronize(self) -> None:
        """Wait until all work on all streams is done."""
        MACHINE.synchronize()

    @property
    def compute_capability(self) -> str:
        """Major and minor digit, as text."""
        return COMPUTE_CAPABILITY

    @property
    def mem_info(self) -> tuple[int, int]:
        """Free and total bytes."""
        return MEMORY_BYTES - MACHINE.used_bytes, MEMORY_BYTES

    @property
    def pci_bus_id(self) -> str:
        """Where it sits."""
        return "0000:00:00.0"

    @property
    def attributes(self) -> dict[str, int]:
        """Some of the device's attributes."""
        return {
            "MaxThreadsPerBlock": 1024,
            "MultiProcessorCount": 132,
            "WarpSize": 32,
            "L2CacheSize": 50 * 2**20,
            "ComputeCapabilityMajor": 9,
            "ComputeCapabilityMinor": 0,
        }


class _Current(threading.local):
    """The calling thread's stack of current streams; the last one counts."""

    def __init__(self) -> None:
        self.streams: list[Stream] = [Stream.null]


def current_handle() -> int:
    """Return the handle of the calling thread's current stream."""
    return _current.streams[-1].ptr


def get_current_stream(device_id: int = -1) -> Stream:
    """Return the calling thread's current stream."""
    del device_id  # there is one device
    return _current.streams[-1]


class Stream:
    """
    A queue of device work.

    Attributes:
        ptr: Its handle; 0 for the default stream.

        null: The default stream.

        ptds: The per-thread default stream; here it is the default stream.
    """

    null: Stream
    ptds: Stream

    def __init__(
        self,
        null: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
        non_blocking: bool = False,  # noqa: FBT001, FBT002
        ptds: bool = False,  # noqa: FBT001, FBT002
        priority: int | None = None,
    ) -> None:
        self.ptr = (
            0 if null or ptds else MACHINE.new_stream(blocking=not non_blocking).handle
        )
        self.device_id = 0 if not null else -1
        self.priority = 0 if priority is None else priority
        self._owner: object = None

    @classmethod
    def from_external(cls, stream: Any) -> Stream:
        """Wrap an object with ``__cuda_stream__``; it stays the owner."""
        if not hasattr(stream, "__cuda_stream__"):
            msg = (
                "from_external requires an object that supports the CUDA stream "
                f"protocol (got {type(stream).__name__})"
            )
            raise TypeError(msg)
        answer = stream.__cuda_stream__
        _version, handle = answer() if callable(answer) else answer
        wrapped = ExternalStream(int(handle))
        wrapped._owner = stream
        return wrapped

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.ptr

    def __enter__(self) -> Stream:
        _current.streams.append(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        _current.streams.pop()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.ptr == other.ptr

    def __hash__(self) -> int:
        return hash((self.ptr, 0))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ptr} (device {self.device_id})>"

    def use(self) -> Stream:
        """Make it the calling thread's current stream."""
        _current.streams[-1] = self
        return self

    def synchronize(self) -> None:
        """Wait until the work submitted to it is done."""
        MACHINE.synchronize(self.ptr)

    @property
    def done(self) -> bool:
        """Whether the work submitted to it is done."""
        return MACHINE.is_reached(MACHINE.record(self.ptr))

    @property
    def is_non_blocking(self) -> bool:
        """Whether it ignores the default stream."""
        return not MACHINE.streams[self.ptr].blocking

    def record(self, event: Event | None = None) -> Event:
        """Record an event after the work submitted so far."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let work submitted from now on wait for the event."""
        MACHINE.wait(self.ptr, event.mark)

    def launch_host_func(self, callback: Any, arg: Any) -> None:
        """Call a host function when the work so far is done; here at once."""
        MACHINE.wait_on_host(MACHINE.record(self.ptr))
        callback(arg)

    def add_callback(self, callback: Any, arg: Any) -> None:
        """Call a host function when the work so far is done; here at once."""
        MACHINE.wait_on_host(MACHINE.record(self.ptr))
        callback(self, 0, arg)

    def begin_capture(self, mode: Any = None) -> None:
        """Refuse: graphs are not modelled."""
        del mode
        not_modelled("CUDA graph capture")


class ExternalStream(Stream):
    """A stream that another library made."""

    def __init__(self, ptr: int, device_id: int = -1) -> None:
        self.ptr = int(ptr)
        self.device_id = device_id
        self.priority = 0
        self._owner = None
        if self.ptr not in MACHINE.streams:
            if self.ptr > 2:  # 1 and 2 are CUDA's names for default streams
                msg = "cudaErrorInvalidResourceHandle: invalid resource handle"
                raise CUDARuntimeError(msg)
            self.ptr = 0


Stream.null = Stream(null=True)
Stream.ptds = Stream(ptds=True)
_current = _Current()


class Event:
    """
    A mark in a stream's time.

    Attributes:
        mark: Where in a stream's work it happens; None before it is recorded.
    """

    _handles = 0

    def __init__(
        self,
        block: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
        disable_timing: bool = False,  # noqa: FBT001, FBT002
        interprocess: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        del block, interprocess
        Event._handles += 1
        self.ptr = Event._handles
        self.disable_timing = disable_timing
        self.mark: Mark | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Mark the present end of a stream's work, by default the current one's."""
        MACHINE.weather.mark()
        handle = current_handle() if stream is None else stream.ptr
        self.mark = MACHINE.record(handle)

    def synchronize(self) -> None:
        """Let the host wait until the event has happened."""
        MACHINE.wait_on_host(self.mark)

    @property
    def done(self) -> bool:
        """Whether it has happened."""
        return MACHINE.is_reached(self.mark)


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Return the time between two events in milliseconds."""
    if start_event.disable_timing or end_event.disable_timing:
        msg = "cudaErrorInvalidResourceHandle: invalid resource handle"
        raise CUDARuntimeError(msg)
    if start_event.mark is None or end_event.mark is None:
        msg = "cudaErrorInvalidResourceHandle: invalid resource handle"
        raise CUDARuntimeError(msg)
    if not (start_event.done and end_event.done):
        msg = "cudaErrorNotReady: device not ready"
        raise CUDARuntimeError(msg)
    return (end_event.mark.time - start_event.mark.time) * 1e3
