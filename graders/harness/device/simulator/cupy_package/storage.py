"""A device array's place in memory, and the wrapping of NumPy results as device arrays.

:class:`DeviceArray` is what the rest builds on; ``array.ndarray`` adds what users call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.memory import (
    AdoptedMemory,
    BaseMemory,
    Memory,
    MemoryPointer,
    host_address,
)

if TYPE_CHECKING:
    from graders.harness.device.simulator.machine import Allocation

HostArray = npt.NDArray[Any]

_SUPPORTED = frozenset("?bhilqBHILQefdFD")


class DeviceArray:
    """
    An array in simulated device memory.

    Attributes:
        base: The array whose memory this one views, or None where it has its own.
    """

    __slots__ = ("__weakref__", "_host", "_memory", "base")

    kind: ClassVar[type[DeviceArray]]
    _host: HostArray
    _memory: BaseMemory
    base: DeviceArray | None

    @property
    def block(self) -> Allocation:
        """Return the machine's allocation that holds the elements."""
        return self._memory.block

    @property
    def data(self) -> MemoryPointer:
        """Return where the first element lies on the device."""
        memory = self._memory
        block = memory.block
        if not self._host.size or not block.nbytes:
            return MemoryPointer(memory, 0)
        address = block.address + host_address(self._host) - host_address(block.buffer)
        return MemoryPointer(memory, address - memory.ptr)


def wrap(host: HostArray, memory: BaseMemory, base: DeviceArray | None) -> Any:
    """Return a device array around a NumPy view into ``memory``."""
    array = object.__new__(DeviceArray.kind)
    array._host = host
    array._memory = memory
    array.base = base
    return array


def view(host: HostArray, base: DeviceArray) -> Any:
    """Return a device array for a NumPy view into another one's elements."""
    if not host.flags.writeable:
        host.setflags(write=True)  # NumPy guards its views of diagonals; CuPy does not
    owner = base if base.base is None else base.base
    return wrap(host, base._memory, owner)


def adopt(result: Any, order: str = "C") -> Any:
    """
    Return a device array with memory of its own for a freshly computed NumPy result.

    Args:
        result: An array or scalar that nothing else refers to.

        order: ``"C"``, or ``"K"`` to leave a dense Fortran layout as it is.
    """
    host = result if isinstance(result, np.ndarray) else np.asarray(result)
    check_dtype(host.dtype)
    flags = host.flags
    if not flags.c_contiguous:
        if order == "K" and is_dense(host):
            return _adopt_dense(host)
        host = np.ascontiguousarray(host)
    elif not flags.writeable:
        host = host.copy()
    return wrap(host, AdoptedMemory(host.reshape(-1).view(np.uint8)), None)


def _adopt_dense(host: HostArray) -> Any:
    axes = axes_by_stride(host)
    flat = host.transpose(axes).reshape(-1)
    return wrap(host, AdoptedMemory(flat.view(np.uint8)), None)


def axes_by_stride(host: HostArray) -> list[int]:
    """Return the axes in order of memory, the slowest first; ties keep their order."""
    return sorted(range(host.ndim), key=lambda i: -abs(host.strides[i]))


def is_dense(host: HostArray) -> bool:
    """Say whether the elements fill a block without gaps or overlaps, in some order."""
    return bool(host.transpose(axes_by_stride(host)).flags.c_contiguous)


def like_strides(host: HostArray, dtype: npt.DTypeLike) -> HostArray:
    """Return an empty dense NumPy array with the same order of axes."""
    axes = axes_by_stride(host)
    dense = np.empty([host.shape[i] for i in axes], dtype=dtype)
    inverse = np.argsort(axes) if axes else ()
    return dense.transpose(inverse)


def check_dtype(dtype: np.dtype[Any]) -> None:
    """
    Refuse a dtype that device arrays cannot have.

    Raises:
        ValueError: As CuPy.
    """
    if dtype.char not in _SUPPORTED:
        msg = f"Unsupported dtype {dtype}"
        raise ValueError(msg)


def empty(shape: Any, dtype: npt.DTypeLike, order: str = "C") -> Any:
    """Return an uninitialised device array; no kernel runs."""
    dtype = np.dtype(dtype)
    check_dtype(dtype)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(n < 0 for n in shape):
        msg = "negative dimensions are not allowed"
        raise ValueError(msg)
    size = dtype.itemsize
    for n in shape:
        size *= int(n)
    memory = Memory(size)
    host: HostArray = np.ndarray(
        shape,
        dtype,
        buffer=memory.block.buffer,
        order="F" if order in {"F", "f"} else "C",
    )
    return wrap(host, memory, None)
