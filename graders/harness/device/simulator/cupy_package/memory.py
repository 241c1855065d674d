"""Device and page-locked memory as CuPy hands it out: pointers, owners and pools.

Imports the simulated machine and nothing else of the engine.
"""

from __future__ import annotations

import bisect
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.streams import (
    Device,
    current_handle,
)
from graders.harness.device.simulator.machine import MACHINE, MEMORY_BYTES, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graders.harness.device.simulator.machine import Allocation


class OutOfMemoryError(MemoryError):
    """
    The device has not that much memory left; free some, or ask for less.

    Args:
        size: The bytes asked for.

        total: The bytes in use.

        limit: The bytes that may be in use, or 0 where the device's memory is the limit.
    """

    __module__ = "cupy.cuda.memory"

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        self._size = size
        self._total = total
        self._limit = limit
        end = f", limit set to: {limit:,} bytes)." if limit else ")."
        super().__init__(
            f"Out of memory allocating {size:,} bytes "
            f"(allocated so far: {total:,} bytes{end}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._size, self._total, self._limit)


def _allocated(size: int, buffer: npt.NDArray[np.uint8] | None = None) -> Allocation:
    """Allocate for CuPy, which has an error of its own where that fails."""
    try:
        return MACHINE.malloc(size, buffer=buffer)
    except MemoryError as err:
        raise OutOfMemoryError(size, MACHINE.used_bytes) from err


class BaseMemory:
    """
    A range of device memory.

    Attributes:
        ptr: Its device address.

        size: Its length in bytes.

        device_id: Always 0: the simulator has one device.
    """

    __slots__ = ("__weakref__", "block", "device_id", "ptr", "size")

    def __init__(self, block: Allocation, ptr: int, size: int) -> None:
        self.block = block
        self.ptr = ptr
        self.size = size
        self.device_id = 0

    @property
    def device(self) -> Device:
        """The device that holds it."""
        return Device(self.device_id)

    def __int__(self) -> int:
        return self.ptr


class Memory(BaseMemory):
    """Device memory that lives as long as this object."""

    __slots__ = ()

    def __init__(self, size: int) -> None:
        block = _allocated(int(size))
        super().__init__(block, block.address, int(size))


class AdoptedMemory(BaseMemory):
    """Device memory around bytes that a simulated kernel has just computed."""

    __slots__ = ()

    def __init__(self, buffer: npt.NDArray[np.uint8]) -> None:
        block = _allocated(buffer.nbytes, buffer)
        super().__init__(block, block.address, buffer.nbytes)


class UnownedMemory(BaseMemory):
    """Device memory that someone else owns; ``owner`` is kept alive."""

    __slots__ = ("_owner",)

    def __init__(self, ptr: int, size: int, owner: object, device_id: int = -1) -> None:
        del device_id  # there is one device
        block, _ = MACHINE.resolve(int(ptr))
        super().__init__(block, int(ptr), int(size))
        self._owner = owner


def host_address(array: npt.NDArray[Any]) -> int:
    """Return where a NumPy array's first element lies in the host's memory."""
    return int(array.__array_interface__["data"][0])


class MemoryPointer:
    """
    A place in device memory.

    Attributes:
        ptr: The device address.

        mem: The memory it points into.
    """

    __slots__ = ("mem", "ptr")

    def __init__(self, mem: BaseMemory, offset: int) -> None:
        self.mem = mem
        self.ptr = mem.ptr + offset

    @property
    def device_id(self) -> int:
        """The device's number."""
        return self.mem.device_id

    @property
    def device(self) -> Device:
        """The device that holds it."""
        return self.mem.device

    def __int__(self) -> int:
        return self.ptr

    def __repr__(self) -> str:
        return f"<MemoryPointer {self.ptr:#x} device={self.device_id} mem={self.mem!r}>"

    def __add__(self, offset: int) -> MemoryPointer:
        return MemoryPointer(self.mem, self.ptr - self.mem.ptr + int(offset))

    __radd__ = __add__

    def __sub__(self, offset: int) -> MemoryPointer:
        return self + -int(offset)

    def _bytes(self, size: int) -> npt.NDArray[np.uint8]:
        start = self.ptr - self.mem.block.address
        return self.mem.block.buffer[start : start + int(size)]

    def copy_from_device(self, src: MemoryPointer, size: int) -> None:
        """Copy ``size`` bytes from another place on the device."""
        self._bytes(size)[...] = src._bytes(size)
        MACHINE.copy(
            "device_to_device",
            int(size),
            stream=current_handle(),
            reads=[Part(src.mem.block, src._bytes(size))],
            writes=[Part(self.mem.block, self._bytes(size))],
        )

    def copy_from_host(self, mem: Any, size: int) -> None:
        """Copy ``size`` bytes from host memory, given by its address."""
        MACHINE.arrive(current_handle())
        source = _host_bytes(mem, int(size))
        self._bytes(size)[...] = source
        MACHINE.copy(
            "host_to_device",
            int(size),
            stream=current_handle(),
            pinned=is_pinned(source),
            blocking=True,
            operand=is_operand(source),
            writes=[Part(self.mem.block, self._bytes(size))],
        )

    def copy_to_host(self, mem: Any, size: int) -> None:
        """Copy ``size`` bytes to host memory, given by its address."""
        target = _host_bytes(mem, int(size))
        target[...] = self._bytes(size)
        MACHINE.copy(
            "device_to_host",
            int(size),
            stream=current_handle(),
            pinned=is_pinned(target),
            blocking=True,
            reads=[Part(self.mem.block, self._bytes(size))],
        )

    def copy_from(self, mem: Any, size: int) -> None:
        """Copy ``size`` bytes from device or host memory."""
        if isinstance(mem, MemoryPointer):
            self.copy_from_device(mem, size)
        else:
            self.copy_from_host(mem, size)

    def copy_from_device_async(
        self, src: MemoryPointer, size: int, stream: Any = None
    ) -> None:
        """Copy within the device, ordered on ``stream``."""
        with _on(stream):
            self.copy_from_device(src, size)

    def copy_from_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        """Copy from the host, ordered on ``stream``."""
        with _on(stream):
            self.copy_from_host(mem, size)

    def copy_to_host_async(self, mem: Any, size: int, stream: Any = None) -> None:
        """Copy to the host, ordered on ``stream``."""
        with _on(stream):
            self.copy_to_host(mem, size)

    def copy_from_async(self, mem: Any, size: int, stream: Any = None) -> None:
        """Copy from device or host memory, ordered on ``stream``."""
        with _on(stream):
            self.copy_from(mem, size)

    def memset(self, value: int, size: int) -> None:
        """Fill ``size`` bytes."""
        self._bytes(size)[...] = value
        MACHINE.kernel(
            "memset",
            "fill",
            elements=int(size),
            nbytes=int(size),
            stream=current_handle(),
            writes=[Part(self.mem.block, self._bytes(size))],
        )

    def memset_async(self, value: int, size: int, stream: Any = None) -> None:
        """Fill ``size`` bytes, ordered on ``stream``."""
        with _on(stream):
            self.memset(value, size)


class _NoContext:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_exc: object) -> None:
        return None


