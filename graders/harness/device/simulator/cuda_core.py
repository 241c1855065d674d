"""The simulated ``cuda.core`` objects that nvmath-python works with.

Devices, streams, events and buffers over the one simulated machine. Imports nothing of
the engine but the machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from graders.harness.device.simulator.machine import MACHINE, MEMORY_BYTES
from graders.harness.device.simulator.not_modelled import not_modelled
from graders.harness.device.simulator.timeline import Mark, StreamState

COMPUTE_CAPABILITY = (9, 0)
DEVICE_NAME = "Simulated GPU"
_event_handles = itertools.count(1)


class ComputeCapability(NamedTuple):
    """The device's compute capability."""

    major: int
    minor: int


class Buffer:
    """
    Device memory with an owner.

    Attributes:
        handle: Its simulated address.

        size: Its length in bytes.

        owner: What keeps it alive.
    """

    def __init__(self, handle: int, size: int, owner: Any = None) -> None:
        self.handle = handle
        self.size = size
        self.owner = owner

    @classmethod
    def from_handle(
        cls, ptr: int, size: int, mr: Any = None, owner: Any = None
    ) -> Buffer:
        """Wrap memory that ``owner`` (or the memory resource) keeps alive."""
        return cls(int(ptr), size, owner if owner is not None else mr)

    def close(self, stream: Any = None) -> None:
        """Let go of the memory; its owner frees it."""
        self.owner = None

    @property
    def device_id(self) -> int:
        """The device that holds it."""
        return 0


class Event:
    """A point in a stream's work."""

    def __init__(self, device: Device, *, timed: bool = False) -> None:
        self.device = device
        self.handle = next(_event_handles)
        self.is_timing_disabled = not timed
        self.mark: Mark | None = None

    def sync(self) -> None:
        """Let the host wait until the event is reached."""
        MACHINE.wait_on_host(self.mark)

    @property
    def is_done(self) -> bool:
        """Whether all work before it is done."""
        return MACHINE.is_reached(self.mark)

    def __sub__(self, start: Event) -> float:
        """Return the time from ``start`` to here in milliseconds."""
        if self.is_timing_disabled or start.is_timing_disabled:
            msg = (
                "Both Events must be created with timing enabled in order to subtract "
                "them; use EventOptions(timing_enabled=True) when creating both events."
            )
            raise RuntimeError(msg)
        if self.mark is None or start.mark is None:
            msg = (
                "Both Events must be recorded before they can be subtracted; use "
                "Stream.record() to record both events to a stream."
            )
            raise RuntimeError(msg)
        return (self.mark.time - start.mark.time) * 1e3


def _timed(options: Any) -> bool:
    for name in ("timing_enabled", "enable_timing"):  # the present name, the former one
        if isinstance(options, Mapping) and name in options:
            return bool(options[name])
        if hasattr(options, name):
            return bool(getattr(options, name))
    return False


class Stream:
    """A simulated stream, seen through ``cuda.core``."""

    def __init__(self, state: StreamState, owner: Any = None) -> None:
        self._state = state
        self._owner = owner

    @classmethod
    def from_handle(cls, handle: int) -> Stream:
        """Wrap an existing stream."""
        return cls(stream_state(int(handle)))

    @property
    def handle(self) -> int:
        """The stream's handle; 0 is the default stream."""
        return self._state.handle

    @property
    def device(self) -> Device:
        """The device it works on."""
        return Device(0)

    def record(self, event: Event | None = None, options: Any = None) -> Event:
        """Record an event after all work submitted so far."""
        if event is None:
            event = Event(self.device, timed=_timed(options))
        event.mark = MACHINE.record(self.handle)
        return event

    def wait(self, event_or_stream: Any) -> None:
        """Let later work on this stream wait for an event or for another stream."""
        if not isinstance(event_or_stream, Event):
            event_or_stream = as_stream(event_or_stream).record()
        MACHINE.wait(self.handle, event_or_stream.mark)

    def sync(self) -> None:
        """Let the host wait until the stream's work is done."""
        MACHINE.synchronize(self.handle)

    def close(self) -> None:
        """Let go of the stream."""

    def __cuda_stream__(self) -> tuple[int, int]:
        return (0, self.handle)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and other.handle == self.handle

    def __hash__(self) -> int:
        return hash(("simulated stream", self.handle))

    def __repr__(self) -> str:
        return f"<Stream handle={self.handle:#x}>"


