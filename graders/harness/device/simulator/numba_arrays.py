"""numba-cuda's arrays and streams in simulated memory: ``device_array``, ``to_device``.

Imports nothing of the engine but the machine, ``cuda_core`` and ``not_modelled``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator import cuda_core
from graders.harness.device.simulator.machine import (
    MACHINE,
    MEMORY_BYTES,
    Allocation,
)
from graders.harness.device.simulator.not_modelled import not_modelled

HostArray = npt.NDArray[Any]


class NumbaArray:
    """
    An array that numba-cuda allocated on the simulated device.

    Attributes:
        block: Its memory.

        host: Its elements, as a NumPy array in that memory.
    """

    __cuda_memory__ = True

    def __init__(
        self, shape: Any, dtype: npt.DTypeLike = np.float64, order: str = "C"
    ) -> None:
        dtype = np.dtype(dtype)
        shape = (int(shape),) if isinstance(shape, int | np.integer) else tuple(shape)
        self.block: Allocation = MACHINE.malloc(int(np.prod(shape)) * dtype.itemsize)
        self.host: HostArray = np.ndarray(
            shape, dtype, buffer=self.block.buffer, order="F" if order == "F" else "C"
        )

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
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "strides": None if self.host.flags.c_contiguous else self.strides,
            "data": (self.block.address, False),
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
        ary[...] = self.host
        MACHINE.copy(
            "device_to_host",
            self.nbytes,
            stream=handle_of(stream),
            reads=[self.block],
        )
        return ary

    def copy_to_device(self, ary: Any, stream: Any = 0) -> None:
        """Take the elements of a host array."""
        source = np.asarray(ary)
        self.host[...] = source
        MACHINE.copy(
            "host_to_device",
            self.nbytes,
            stream=handle_of(stream),
            writes=[self.block],
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        feature = f"{name} of an array of numba-cuda"
        raise not_modelled(feature)

    def __getitem__(self, key: Any) -> Any:
        feature = "Indexing an array of numba-cuda outside of kernels"
        raise not_modelled(feature)

    __setitem__ = __getitem__


class NumbaStream(cuda_core.Stream):
    """A stream that numba-cuda made."""

    def synchronize(self) -> None:
        """Let the host wait until its work is done."""
        MACHINE.synchronize(self.handle)

    def auto_synchronize(self) -> Any:
        """Refuse, as it is not modelled."""
        feature = "Stream.auto_synchronize of numba-cuda"
        raise not_modelled(feature)

    def __int__(self) -> int:
        return self.handle


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


def array_type(host: HostArray) -> Any:
    """Return the Numba type of an array on the device."""
    from numba.cuda import types
    from numba.cuda.np import numpy_support

    flags = host.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    return types.Array(numpy_support.from_dtype(host.dtype), host.ndim, layout)


def _device_array(
    shape: Any,
    dtype: npt.DTypeLike = np.float64,
    strides: Any = None,
    order: str = "C",
    stream: Any = 0,
) -> NumbaArray:
    del stream
    if strides is not None:
        feature = "device_array of numba-cuda with strides"
        raise not_modelled(feature)
    return NumbaArray(shape, dtype, order)


def _device_array_like(ary: Any, stream: Any = 0) -> NumbaArray:
    del stream
    fortran = ary.ndim > 1 and ary.strides[0] == ary.dtype.itemsize
    return NumbaArray(ary.shape, ary.dtype, "F" if fortran else "C")


def _to_device(
    obj: Any,
    stream: Any = 0,
    copy: bool = True,
    to: Any = None,  # noqa: FBT001, FBT002
) -> Any:
    if hasattr(obj, "__cuda_array_interface__"):
        return obj
    source = np.asarray(obj)
    if to is None:
        fortran = source.flags.f_contiguous and not source.flags.c_contiguous
        to = NumbaArray(source.shape, source.dtype, "F" if fortran else "C")
    if copy:
        to.copy_to_device(source, stream)
    return to


def _as_cuda_array(obj: Any, sync: bool = True) -> Any:  # noqa: FBT001, FBT002
    del sync
    return obj


def _stream() -> NumbaStream:
    return NumbaStream(MACHINE.new_stream())


def _existing_stream(handle: Any = 0) -> NumbaStream:
    number = handle_of(handle)
    # 1 and 2 are CUDA's names of the legacy and of the per-thread default stream.
    return NumbaStream(cuda_core.stream_state(0 if number in (1, 2) else number))


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

    from graders.harness.device.simulator.cupy_package.storage import DeviceArray

    typeof_impl.register(DeviceArray, lambda value, _context: array_type(value._host))
    for name, value in {
        "device_array": _device_array,
        "device_array_like": _device_array_like,
        "to_device": _to_device,
        "as_cuda_array": _as_cuda_array,
        "stream": _stream,
        "external_stream": _existing_stream,
        "default_stream": _existing_stream,
        "legacy_default_stream": _existing_stream,
        "per_thread_default_stream": _existing_stream,
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