def _on(stream: Any) -> Any:
    return _NoContext() if stream is None else stream


def _host_bytes(mem: Any, size: int) -> npt.NDArray[np.uint8]:
    import ctypes  # noqa: PLC0415 - rarely needed, slow to import

    address = getattr(mem, "value", mem)
    if address is None or not isinstance(address, int):
        msg = f"A host address is expected (got {type(mem).__name__})."
        raise TypeError(msg)
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))


class MemoryPool:
    """CuPy's pool: here it counts what the simulated device has in use."""

    def __init__(self, allocator: Any = None) -> None:
        self._limit = 0
        del allocator

    def malloc(self, size: int) -> MemoryPointer:
        """Allocate device memory."""
        return MemoryPointer(Memory(size), 0)

    def used_bytes(self) -> int:
        """Return how many bytes are in use."""
        return MACHINE.used_bytes

    def total_bytes(self) -> int:
        """Return how many bytes the pool holds: those in use, for it caches none."""
        return MACHINE.used_bytes

    def free_bytes(self) -> int:
        """Return how many bytes the pool caches: none."""
        return 0

    def n_free_blocks(self) -> int:
        """Return how many blocks the pool caches: none."""
        return 0

    def free_all_blocks(self, stream: Any = None) -> None:
        """Release cached blocks; there are none."""

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        """Note a limit; it is not enforced."""
        if fraction is not None:
            size = int(MEMORY_BYTES * fraction)
        self._limit = size or 0

    def get_limit(self) -> int:
        """Return the limit noted."""
        return self._limit


