"""The packages ``cupy`` and ``cupyx``, and their place in ``sys.modules``."""

from __future__ import annotations

import contextlib
import functools
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.simulator.cupy_package import (
    allocators,
    creation,
    cupyx,
    elementwise,
    fft,
    functions,
    fuse,
    inert,
    linalg,
    memory,
    missing,
    random,
    reduction,
    runtime,
    sparse_functions,
    streams,
    stride_tricks,
    transfers,
    written_kernels,
)
from graders.harness.device.simulator.cupy_package.array import ndarray
from graders.harness.device.simulator.cupy_package.indexing import flatiter
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray
from graders.harness.device.simulator.cupy_package.ufuncs import ufunc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

VERSION = "14.2.0"

# NumPy's own objects that CuPy offers under the same name.
_SAME = names(
    """
    AxisError base_repr binary_repr bool bool_ broadcast_shapes byte can_cast cdouble
    clongdouble complex128 complex64 complexfloating csingle double dtype e
    euler_gamma finfo float16 float32 float64 floating format_float_positional
    format_float_scientific generic get_printoptions half iinfo index_exp inexact inf
    int16 int32 int64 int8 int_ intc integer intp isdtype isscalar issubdtype iterable
    long longlong mintypecode nan ndindex newaxis number pi printoptions promote_types
    s_ set_printoptions short signedinteger single typename ubyte uint uint16 uint32
    uint64 uint8 uintc uintp ulong ulonglong unsignedinteger ushort
    """
)

# Names of NumPy 1 that CuPy keeps.
_OLD = {
    **dict.fromkeys(("Inf", "Infinity", "PINF", "infty"), np.inf),
    **dict.fromkeys(("NAN", "NaN"), np.nan),
    "NINF": -np.inf,
    "PZERO": 0.0,
    "NZERO": -0.0,
    **dict.fromkeys(("cfloat", "complex_"), np.complex128),
    "singlecomplex": np.complex64,
    "float_": np.float64,
}


def _module(name: str, contents: dict[str, Any]) -> ModuleType:
    module = ModuleType(name, f"Simulated {name}: arrays in simulated device memory.")
    vars(module).update(contents)
    vars(module).update(missing.members(name))
    spec = ModuleSpec(name, None, is_package=True)
    module.__spec__ = spec
    module.__path__ = []
    module.__package__ = name

    vars(module)["__getattr__"] = functools.partial(missing.attribute, name)
    return module


def get_array_module(*args: Any) -> ModuleType:
    """Return ``cupy`` where any argument is a device array, else ``numpy``."""
    if any(isinstance(a, DeviceArray) for a in args):
        return modules()["cupy"]
    return np


def _result_type(*args: Any) -> np.dtype[Any]:
    return np.result_type(*[a._host if isinstance(a, DeviceArray) else a for a in args])


