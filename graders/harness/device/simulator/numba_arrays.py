"""numba-cuda's arrays in simulated memory: ``device_array``, ``to_device``, and views.

Imports nothing of the engine but the machine, ``cuda_core``, ``not_modelled``,
``numba_streams`` and what the simulated CuPy knows of memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.evidence import Direction
from graders.harness.device.simulator import cuda_core
from graders.harness.device.simulator.cupy_package.memory import (
    alloc_pinned_memory,
    host_address,
    is_operand,
    is_pinned,
    page_locked,
)
from graders.harness.device.simulator.cupy_package.storage import DeviceArray
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.machine import (
    MACHINE,
    MEMORY_BYTES,
    Allocation,
    Part,
)
from graders.harness.device.simulator.not_modelled import not_modelled
from graders.harness.device.simulator.numba_streams import (
    NAMES,
    NumbaStream,
    handle_of,
)

HostArray = npt.NDArray[Any]


class NumbaArray:
    """
    An array of numba-cuda on the simulated device.

    Attributes:
        block: Its memory.

        host: Its elements, as a NumPy array in that memory.

        stream: Where its copies are ordered by default; 0 is for copies that the host
            waits for.
    """

    __cuda_memory__ = True
    __cuda_ndarray__ = True

    def __init__(
        self, shape: Any, dtype: npt.DTypeLike = np.float64, order: str = "C"
    ) -> None:
        dtype = np.dtype(dtype)
        shape = (int(shape),) if isinstance(shape, int | np.integer) else tuple(shape)
        self.block: Allocation = MACHINE.malloc(int(np.prod(shape)) * dtype.itemsize)
        self.host: HostArray = np.ndarray(
            shape, dtype, buffer=self.block.buffer, order="F" if order == "F" else "C"
        )
        self.stream: Any = 0
        self._owner: object = None

    @classmethod
    def of(cls, host: HostArray, block: Allocation, stream: Any, owner: object) -> Any:
        """Return an array of elements that another one holds, and keep that alive."""
        array = object.__new__(cls)
        array.host, array.block = host, block
        array.stream, array._owner = stream, owner
        return array

    @property
    def part(self) -> Part:
        """Its elements in its block."""
        return Part(self.block, self.host)

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.host.shape

    @property
    def strides(self) -> tuple[int, ...]:
        """Its strides, in bytes."""
        return self.host.strides

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its dtype."""
        return self.host.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.host.ndim

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.host.size

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return self.host.nbytes

    @property
    def device_ctypes_pointer(self) -> ctypes.c_size_t:
        """Where its first element lies; of the type that numba-cuda gives an address."""
        return ctypes.c_size_t(self._address)

    @property
    def _address(self) -> int:
        offset = 0
        if self.size:
            offset = host_address(self.host) - host_address(self.block.buffer)
        return self.block.address + offset

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "strides": None if self.host.flags.c_contiguous else self.strides,
            "data": (self._address, False),
            "stream": handle_of(self.stream) or 1 if self.stream else None,
            "version": 3,
        }

    @property
    def _numba_type_(self) -> Any:
        return array_type(self.host)

    def __len__(self) -> int:
        return len(self.host)

    def copy_to_host(self, ary: HostArray | None = None, stream: Any = 0) -> HostArray:
        """Return a host copy, or fill one."""
        if ary is None:
            ary = np.empty_like(self.host)
        else:
            _check_alike(self.host, ary)
        ary[...] = self.host.reshape(ary.shape)
        pinned = is_pinned(ary)
        self._copied("device_to_host", stream, pinned=pinned, reads=[self.part])
        if pinned and (stream or self.stream):
            MACHINE.arrive_later(ary, handle_of(stream or self.stream))
        return ary

    def copy_to_device(self, ary: Any, stream: Any = 0) -> None:
        """Take the elements of a host array, or of one on the device."""
        _check_contiguous(self.host)
        if hasattr(ary, "__cuda_array_interface__"):
            source = ary if isinstance(ary, NumbaArray) else _as_cuda_array(ary)
            _check_alike(self.host, source.host)
            self.host[...] = source.host.reshape(self.shape)
            self._copied(
                "device_to_device", stream, reads=[source.part], writes=[self.part]
            )
            return
        given = np.asarray(ary)
        MACHINE.arrive(handle_of(stream or self.stream))
        order: Any = "C" if self.host.flags.c_contiguous else "F"
        _check_alike(self.host, np.array(given, order=order, copy=None))
        self.host[...] = given.reshape(self.shape)
        self._copied(
            "host_to_device",
            stream,
            pinned=is_pinned(given),
            operand=is_operand(given),
            writes=[self.part],
        )

    def _copied(self, direction: Direction, stream: Any, **what: Any) -> None:
        """Account for a copy of all elements; without a stream the host waits for it."""
        stream = stream or self.stream
        waits = None if stream or direction == "device_to_device" else True
        if self.nbytes:
            handle = handle_of(stream)
            MACHINE.copy(direction, self.nbytes, stream=handle, blocking=waits, **what)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        feature = f"{name} of an array of numba-cuda"
        raise not_modelled(feature)

    # ------------------------------------------------------- parts, and other shapes

    @property
    def flags(self) -> dict[str, bool]:
        """Whether its elements lie one after the other, in either order."""
        flags = self.host.flags
        return {"C_CONTIGUOUS": flags.c_contiguous, "F_CONTIGUOUS": flags.f_contiguous}

    def is_c_contiguous(self) -> bool:
        """Return whether its elements lie in C order, without gaps."""
        return bool(self.host.flags.c_contiguous)

    def is_f_contiguous(self) -> bool:
        """Return whether its elements lie in Fortran order, without gaps."""
        return bool(self.host.flags.f_contiguous)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> HostArray:
        if copy is False:
            msg = "`copy=False` is not supported. A copy is always created."
            raise ValueError(msg)
        host = self.copy_to_host()
        return host if dtype is None else host.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        found = self._at(key)
        if found.shape == () and not _has_ellipsis(key):
            return NumbaArray.of(found, self.block, self.stream, self).copy_to_host()[
                ()
            ]
        return self._viewed(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        target = self._at(key)
        source = _to_device(value, stream=self.stream)
        target[...] = source.host
        part = Part(self.block, target)
        MACHINE.kernel(
            "numba_assign",
            "elementwise",
            elements=target.size,
            nbytes=2 * target.nbytes,
            dtype=self.dtype.name,
            stream=handle_of(self.stream),
            reads=[source.part],
            writes=[part],
        )
        if not self.stream:
            MACHINE.synchronize(0)

    def reshape(self, *newshape: Any, **kws: Any) -> NumbaArray:
        """Return the same elements in another shape, where nothing has to move."""
        shape = newshape[0] if isinstance(newshape[0], tuple | list) else newshape
        return self._unmoved(self.host.reshape(shape, **kws))

    def ravel(self, order: Any = "C", stream: Any = 0) -> NumbaArray:
        """Return the same elements as a vector, where nothing has to move."""
        return self._unmoved(self.host.ravel(order)).bind(stream or self.stream)

    def squeeze(self, axis: Any = None, stream: Any = 0) -> NumbaArray:
        """Return the same elements without axes of length 1."""
        return self._viewed(self.host.squeeze(axis)).bind(stream or self.stream)

    def view(self, dtype: npt.DTypeLike) -> NumbaArray:
        """Return the same bytes as elements of another dtype."""
        return self._viewed(self.host.view(dtype))

    def bind(self, stream: Any = 0) -> NumbaArray:
        """Return the same array with copies that are ordered on a stream by default."""
        view = self._viewed(self.host)
        view.stream = stream
        return view

    def split(self, section: int, stream: Any = 0) -> Iterator[NumbaArray]:
        """Yield parts of a vector, of so many elements each."""
        for begin in range(0, self.size, section):
            part = self._viewed(self.host[begin : begin + section])
            yield part.bind(stream or self.stream)

    def _at(self, key: Any) -> HostArray:
        """Return a view of some elements, or of one."""
        keys = key if isinstance(key, tuple) else (key,)
        for one in keys:
            if not isinstance(one, int | np.integer | slice | type(...)):
                feature = f"Indexing an array of numba-cuda by {type(one).__name__}"
                raise not_modelled(feature)
        return self.host[(*keys, ...) if ... not in keys else keys]

    def _unmoved(self, host: HostArray) -> NumbaArray:
        if not np.may_share_memory(host, self.host):
            msg = "operation requires copying"
            raise NotImplementedError(msg)
        return self._viewed(host)

    def _viewed(self, host: HostArray) -> NumbaArray:
        view: NumbaArray = NumbaArray.of(host, self.block, self.stream, self)
        return view


def _has_ellipsis(key: Any) -> bool:
    return ... in (key if isinstance(key, tuple) else (key,))


def array_type(host: HostArray) -> Any:
    """Return the Numba type of an array on the device."""
    from numba.cuda import types
    from numba.cuda.np import numpy_support

    flags = host.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    return types.Array(numpy_support.from_dtype(host.dtype), host.ndim, layout)


def _check_contiguous(target: HostArray) -> None:
    """Refuse to copy into an array with gaps, as numba does."""
    from numba.cuda.cudadrv import devicearray

    devicearray.sentry_contiguous(target)


def _check_alike(target: HostArray, source: HostArray) -> None:
    """Refuse to copy between arrays of another shape, dtype or layout, as numba does."""
    from numba.cuda.cudadrv import devicearray

    devicearray.check_array_compatibility(target, source)


def _device_array(
    shape: Any,
    dtype: npt.DTypeLike = np.float64,
    strides: Any = None,
    order: str = "C",
    stream: Any = 0,
) -> NumbaArray:
    if strides is not None:
        feature = "device_array of numba-cuda with strides"
        raise not_modelled(feature)
    array = NumbaArray(shape, dtype, order)
    array.stream = stream
    return array


def _device_array_like(ary: Any, stream: Any = 0) -> NumbaArray:
    fortran = ary.ndim > 1 and ary.strides[0] == ary.dtype.itemsize
    order = "F" if fortran else "C"
    return _device_array(ary.shape, ary.dtype, order=order, stream=stream)


def _to_device(
    obj: Any,
    stream: Any = 0,
    copy: bool = True,
    to: Any = None,  # noqa: FBT001, FBT002
) -> Any:
    if to is not None:
        if copy:
            to.copy_to_device(obj, stream)
        return to
    if isinstance(obj, NumbaArray):
        return obj
    if hasattr(obj, "__cuda_array_interface__"):
        return _as_cuda_array(obj)
    source = np.asarray(obj)
    fortran = source.flags.f_contiguous and not source.flags.c_contiguous
    to = NumbaArray(source.shape, source.dtype, "F" if fortran else "C")
    if copy:
        to.copy_to_device(source, stream)
    to.stream = stream
    return to


def _as_cuda_array(obj: Any, sync: bool = True) -> Any:  # noqa: FBT001, FBT002
    """Return an array in the memory of another package's array."""
    if isinstance(obj, NumbaArray):
        if sync and obj.stream:
            MACHINE.synchronize(handle_of(obj.stream))
        return NumbaArray.of(obj.host, obj.block, obj.stream, obj)
    if not isinstance(obj, DeviceArray):
        if hasattr(obj, "__cuda_array_interface__"):
            feature = "as_cuda_array of numba-cuda, of an array that is not CuPy's,"
            raise not_modelled(feature)
        msg = "*obj* doesn't implement the cuda array interface."
        raise TypeError(msg)
    # CuPy names its current stream; numba waits for it, and orders later copies there.
    stream = NumbaStream(cuda_core.stream_state(current_handle()))
    if sync:
        stream.synchronize()
    return NumbaArray.of(obj._host, obj.block, stream, obj)  # noqa: SLF001


def _pinned_array(
    shape: Any, dtype: npt.DTypeLike = np.float64, strides: Any = None, order: Any = "C"
) -> HostArray:
    if strides is not None:
        feature = "pinned_array of numba-cuda with strides"
        raise not_modelled(feature)
    dtype = np.dtype(dtype)
    memory = alloc_pinned_memory(int(np.prod(shape)) * dtype.itemsize)
    return np.ndarray(shape, dtype, buffer=memory, order=order)


def _pinned_array_like(ary: HostArray) -> HostArray:
    fortran = ary.flags.f_contiguous and not ary.flags.c_contiguous
    return _pinned_array(ary.shape, ary.dtype, order="F" if fortran else "C")


@contextmanager
def _pinned(*arylist: HostArray) -> Iterator[None]:
    with ExitStack() as pinned:
        for array in arylist:
            pinned.enter_context(page_locked(array))
        yield


def _synchronize() -> None:
    MACHINE.synchronize()


def _current_device() -> Any:
    return SimpleNamespace(
        compute_capability=cuda_core.COMPUTE_CAPABILITY,
        id=0,
        name=cuda_core.DEVICE_NAME.encode(),
        MULTIPROCESSOR_COUNT=132,
        MAX_THREADS_PER_BLOCK=1024,
        MAX_BLOCK_DIM_X=1024,
        MAX_GRID_DIM_X=2**31 - 1,
        MAX_SHARED_MEMORY_PER_BLOCK=49152,
        WARP_SIZE=32,
    )


def _current_context(_devnum: Any = None) -> Any:
    return SimpleNamespace(
        device=_current_device(),
        synchronize=_synchronize,
        get_memory_info=lambda: SimpleNamespace(
            free=MEMORY_BYTES - MACHINE.used_bytes,
            total=MEMORY_BYTES,
        ),
    )


def _no_driver(_driver: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    feature = f"What numba-cuda asks the CUDA driver for ({name})"
    raise not_modelled(feature)


def install() -> None:
    """Put the simulated arrays and streams into ``numba.cuda``."""
    import numba.cuda as module
    from numba.cuda import codegen, dispatcher
    from numba.cuda.cudadrv.driver import Driver
    from numba.cuda.typing.typeof import typeof_impl

    typeof_impl.register(DeviceArray, lambda value, _context: array_type(value._host))
    for name, value in {
        "device_array": _device_array,
        "device_array_like": _device_array_like,
        "to_device": _to_device,
        "as_cuda_array": _as_cuda_array,
        **NAMES,
        "pinned": _pinned,
        "pinned_array": _pinned_array,
        "pinned_array_like": _pinned_array_like,
        "synchronize": _synchronize,
        "current_context": _current_context,
        "select_device": _current_context,
        "get_current_device": _current_device,
        "is_available": lambda: True,
    }.items():
        setattr(module, name, value)
    Driver.__getattr__ = _no_driver
    dispatcher.get_current_device = _current_device
    codegen.devices.get_context = _current_context
    dispatcher.get_context = _current_context
