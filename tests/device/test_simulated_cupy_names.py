"""Names of CuPy 14.2: each one is there, or says that it is not modelled."""

from __future__ import annotations

import importlib
import pickle
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.device.simulator.cupy_package import modules
from graders.harness.device.simulator.machine import MACHINE, MEMORY_BYTES
from graders.harness.device.simulator.not_modelled import NotModelled

# What ``dir`` of CuPy 14.2 names with NumPy 2, without private names, submodules that are
# listed below, and what the files import for themselves. Of ``cupy`` itself, only what
# NumPy 2 does not have under the same name.
NAMES = {
    "cupy": """
        ComplexWarning DataSource ElementwiseKernel Inf Infinity
        ModuleDeprecationWarning NAN NINF NZERO NaN PINF PZERO RankWarning RawKernel
        RawModule ReductionKernel TooHardError VisibleDeprecationWarning alltrue asnumpy
        cfloat clear_memo complex_ cublas cuda cumproduct
        disable_experimental_feature_warning disp exceptions fft find_common_type float_
        format_parser fuse get_array_module get_array_wrap get_default_memory_pool
        get_default_pinned_memory_pool in1d infty is_available issctype issubclass_
        issubsctype lib linalg memoize msort obj2sctype polynomial product random
        safe_eval sctype2char set_string_function show_config singlecomplex sometrue
        testing trapz typing
    """,
    "cupy.cuda": """
        BaseMemory CFunctionAllocator Device Event ExternalStream Function Graph
        ManagedMemory Memory MemoryAsync MemoryAsyncPool MemoryHook MemoryPointer
        MemoryPool Module PinnedMemory PinnedMemoryPointer PinnedMemoryPool
        PythonFunctionAllocator Stream UnownedMemory alloc
        alloc_pinned_memory common compiler cub cublas cufft curand cusolver cusparse
        cutensor device driver function get_allocator get_cublas_handle get_cuda_path
        get_current_stream get_device_id get_elapsed_time get_hipcc_path
        get_local_runtime_version get_nvcc_path get_rocm_path graph is_available jitify
        malloc_async malloc_managed memory memory_hook memory_hooks nccl nvrtc nvtx
        pinned_memory profile profiler runtime set_allocator
        set_pinned_memory_allocator stream texture thrust using_allocator
    """,
    "cupy.cuda.compiler": "CompileException NVCCException compile_using_nvrtc",
    "cupy.cuda.device": """
        Device Handle from_pointer get_compute_capability get_cublas_handle
        get_cusolver_handle get_cusolver_sp_handle get_cusparse_handle
        get_cutensor_handle get_device_id
    """,
    "cupy.cuda.memory": """
        BaseMemory CFunctionAllocator CFunctionAllocatorMemory CUDARuntimeError
        ManagedMemory Memory MemoryAsync MemoryAsyncPool MemoryPointer MemoryPool
        OutOfMemoryError PooledMemory PythonFunctionAllocator
        PythonFunctionAllocatorMemory SingleDeviceMemoryPool SystemMemory UnownedMemory
        alloc get_allocator malloc_async malloc_managed malloc_system set_allocator
    """,
    "cupy.cuda.nvtx": """
        Mark MarkC RangeEnd RangePop RangePush RangePushC RangeStart available
    """,
    "cupy.cuda.pinned_memory": """
        PinnedMemory PinnedMemoryPointer PinnedMemoryPool PooledPinnedMemory
        alloc_pinned_memory is_memory_pinned set_pinned_memory_allocator
    """,
    "cupy.cuda.profiler": "start stop",
    "cupy.cuda.runtime": """
        CUDARuntimeError CUDA_R_32F MemPoolProps PointerAttributes check_status
        cudaDevAttrWarpSize cudaMemAttachGlobal deviceGetLimit deviceSynchronize
        eventDisableTiming free freeAsync getDeviceProperties graphLaunch
        hostAllocDefault is_hip malloc mallocManaged memcpy2DAsync memoryTypeDevice
        profilerStart streamCaptureModeGlobal streamCreateWithPriority
    """,
    "cupy.cuda.stream": "Event ExternalStream Stream get_current_stream",
    "cupy.exceptions": """
        AxisError ComplexWarning ModuleDeprecationWarning RankWarning TooHardError
        VisibleDeprecationWarning
    """,
    "cupy.testing": "assert_allclose for_all_dtypes numpy_cupy_allclose shaped_random",
    "cupy.typing": "ArrayLike DTypeLike NBitBase NDArray",
    "cupy_backends.cuda.api.driver": "CUDADriverError launchKernel get_build_version",
    "cupy_backends.cuda.api.runtime": "CUDARuntimeError getDeviceCount hostAlloc",
    "cupy_backends.cuda.libs.nvrtc": "NVRTCError compileProgram getVersion",
    "cupyx": """
        DeviceSynchronized GeneralizedUFunc allow_synchronize cusolver cusparse cutensor
        distributed empty_like_pinned empty_pinned errstate get_runtime_info geterr jit
        lapack linalg optimizing profiler rsqrt scatter_add scatter_max scatter_min
        scipy seterr signal time tools zeros_like_pinned zeros_pinned
    """,
    "cupyx.profiler": "benchmark load_ipython_extension profile time_range",
    "cupyx.scipy": "fftpack fft get_array_module interpolate linalg ndimage signal "
    "sparse spatial special stats",
    "cupyx.scipy.fft": "dct fft get_fft_plan next_fast_len rfftn",
    "cupyx.scipy.ndimage": "convolve distance_transform_edt find_objects gaussian_filter",
    "cupyx.scipy.signal": "butter fftconvolve find_peaks lfilter welch windows",
    "cupyx.scipy.special": "betaln erf k0 loggamma",
}


