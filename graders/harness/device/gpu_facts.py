"""What GPU and which versions: asked without making a CUDA context where that matters.

Imports nothing of the engine.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import subprocess
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PACKAGES = {
    "cupy": ("cupy-cuda13x", "cupy-cuda12x", "cupy"),
    "nvmath": ("nvmath-python",),
    "numba_cuda": ("numba-cuda",),
    "numpy": ("numpy",),
    "cupti": ("cupti-python",),
}
_CAPABILITY_VARIABLE = "HARNESS_COMPUTE_CAPABILITY"
_DEFAULT_CAPABILITY = "90"
_NO_NAME = "gpu-0"
_SMI_SECONDS = 5.0
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


def visible_gpus() -> list[str]:
    """
    Return the UUIDs of the GPUs that CUDA programs see, in CUDA's order; none without NVML.

    ``CUDA_VISIBLE_DEVICES`` is read as CUDA does: numbers, UUIDs, or unique beginnings of
    UUIDs, up to the first that names no GPU. NVML numbers GPUs by their place on the bus,
    as CUDA does where they are all alike or ``CUDA_DEVICE_ORDER`` is ``PCI_BUS_ID``.
    https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    """
    with _nvml_library() as nvml:
        if nvml is None:
            return []
        try:
            handles = map(
                nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount())
            )
            known = [_text(nvml.nvmlDeviceGetUUID(handle)) for handle in handles]
        except nvml.NVMLError:
            return []
    return _chosen(known, os.environ.get("CUDA_VISIBLE_DEVICES"))


def _chosen(known: Sequence[str], named: str | None) -> list[str]:
    """Return the UUIDs that a value of ``CUDA_VISIBLE_DEVICES`` leaves, in its order."""
    if named is None:
        return list(known)
    chosen: list[str] = []
    for item in (part.strip() for part in named.split(",")):
        if item.startswith("MIG-"):  # a part of a GPU: NVML lists it under another
            chosen.append(item)
            continue
        if item.isdigit():
            found = list(known[int(item) : int(item) + 1])
        else:
            found = [u for u in known if item.startswith("GPU-") and u.startswith(item)]
        if len(found) != 1 or found[0] in chosen:
            break
        chosen += found
    return chosen


def gpu_name() -> str:
    """
    Return what the lease of the GPU that is graded on is called: its UUID.

    Where neither NVML nor nvidia-smi tells it, that is what ``CUDA_VISIBLE_DEVICES`` begins
    with if that is a UUID, else ``"gpu-0"``.
    """
    return _gpu_name(os.environ.get("CUDA_VISIBLE_DEVICES"))


@functools.cache
def _gpu_name(named: str | None) -> str:
    found = visible_gpus() or _chosen(_listed_by_smi(), named)
    if found:
        return found[0]
    first = (named or "").split(",")[0].strip()
    return first if first.startswith(("GPU-", "MIG-")) else _NO_NAME


def _listed_by_smi() -> list[str]:
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_SMI_SECONDS,
        ).stdout
        return [line.strip() for line in said.splitlines() if line.startswith("GPU-")]
    return []


def free_memory() -> int | None:
    """Return the bytes that are free on the first visible GPU, or None without NVML."""
    with _nvml() as (nvml, handle):
        if nvml is None:
            return None
        try:
            return int(nvml.nvmlDeviceGetMemoryInfo(handle).free)
        except (
            nvml.NVMLError
        ):  # GPUs that share the host's memory have none of their own
            return None


def _text(name: str | bytes) -> str:
    return (
        name.decode() if isinstance(name, bytes) else name
    )  # bytes before NVML 11.515


@contextmanager
def _nvml_library() -> Iterator[Any]:
    """Give NVML, or None."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # noqa: BLE001 - a missing package or driver: both mean "unknown"
        yield None
        return
    try:
        yield nvml
    finally:
        nvml.nvmlShutdown()


@contextmanager
def _nvml() -> Iterator[tuple[Any, Any]]:
    """Give NVML and the handle of the first visible GPU, or (None, None)."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
        handle = first_visible(nvml)
    except Exception:  # noqa: BLE001 - a missing package or driver: both mean "unknown"
        yield None, None
        return
    try:
        yield nvml, handle
    finally:
        nvml.nvmlShutdown()


def first_visible(nvml: Any) -> Any:
    """Return NVML's handle of the first GPU that ``CUDA_VISIBLE_DEVICES`` leaves."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.startswith("GPU-"):
        return nvml.nvmlDeviceGetHandleByUUID(first)
    return nvml.nvmlDeviceGetHandleByIndex(int(first) if first.isdigit() else 0)


def _library_version(module: str) -> int:
    return int(importlib.import_module(module).get_version())


def memory_by_process() -> tuple[dict[int, int], int]:
    """
    Return the bytes that each process uses on the first GPU, and the bytes that it has.

    There are none and 0 where NVML cannot tell: in some containers it knows other numbers
    for the processes, and parts of a GPU (MIG) are not counted.
    """
    with _nvml() as (nvml, device):
        if nvml is None:
            return {}, 0
        try:
            running = nvml.nvmlDeviceGetComputeRunningProcesses(device)
            total = int(nvml.nvmlDeviceGetMemoryInfo(device).total)
        except nvml.NVMLError:
            return {}, 0
        return {p.pid: p.usedGpuMemory or 0 for p in running}, total
