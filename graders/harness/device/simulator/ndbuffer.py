"""A replacement for nvmath's ``NDBuffer``: strided arrays in host or device memory.

Every copy between the memory spaces that nvmath makes goes through here and is
accounted for. Imports nothing of the engine but the machine and ``cuda_core``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from graders.harness.device.simulator.cuda_core import Buffer
from graders.harness.device.simulator.cupy_package.memory import is_pinned
from graders.harness.device.simulator.machine import MACHINE, Allocation, Part
from graders.harness.device.simulator.not_modelled import not_modelled

if TYPE_CHECKING:
    from nvmath.internal._layout import StridedLayout

DeviceId = int | Literal["cpu"]


# While nvmath autotunes. Before each sample it uploads a block of zeros as large as the
# device's cache, which nobody reads: accounting for that is enough, moving it takes long.
flushing = False


def to_numpy_dtype(name: str) -> np.dtype[Any]:
    """
    Return NumPy's dtype with this name.

    Raises:
        NotModelled: NumPy has no such dtype (``bfloat16``, ``float8_e4m3fn``).
    """
    try:
        return np.dtype(name)
    except TypeError:
        feature = f"The data type {name}"
        raise not_modelled(feature) from None


def device_view(
    address: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: np.dtype[Any],
) -> tuple[npt.NDArray[Any], Allocation]:
    """
    Return device memory as a NumPy view, and the allocation that holds it.

    Args:
        address: The address of the first element.

        shape: The view's shape.

        strides: Its strides in bytes.

        dtype: Its dtype.

    Raises:
        SimulatedMemoryError: No live allocation holds the address.

        IndexError: The view reaches beyond the allocation.
    """
    block, offset = MACHINE.resolve(address)
    low = high = offset
    if all(shape):
        steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
        low += sum(s for s in steps if s < 0)
        high += sum(s for s in steps if s > 0) + dtype.itemsize
    if low < 0 or high > block.nbytes:
        msg = (
            f"An array of shape {shape} with strides {strides} bytes reaches "
            f"{max(high - block.nbytes, -low)} bytes beyond its allocation of "
            f"{block.nbytes} bytes."
        )
        raise IndexError(msg)
    if not all(shape):
        return np.empty(shape, dtype), block
    array: npt.NDArray[Any] = np.ndarray(
        shape, dtype, buffer=block.buffer, offset=offset, strides=strides
    )
    return array, block


class NDBuffer:
    """
    A strided array in host memory or in simulated device memory.

    Attributes:
        array: The elements as a NumPy view, wherever they are.

        data: What holds the memory; its ``owner`` is the allocator's object.

        device_id: ``"cpu"`` or the device's number.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        array: npt.NDArray[Any],
        device_id: DeviceId,
        data: Any,
        address: int,
        block: Allocation | None = None,
    ) -> None:
        self.array = array
        self.device_id = device_id
        self.data = data
        self.data_ptr = address
        self.block = block

    # ---------------------------------------------------------------- creation

    @classmethod
    def from_numpy(cls, array: npt.NDArray[Any]) -> NDBuffer:
        """Wrap a NumPy array."""
        return cls(array, "cpu", array, int(array.ctypes.data))

    @classmethod
    def from_cupy(cls, array: Any) -> NDBuffer:
        """Wrap an array of the simulated CuPy."""
        dtype = np.dtype(array.dtype)
        address = int(array.data.ptr)
        view, block = device_view(
            address, tuple(array.shape), tuple(array.strides), dtype
        )
        return cls(view, int(array.device.id), array, address, block)

    @classmethod
    def empty(
        cls,
        layout: StridedLayout,
        dtype: str,
        device_id: DeviceId = "cpu",
        *,
        stream: Any = None,
        memory_resource: Any = None,
        **_options: Any,
    ) -> NDBuffer:
        """Allocate an array with a dense layout."""
        kind = to_numpy_dtype(dtype)
        strides = tuple(s * kind.itemsize for s in layout.strides)
        return cls._allocate(
            tuple(layout.shape), strides, kind, device_id, memory_resource
        )

    @classmethod
    def empty_like(
        cls,
        other: NDBuffer,
        *,
        device_id: DeviceId | None = None,
        stream: Any = None,
        memory_resource: Any = None,
        **_options: Any,
    ) -> NDBuffer:
        """Allocate a dense array with another one's shape and order of axes."""
        where = other.device_id if device_id is None else device_id
        # A template without memory of its own: only its strides are of interest.
        model = as_strided(
            np.empty(1, other.array.dtype), other.shape, other.array.strides
        )
        strides = (
            np.empty_like(model, order="K").strides if other.size else model.strides
        )
        return cls._allocate(
            other.shape, strides, other.array.dtype, where, memory_resource
        )

    @classmethod
    def _allocate(
        cls,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        dtype: np.dtype[Any],
        device_id: DeviceId,
        memory_resource: Any,
    ) -> NDBuffer:
        count = int(np.prod(shape, dtype=np.int64))
        if device_id == "cpu":
            host = (
                np.ndarray(shape, dtype, strides=strides)
                if count
                else np.empty(shape, dtype)
            )
            return cls.from_numpy(host)
        nbytes = count * dtype.itemsize
        if memory_resource is None:
            block = MACHINE.malloc(nbytes, fill=None if flushing else 0xFF)
            data = Buffer(block.address, nbytes, owner=block)
        else:
            data = memory_resource.allocate(nbytes, stream=None)
        view, block = device_view(data.handle, shape, strides, dtype)
        return cls(view, device_id, data, data.handle, block)

    # -------------------------------------------------------------- attributes

    @property
    def device(self) -> str:
        """``"cpu"`` or ``"cuda"``."""
        return "cpu" if self.device_id == "cpu" else "cuda"

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self.array.dtype.name

    dtype_name = dtype

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.array.dtype.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.array.shape

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    @property
    def strides_in_bytes(self) -> tuple[int, ...]:
        """The strides in bytes."""
        return self.array.strides

    @property
    def strides(self) -> tuple[int, ...]:
        """The strides in elements."""
        return tuple(s // self.itemsize for s in self.array.strides)

    @property
    def layout(self) -> StridedLayout:
        """The layout, as nvmath's own type."""
        from nvmath.internal._layout import StridedLayout

        return StridedLayout(self.shape, self.strides, self.itemsize)

    def __len__(self) -> int:
        return len(self.array)

    # ------------------------------------------------------------------- views

    def _viewed(self, array: npt.NDArray[Any]) -> NDBuffer:
        return NDBuffer(array, self.device_id, self.data, self.data_ptr, self.block)

    def as_strided(self, layout: StridedLayout, **_options: Any) -> NDBuffer:
        """Return a view with another layout, beginning at the same address."""
        strides = tuple(s * self.itemsize for s in layout.strides)
        return self._viewed(as_strided(self.array, tuple(layout.shape), strides))

    def reshape(self, shape: Any) -> NDBuffer:
        """Return a view with another shape, or raise where it needs a copy."""
        return self._viewed(self.array.reshape(tuple(shape), copy=False))

    def as_numpy(self) -> npt.NDArray[Any]:
        """Return the host array."""
        if self.device_id != "cpu":
            msg = "as_numpy() is only supported for host memory"
            raise ValueError(msg)
        return self.array

    # ------------------------------------------------------------------ copies

    def copy_(self, src: NDBuffer, *, stream: Any = None, **_options: Any) -> None:
        """Copy the elements of ``src`` here, between any two memory spaces."""
        handle = 0 if stream is None else int(stream.ptr)
        nbytes = src.size * src.itemsize
        if not (flushing and src.block is None):
            self.array[...] = src.array
        reads = [] if src.block is None else [Part(src.block, src.array)]
        writes = [] if self.block is None else [Part(self.block, self.array)]
        if not nbytes or (not reads and not writes):
            return
        if not reads:
            mine = MACHINE.is_host_operand(src.data_ptr)
            pinned = is_pinned(src.array)
            MACHINE.copy(
                "host_to_device",
                nbytes,
                stream=handle,
                pinned=pinned,
                operand=mine,
                writes=writes,
            )
        elif not writes:
            pinned = is_pinned(self.array)
            MACHINE.copy(
                "device_to_host", nbytes, stream=handle, pinned=pinned, reads=reads
            )
        elif self.array.strides == src.array.strides and self._is_dense():
            MACHINE.copy(
                "device_to_device", nbytes, stream=handle, reads=reads, writes=writes
            )
        else:
            MACHINE.kernel(
                "nvmath_copy_strided",
                "copy",
                elements=src.size,
                nbytes=2 * nbytes,
                stream=handle,
                reads=reads,
                writes=writes,
            )

    def _is_dense(self) -> bool:
        expected = self.itemsize
        axes = zip(self.array.strides, self.shape, strict=True)
        for stride, extent in sorted(axes):
            if extent != 1:
                if stride != expected:
                    return False
                expected *= extent
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        feature = f"nvmath's NDBuffer.{name}"
        raise not_modelled(feature)