# nvmath decides by the module's name which package a stream belongs to.
Stream.__module__ = "cuda.core._stream"
Event.__module__ = "cuda.core._event"


def stream_state(handle: int) -> StreamState:
    """
    Return the stream with this handle; 1 and 2 of CUDA's constants never occur.

    Raises:
        RuntimeError: There is no such stream.
    """
    try:
        return MACHINE.streams[handle]
    except KeyError:
        msg = (
            f"cudaErrorInvalidResourceHandle: no stream has the handle {handle:#x}. "
            "Pass a stream that is still alive."
        )
        raise RuntimeError(msg) from None


def as_stream(value: Any) -> Stream:
    """Return a stream for anything that follows the CUDA stream protocol."""
    if isinstance(value, Stream):
        return value
    _version, handle = value.__cuda_stream__()
    return Stream(stream_state(int(handle)), owner=value)


class Device:
    """The one simulated device."""

    def __init__(self, device_id: int | None = None) -> None:
        if device_id not in (None, 0):
            msg = f"device_id must be within [0, 1), got {device_id}"
            raise ValueError(msg)

    device_id = 0
    name = DEVICE_NAME
    pci_bus_id = "0000:00:00.0"
    uuid = "00000000-0000-0000-0000-000000000000"
    compute_capability = ComputeCapability(*COMPUTE_CAPABILITY)
    arch = "90"
    properties = SimpleNamespace(
        multiprocessor_count=132,
        l2_cache_size=50 * 2**20,
        max_threads_per_block=1024,
        warp_size=32,
        memory_pools_supported=True,
        compute_capability_major=COMPUTE_CAPABILITY[0],
        compute_capability_minor=COMPUTE_CAPABILITY[1],
    )

    @property
    def default_stream(self) -> Stream:
        """The default stream."""
        return Stream(MACHINE.default_stream)

    def set_current(self, ctx: Any = None) -> None:
        """Make it the current device; there is no other."""

    def create_stream(self, obj: Any = None, options: Any = None) -> Stream:
        """Create a stream, or wrap one that follows the CUDA stream protocol."""
        if obj is not None:
            return as_stream(obj)
        return Stream(MACHINE.new_stream(blocking=False))

    def create_event(self, options: Any = None) -> Event:
        """Create an event."""
        return Event(self, timed=_timed(options))

    def allocate(self, size: int, stream: Any = None) -> Buffer:
        """Allocate device memory."""
        block = MACHINE.malloc(size)
        return Buffer(block.address, size, owner=block)

    def sync(self) -> None:
        """Let the host wait until the device is idle."""
        MACHINE.synchronize()

    def __int__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"<Device 0 ({DEVICE_NAME})>"


class System(ModuleType):
    """The simulated ``cuda.core.system``."""

    def get_num_devices(self) -> int:
        """Return how many devices there are."""
        return 1

    @property
    def devices(self) -> tuple[Device, ...]:
        """All devices."""
        return (Device(0),)

    num_devices = 1


class Program:
    """``cuda.core.Program``, which would need a GPU."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        feature = "cuda.core.Program"
        raise not_modelled(feature)


def mem_get_info() -> tuple[Any, int, int]:
    """Stand in for ``cudaMemGetInfo``: status, free and total bytes."""
    import cuda.bindings.runtime as runtime

    free = MEMORY_BYTES - MACHINE.used_bytes
    return runtime.cudaError_t.cudaSuccess, free, MEMORY_BYTES


def install() -> None:
    """Put the simulated objects into ``cuda.core`` and ``cuda.bindings.runtime``."""
    import cuda.bindings.runtime as runtime
    import cuda.core as core

    for name, value in {
        "Device": Device,
        "Stream": Stream,
        "Event": Event,
        "Buffer": Buffer,
        "Program": Program,
        "system": System("cuda.core.system"),
    }.items():
        setattr(core, name, value)
    runtime.cudaMemGetInfo = mem_get_info