def _plain(name: str) -> Callable[..., Any]:
    """Return a NumPy function that asks about an array and touches no element."""
    target = getattr(np, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        hosts = [a._host if isinstance(a, DeviceArray) else a for a in args]
        return target(*hosts, **kwargs)

    call.__name__ = name
    return call


def _cupy() -> dict[str, Any]:
    contents: dict[str, Any] = dict(functions.TABLE)
    contents.update(creation.table())
    contents.update({name: getattr(np, name) for name in _SAME if hasattr(np, name)})
    contents.update(inert.exceptions_table())
    contents.update(_OLD)
    asking = (
        "iscomplexobj isrealobj isfortran may_share_memory min_scalar_type ndim shape"
    )
    for name in (*asking.split(), "size"):
        contents[name] = _plain(name)
    contents.update(
        __version__=VERSION,
        ndarray=ndarray,
        ufunc=ufunc,
        flatiter=flatiter,
        fuse=fuse.fuse,
        ElementwiseKernel=elementwise.ElementwiseKernel,
        ReductionKernel=reduction.ReductionKernel,
        RawKernel=written_kernels.RawKernel,
        RawModule=written_kernels.RawModule,
        vectorize=written_kernels.vectorize,
        memoize=written_kernels.memoize,
        clear_memo=written_kernels.clear_memo,
        asnumpy=transfers.asnumpy,
        ascontiguousarray=transfers.ascontiguousarray,
        asfortranarray=transfers.asfortranarray,
        require=transfers.require,
        shares_memory=transfers.shares_memory,
        astype=lambda x, dtype, copy=True: x.astype(dtype, copy=copy),
        result_type=_result_type,
        get_array_module=get_array_module,
        get_default_memory_pool=memory.get_default_memory_pool,
        get_default_pinned_memory_pool=memory.get_default_pinned_memory_pool,
        is_available=lambda: True,
    )
    return contents


def _cuda() -> dict[str, Any]:
    return {
        "Device": streams.Device,
        "Event": streams.Event,
        "Stream": streams.Stream,
        "ExternalStream": streams.ExternalStream,
        "get_current_stream": streams.get_current_stream,
        "get_elapsed_time": streams.get_elapsed_time,
        "get_device_id": lambda: 0,
        "get_local_runtime_version": lambda: runtime.RUNTIME_VERSION,
        "is_available": lambda: True,
        "BaseMemory": memory.BaseMemory,
        "Memory": memory.Memory,
        "MemoryPointer": memory.MemoryPointer,
        "MemoryPool": memory.MemoryPool,
        "PinnedMemory": memory.PinnedMemory,
        "PinnedMemoryPointer": memory.PinnedMemory,
        "PinnedMemoryPool": memory.PinnedMemoryPool,
        "UnownedMemory": memory.UnownedMemory,
        "alloc": memory.alloc,
        "alloc_pinned_memory": memory.alloc_pinned_memory,
        **allocators.table(),
        "profile": cupyx.profile,
    }


_SUBMODULE_CONTENTS: dict[str, str] = {
    "cupy.cuda.device": "Device get_device_id",
    "cupy.cuda.stream": "Stream Event ExternalStream get_current_stream "
    "get_elapsed_time",
    "cupy.cuda.memory": "BaseMemory Memory MemoryPointer MemoryPool "
    "UnownedMemory alloc set_allocator MemoryAsyncPool get_allocator malloc_async "
    "using_allocator",
    "cupy.cuda.pinned_memory": "PinnedMemory PinnedMemoryPointer PinnedMemoryPool "
    "alloc_pinned_memory set_pinned_memory_allocator",
}


def _contents() -> dict[str, dict[str, Any]]:
    """Return what stands in each module, by the modules' names."""
    cuda, in_runtime = _cuda(), runtime.table()
    contents: dict[str, dict[str, Any]] = {
        "cupy": _cupy(),
        "cupy.cuda": cuda,
        "cupy.cuda.nvtx": inert.nvtx_table(),
        "cupy.cuda.profiler": {
            "start": in_runtime["profilerStart"],
            "stop": in_runtime["profilerStop"],
        },
        "cupy.cuda.runtime": in_runtime,
        "cupy.exceptions": inert.exceptions_table(),
        "cupy.fft": fft.table(),
        "cupy.lib": {},
        "cupy.lib.stride_tricks": stride_tricks.table(),
        "cupy.linalg": linalg.table(),
        "cupy.random": random.table(),
        "cupy.testing": linalg.testing_table(),
        "cupy.typing": inert.typing_table(),
        "cupy_backends": {},
        "cupy_backends.cuda": {},
        "cupy_backends.cuda.api": {},
        "cupy_backends.cuda.libs": {},
        "cupyx": {
            **cupyx.table(),
            "GeneralizedUFunc": written_kernels.GeneralizedUFunc,
        },
        "cupyx.jit": written_kernels.jit_table(),
        "cupyx.profiler": cupyx.profiler_table(),
        "cupyx.scipy": {"get_array_module": get_array_module},
        "cupyx.scipy.fft": fft.scipy_table(),
        "cupyx.scipy.sparse": sparse_functions.table(),
        "cupyx.scipy.sparse.linalg": sparse_functions.linalg_table(),
    }
    for name, inside in _SUBMODULE_CONTENTS.items():
        contents[name] = {n: cuda[n] for n in inside.split()}
    contents["cupy.cuda.memory"]["CUDARuntimeError"] = streams.CUDARuntimeError
    contents["cupy.cuda.memory"]["OutOfMemoryError"] = memory.OutOfMemoryError
    contents["cupy.cuda.device"]["get_compute_capability"] = lambda: (
        streams.COMPUTE_CAPABILITY
    )
    for module, names_ in cupyx.SCIPY.items():
        contents[f"cupyx.scipy.{module}"] = {
            n: cupyx.scipy_function(module, n) for n in names_
        }
    return contents | {name: missing.error_classes(name) for name in missing.ERRORS}


@functools.cache
def modules() -> dict[str, ModuleType]:
    """Return the simulated modules by name; every call gives the same ones."""
    built = {name: _module(name, items) for name, items in _contents().items()}
    built["cupy_backends.cuda.api.runtime"] = built["cupy.cuda.runtime"]
    built["cupy_backends.cuda.libs.nvtx"] = built["cupy.cuda.nvtx"]
    for name, module_ in built.items():
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(built[parent], last, module_)
    cuda = built["cupy.cuda"]
    for name in ("Device", "Event", "Stream", "ExternalStream"):
        getattr(cuda, name).__module__ = "cupy.cuda"
    for name in ("MemoryPointer", "Memory", "UnownedMemory", "MemoryPool"):
        getattr(cuda, name).__module__ = "cupy.cuda.memory"
    # These two can be reached here and, as in CuPy, not be imported from here.
    vars(cuda)["driver"] = built["cupy_backends.cuda.api.driver"]
    vars(cuda)["nvrtc"] = built["cupy_backends.cuda.libs.nvrtc"]
    return built


def install() -> None:
    """Make ``import cupy`` and ``import cupyx`` give the simulated packages."""
    sys.modules.update(modules())
    if not any(finder is missing.Finder for finder in sys.meta_path):
        sys.meta_path.insert(0, missing.Finder)


def uninstall(before: Sequence[tuple[str, ModuleType | None]] = ()) -> None:
    """Take the simulated packages out of ``sys.modules``, and put others back."""
    for name, module in modules().items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
    with contextlib.suppress(ValueError):
        sys.meta_path.remove(missing.Finder)
    for name, old in before:
        if old is not None:
            sys.modules[name] = old


@contextlib.contextmanager
def installed() -> Iterator[ModuleType]:
    """Install the simulated packages for the length of a ``with`` block."""
    before = [(name, sys.modules.get(name)) for name in modules()]
    install()
    try:
        yield modules()["cupy"]
    finally:
        uninstall(before)
