"""What GPU and which versions: asked without making a CUDA context where that matters.

Imports nothing of the engine.
"""

from __future__ import annotations

import ctypes
import importlib
import os
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_PACKAGES = {
    "cupy": ("cupy-cuda13x", "cupy-cuda12x", "cupy"),
    "nvmath": ("nvmath-python",),
    "numba_cuda": ("numba-cuda",),
    "numpy": ("numpy",),
    "cupti": ("cupti-python",),
}
_CAPABILITY_VARIABLE = "HARNESS_COMPUTE_CAPABILITY"
_DEFAULT_CAPABILITY = "90"
_NOT_INITIALIZED = 3  # CUDA_ERROR_NOT_INITIALIZED


def compute_capability() -> str:
    """
    Return the GPU's compute capability, such as ``"90"``, without a CUDA context.

    ``HARNESS_COMPUTE_CAPABILITY`` goes first, then what NVML says, then ``"90"``.
    """
    named = os.environ.get(_CAPABILITY_VARIABLE)
    if named:
        return named
    with _nvml() as (nvml, handle):
        if nvml is not None:
            major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
            return f"{major}{minor}"
    return _DEFAULT_CAPABILITY


def cuda_initialized() -> bool:
    """Return whether this process has initialised the CUDA driver, without doing so."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    context = ctypes.c_void_p()
    return bool(driver.cuCtxGetCurrent(ctypes.byref(context)) != _NOT_INITIALIZED)


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a grade depends on, where installed."""
    versions = {}
    for name, candidates in _PACKAGES.items():
        for candidate in candidates:
            try:
                versions[name] = metadata.version(candidate)
            except metadata.PackageNotFoundError:
                continue
            break
    return versions


def cuda_facts() -> dict[str, Any]:
    """Return facts of the current device and the CUDA libraries; needs a context."""
    cupy = importlib.import_module("cupy")
    runtime = cupy.cuda.runtime
    properties = runtime.getDeviceProperties(cupy.cuda.Device().id)
    major, minor = properties["major"], properties["minor"]
    return {
        "device_name": properties["name"].decode(),
        "compute_capability": f"{major}.{minor}",
        "memory_bytes": int(properties["totalGlobalMem"]),
        "multiprocessors": int(properties["multiProcessorCount"]),
        "cuda_driver_api": int(runtime.driverGetVersion()),
        "cuda_runtime": int(runtime.runtimeGetVersion()),
        "cufft": _library_version("nvmath.bindings.cufft"),
        "cublaslt": _library_version("nvmath.bindings.cublasLt"),
    }


def gpu_state() -> dict[str, Any]:
    """Return driver version, clocks and throttle reasons by NVML; empty without it."""
    with _nvml() as (nvml, handle):
        if nvml is None:
            return {}
        readings: dict[str, Callable[[], Any]] = {
            "driver": nvml.nvmlSystemGetDriverVersion,
            "sm_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(
                handle, nvml.NVML_CLOCK_SM
            ),
            "memory_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(
                handle, nvml.NVML_CLOCK_MEM
            ),
            "throttle_reasons": lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(
                handle
            ),
            "temperature_celsius": lambda: nvml.nvmlDeviceGetTemperature(
                handle, nvml.NVML_TEMPERATURE_GPU
            ),
        }
        state: dict[str, Any] = {}
        for name, read in readings.items():
            try:
                state[name] = read()
            except nvml.NVMLError:
                state[name] = None
        return state


@contextmanager
def _nvml() -> Iterator[tuple[Any, Any]]:
    """Give NVML and the handle of the first visible GPU, or (None, None)."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
        handle = _first_visible(nvml)
    except Exception:  # noqa: BLE001 - a missing package or driver: both mean "unknown"
        yield None, None
        return
    try:
        yield nvml, handle
    finally:
        nvml.nvmlShutdown()


def _first_visible(nvml: Any) -> Any:
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.startswith("GPU-"):
        return nvml.nvmlDeviceGetHandleByUUID(first)
    return nvml.nvmlDeviceGetHandleByIndex(int(first) if first.isdigit() else 0)


def _library_version(module: str) -> int:
    return int(importlib.import_module(module).get_version())


def memory_in_use(processes: Collection[int]) -> tuple[int, int]:
    """
    Return the bytes that processes use on the first GPU, and the bytes that it has.

    Both are 0 where NVML cannot tell: in some containers it knows other numbers for the
    processes, and parts of a GPU (MIG) are not counted.
    """
    with _nvml() as (nvml, device):
        if nvml is None:
            return 0, 0
        try:
            running = nvml.nvmlDeviceGetComputeRunningProcesses(device)
            total = int(nvml.nvmlDeviceGetMemoryInfo(device).total)
        except nvml.NVMLError:
            return 0, 0
        wanted = set(processes)
        used = sum(p.usedGpuMemory or 0 for p in running if p.pid in wanted)
        return used, total
