"""``cupy.cuda.runtime``: the CUDA runtime's calls that programs make through CuPy."""

from __future__ import annotations

from typing import Any

from graders.harness.device.simulator.cupy_package.memory import (
    Memory,
    MemoryPointer,
    OutOfMemoryError,
    UnownedMemory,
)
from graders.harness.device.simulator.cupy_package.streams import (
    CUDARuntimeError,
    Device,
    ExternalStream,
)
from graders.harness.device.simulator.machine import (
    MACHINE,
    MEMORY_BYTES,
    SimulatedMemoryError,
)

RUNTIME_VERSION = 13000
_HOST_TO_HOST, _HOST_TO_DEVICE, _DEVICE_TO_HOST, _DEVICE_TO_DEVICE = range(4)
_owned: dict[int, Memory] = {}


def get_device_properties(device: int = 0) -> dict[str, Any]:
    """Return the modelled device's properties."""
    Device(device)
    return {
        "name": b"Simulated NVIDIA H100",
        "totalGlobalMem": MEMORY_BYTES,
        "sharedMemPerBlock": 49152,
        "regsPerBlock": 65536,
        "warpSize": 32,
        "maxThreadsPerBlock": 1024,
        "maxThreadsDim": (1024, 1024, 64),
        "maxGridSize": (2147483647, 65535, 65535),
        "clockRate": 1980000,
        "major": 9,
        "minor": 0,
        "multiProcessorCount": 132,
        "l2CacheSize": 50 * 2**20,
        "memoryClockRate": 2619000,
        "memoryBusWidth": 5120,
        "maxThreadsPerMultiProcessor": 2048,
    }


def _on_device(address: int, size: int) -> MemoryPointer:
    try:
        return MemoryPointer(UnownedMemory(address, size, None), 0)
    except SimulatedMemoryError as err:
        raise CUDARuntimeError(str(err)) from err


def _is_device(address: int) -> bool:
    try:
        MACHINE.resolve(address)
    except SimulatedMemoryError:
        return False
    return True


def memcpy(dst: int, src: int, size: int, kind: int) -> None:
    """Copy bytes from one address to another."""
    if kind == 4:  # cudaMemcpyDefault
        kind = 2 * _is_device(src) + _is_device(dst)
    if kind == _HOST_TO_DEVICE:
        _on_device(dst, size).copy_from_host(src, size)
    elif kind == _DEVICE_TO_HOST:
        _on_device(src, size).copy_to_host(dst, size)
    elif kind == _DEVICE_TO_DEVICE:
        _on_device(dst, size).copy_from_device(_on_device(src, size), size)
    else:
        msg = "cudaErrorInvalidMemcpyDirection: invalid copy direction for memcpy"
        raise CUDARuntimeError(msg)


def memcpy_async(dst: int, src: int, size: int, kind: int, stream: int) -> None:
    """Copy bytes, ordered on a stream."""
    with ExternalStream(stream):
        memcpy(dst, src, size, kind)


def memset(ptr: int, value: int, size: int) -> None:
    """Fill bytes."""
    _on_device(ptr, size).memset(value, size)


def memset_async(ptr: int, value: int, size: int, stream: int) -> None:
    """Fill bytes, ordered on a stream."""
    with ExternalStream(stream):
        memset(ptr, value, size)


def malloc(size: int) -> int:
    """Allocate device memory that lives until :func:`free`."""
    try:
        memory = Memory(size)
    except OutOfMemoryError as err:
        msg = "cudaErrorMemoryAllocation: out of memory"
        raise CUDARuntimeError(msg) from err
    _owned[memory.ptr] = memory
    return memory.ptr


def free(ptr: int) -> None:
    """Free what :func:`malloc` gave."""
    if ptr and _owned.pop(ptr, None) is None:
        msg = "cudaErrorInvalidValue: invalid argument"
        raise CUDARuntimeError(msg)


def _set_device(device: int) -> None:
    Device(device)


def table() -> dict[str, Any]:
    """Return the contents of ``cupy.cuda.runtime``."""
    return {
        "CUDARuntimeError": CUDARuntimeError,
        "is_hip": False,
        "memcpyHostToHost": _HOST_TO_HOST,
        "memcpyHostToDevice": _HOST_TO_DEVICE,
        "memcpyDeviceToHost": _DEVICE_TO_HOST,
        "memcpyDeviceToDevice": _DEVICE_TO_DEVICE,
        "memcpyDefault": 4,
        "streamLegacy": 1,
        "streamPerThread": 2,
        "streamDefault": 0,
        "streamNonBlocking": 1,
        "getDevice": lambda: 0,
        "setDevice": _set_device,
        "getDeviceCount": lambda: 1,
        "getDeviceProperties": get_device_properties,
        "deviceSynchronize": MACHINE.synchronize,
        "deviceCanAccessPeer": lambda _device, _peer: 0,
        "memGetInfo": lambda: Device().mem_info,
        "memcpy": memcpy,
        "memcpyAsync": memcpy_async,
        "memset": memset,
        "memsetAsync": memset_async,
        "malloc": malloc,
        "free": free,
        "streamSynchronize": lambda stream: ExternalStream(stream).synchronize(),
        "streamQuery": lambda stream: 0 if ExternalStream(stream).done else 600,
        "runtimeGetVersion": lambda: RUNTIME_VERSION,
        "driverGetVersion": lambda: RUNTIME_VERSION,
        "profilerStart": lambda: None,
        "profilerStop": lambda: None,
    }