@pytest.mark.parametrize("module", NAMES)
def test_every_name_of_cupy_is_there_or_is_not_modelled(cp: Any, module: str) -> None:
    found = importlib.import_module(module)
    told = {name: _what_is_said_of(found, name) for name in NAMES[module].split()}
    wanted = "{} is not modelled by the simulated GPU. Run with"
    assert {
        name: said
        for name, said in told.items()
        if said and not said.startswith(wanted.format(f"{found.__name__}.{name}"))
    } == {}


def _what_is_said_of(module: ModuleType, name: str) -> str:
    try:
        getattr(module, name)
    except (NotModelled, AttributeError) as err:
        return str(err)
    return ""


@pytest.mark.parametrize(
    "name",
    [
        *("cupy._core", "cupy._core.core", "cupy.cublas", "cupy.polynomial.polynomial"),
        *("cupy.cuda.cub", "cupy.cuda.function", "cupy.cuda.memory_hook"),
        *("cupy.cuda.memory_hooks.line_profile", "cupyx.tools", "cupyx.scipy.fftpack"),
        *("cupy_backends.cuda.libs.cublas", "cupyx.scipy.signal.windows"),
    ],
)
def test_modules_that_are_not_modelled_say_so_when_imported(cp: Any, name: str) -> None:
    with pytest.raises(NotModelled, match="is not modelled by the simulated GPU"):
        importlib.import_module(name)


def test_what_cupy_does_not_have_is_still_an_error(cp: Any) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"cupy\.cuda\.driver"):
        importlib.import_module("cupy.cuda.driver")
    for module, name in ((cp.cuda.runtime, "mallocc"), (cp.cuda.nvtx, "rangePush")):
        with pytest.raises(AttributeError, match=name):
            getattr(module, name)


def test_errors_that_nothing_raises_can_be_caught(cp: Any) -> None:
    from cupy.cuda import compiler, driver, nvrtc

    wanted = (driver.CUDADriverError, nvrtc.NVRTCError, compiler.CompileException)
    assert [issubclass(error, RuntimeError) for error in wanted] == [True, True, False]
    caught: list[Exception] = []
    try:
        raise driver.CUDADriverError
    except wanted as err:
        caught.append(err)
    assert caught