_pool = MemoryPool()


def get_default_memory_pool() -> MemoryPool:
    """Return CuPy's default pool of device memory."""
    return _pool


def alloc(size: int) -> MemoryPointer:
    """Allocate device memory."""
    return MemoryPointer(Memory(size), 0)


# ------------------------------------------------------------------ host memory

# Page-locked ranges, from the start's address to the end's.
_pinned_starts: list[int] = []
_pinned_ends: dict[int, int] = {}


class PinnedMemory(bytearray):
    """Page-locked host memory; it offers the buffer protocol."""

    ptr: int

    def __init__(self, size: int) -> None:
        super().__init__(max(int(size), 1))
        self.ptr = host_address(np.frombuffer(self, dtype=np.uint8))
        bisect.insort(_pinned_starts, self.ptr)
        _pinned_ends[self.ptr] = self.ptr + len(self)
        weakref.finalize(self, _unpin, self.ptr).atexit = False

    @property
    def mem(self) -> PinnedMemory:
        """The memory itself."""
        return self

    def size(self) -> int:
        """Return its length in bytes."""
        return len(self)


def _unpin(start: int) -> None:
    _pinned_starts.remove(start)
    del _pinned_ends[start]


def alloc_pinned_memory(size: int) -> PinnedMemory:
    """Allocate page-locked host memory."""
    return PinnedMemory(size)


@contextmanager
def page_locked(array: npt.NDArray[Any]) -> Iterator[None]:
    """Lock the memory of a host array for a while."""
    start, reach = host_range(array)
    bisect.insort(_pinned_starts, start)
    _pinned_ends[start] = start + reach
    try:
        yield
    finally:
        _unpin(start)


def is_pinned(array: npt.NDArray[Any]) -> bool:
    """Say whether a NumPy array lies in page-locked memory."""
    if not _pinned_starts:
        return False
    address = host_address(array)
    index = bisect.bisect_right(_pinned_starts, address) - 1
    return index >= 0 and address < _pinned_ends[_pinned_starts[index]]


def host_range(array: npt.NDArray[Any]) -> tuple[int, int]:
    """Return where a host array's elements begin, and how many bytes they span."""
    low = high = host_address(array)
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += (length - 1) * stride
        else:
            high += (length - 1) * stride
    return low, high + array.itemsize - low


def is_operand(array: npt.NDArray[Any]) -> bool:
    """Say whether a NumPy array may share memory with a host operand."""
    if not MACHINE.host_operands or not array.size:
        return False
    low, reach = host_range(array)
    return any(low < s + n and s < low + reach for s, n in MACHINE.host_operands)


class PinnedMemoryPool:
    """CuPy's pool of page-locked memory; it caches nothing here."""

    def malloc(self, size: int) -> PinnedMemory:
        """Allocate page-locked host memory."""
        return PinnedMemory(size)

    def free_all_blocks(self) -> None:
        """Release cached blocks; there are none."""

    def n_free_blocks(self) -> int:
        """Return how many blocks the pool caches: none."""
        return 0


_pinned_pool = PinnedMemoryPool()


def get_default_pinned_memory_pool() -> PinnedMemoryPool:
    """Return CuPy's default pool of page-locked memory."""
    return _pinned_pool