def test_the_runtime_of_the_backend_is_cupys(cp: Any) -> None:
    from cupy_backends.cuda.api import runtime

    assert runtime is cp.cuda.runtime
    assert cp.cuda.memory.CUDARuntimeError is runtime.CUDARuntimeError
    assert cp.cuda.device.get_compute_capability() == "90"


def test_nothing_of_it_is_left_when_it_is_uninstalled() -> None:
    def present() -> dict[str, Any]:
        return {name: sys.modules.get(name) for name in modules.modules()}

    before = present()
    with modules.installed():
        assert present() == modules.modules()
    assert present() == before


# ------------------------------------------------------------------------ out of memory


def test_too_much_memory_raises_cupys_own_error(cp: Any) -> None:
    from cupy.cuda.memory import OutOfMemoryError

    assert issubclass(OutOfMemoryError, MemoryError)
    text = rf"^Out of memory allocating {2 * MEMORY_BYTES:,} bytes \(allocated so far: "
    for make in (
        lambda: cp.empty(2 * MEMORY_BYTES, "uint8"),
        lambda: cp.cuda.alloc(2 * MEMORY_BYTES),
        lambda: cp.get_default_memory_pool().malloc(2 * MEMORY_BYTES),
        lambda: cp.cuda.Memory(2 * MEMORY_BYTES),
    ):
        with pytest.raises(OutOfMemoryError, match=text):
            make()
    with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="MemoryAllocation"):
        cp.cuda.runtime.malloc(2 * MEMORY_BYTES)


def test_a_result_that_the_device_has_no_room_for(
    cp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = cp.ones(1000)
    monkeypatch.setattr(MACHINE, "used_bytes", MEMORY_BYTES - 4000)
    with pytest.raises(cp.cuda.memory.OutOfMemoryError, match="8,000 bytes"):
        _ = x + 1


def test_its_text_and_pickle_are_cupys(cp: Any) -> None:
    error = cp.cuda.memory.OutOfMemoryError(1000, 2000, 3000)
    assert str(error) == (
        "Out of memory allocating 1,000 bytes "
        "(allocated so far: 2,000 bytes, limit set to: 3,000 bytes)."
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


# ------------------------------------------------------------------- without an effect


def test_types_for_annotations(cp: Any) -> None:
    from cupy import typing

    assert typing.DTypeLike == np.typing.DTypeLike
    assert typing.NDArray.__origin__ is cp.ndarray
    assert typing.NDArray[cp.float32].__args__[1] == np.dtype[np.float32]
    assert cp.ndarray[int, float].__args__ == (int, float)
    with pytest.raises(TypeError, match=r"incorrect type \(expected tuple, got type"):
        _ = cp.ndarray[int]


def test_exceptions_are_numpys(cp: Any) -> None:
    assert cp.exceptions.AxisError is np.exceptions.AxisError
    assert cp.ComplexWarning is np.exceptions.ComplexWarning
    with pytest.raises(cp.exceptions.AxisError):
        cp.zeros(3).sum(axis=2)


def test_ranges_of_nvtx_do_nothing(cp: Any, record: Any) -> None:
    nvtx = cp.cuda.nvtx

    def run() -> int:
        nvtx.RangePush("outer", id_color=2)
        nvtx.RangePushC(message="inner", color=0xFF00FF)
        nvtx.Mark("here", 1)
        nvtx.MarkC("there")
        nvtx.RangePop()
        nvtx.RangePop()
        number: int = nvtx.RangeStart("apart", 3)
        nvtx.RangeEnd(number)
        cp.cuda.profiler.start()
        cp.cuda.profiler.stop()
        return number

    number, evidence = record(run)
    assert number == 0
    assert not evidence.kernels
    assert not evidence.copies
    with pytest.raises(AttributeError, match="encode"):
        nvtx.RangePush(3)
    with pytest.raises(TypeError):
        nvtx.RangePop("outer")


def test_names_of_numpy_1(cp: Any) -> None:
    assert (cp.float_, cp.complex_, cp.singlecomplex) == (
        *(np.float64, np.complex128),
        np.complex64,
    )
    assert np.isinf(cp.Inf)
    assert cp.NINF < 0
    assert np.isnan(cp.NaN)
