"""Lets the real ``nvmath.device`` be imported over the simulated machine.

Types and overloads that kernels see stay nvmath's own. Imports nothing of the engine but
the parts of the simulator.
"""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace
from typing import Any

from graders.harness.device.simulator import (
    cuda_core,
    cufftdx,
    kernel_launch,
    numba_arrays,
)
from graders.harness.device.simulator.not_modelled import not_modelled

_DEVICE = "nvmath.device"
_MATHDX = "nvmath.bindings.mathdx"
_NO_HEADERS = "/nonexistent"  # where CUDA's headers would be: nothing here reads them


def install() -> None:
    """Let numba-cuda's kernels run, and ``nvmath.device`` be imported when it is needed."""
    numba_arrays.install()
    kernel_launch.install()
    sys.meta_path.insert(0, _Finder())


class _Finder:
    """Prepares the import of ``nvmath.device`` at its first use, which takes a while."""

    _prepared = False

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        if not self._prepared and name.startswith((_DEVICE, _MATHDX)):
            _Finder._prepared = True
            _prepare()


def _prepare() -> None:
    """Patch what ``nvmath.device`` captures while it is imported."""
    mathdx: Any = importlib.import_module(_MATHDX)
    builtin = type(mathdx.check_status)
    for name, value in list(vars(mathdx).items()):
        plain = isinstance(value, builtin) and not name.startswith("_")
        if plain and name != "check_status" and not name.endswith("_dtype"):
            setattr(mathdx, name, _refusing(f"mathdx.{name}"))
    cufftdx.install(mathdx)
    core: Any = importlib.import_module("cuda.core")
    core.Program, core.ObjectCode = Program, Compiled
    _patch_pathfinder(importlib.import_module("cuda.pathfinder"))
    _patch_bindings(
        importlib.import_module("cuda.bindings.driver"),
        importlib.import_module("cuda.bindings.runtime"),
    )


def _refusing(feature: str) -> Any:
    def refuse(*_args: Any, **_options: Any) -> Any:
        raise not_modelled(feature)

    return refuse


def _patch_pathfinder(pathfinder: Any) -> None:
    real = pathfinder.find_nvidia_header_directory
    pathfinder.find_nvidia_header_directory = lambda name: (
        real(name) or f"{_NO_HEADERS}/{name}"
    )


def _patch_bindings(driver: Any, runtime: Any) -> None:
    """Let the driver and the runtime answer what ``nvmath.device`` asks them."""
    done, fine = driver.CUresult.CUDA_SUCCESS, runtime.cudaError_t.cudaSuccess
    major, minor = cuda_core.COMPUTE_CAPABILITY
    driver.cuInit = lambda _flags: (done,)
    driver.cuCtxGetCurrent = lambda: (done, 1)
    runtime.cudaGetDevice = lambda: (fine, 0)
    runtime.cudaGetDeviceProperties = lambda _device: (
        fine,
        SimpleNamespace(major=major, minor=minor),
    )


class Compiled:
    """
    What a program was compiled to.

    Attributes:
        code: A stand-in: what stands behind it is ``device_random``.
    """

    def __init__(self, code: bytes) -> None:
        self.code = code


class Program:
    """``cuda.core.Program``, for the source of ``nvmath.device.random`` alone."""

    def __init__(self, code: Any, _code_type: str = "c++", options: Any = None) -> None:
        del options
        if "curand_kernel.h" not in str(code):
            feature = "cuda.core.Program"
            raise not_modelled(feature)

    def compile(self, _target_type: str, **_options: Any) -> Compiled:
        """Return the stand-in for the LTO-IR of cuRAND's device functions."""
        return Compiled(b"simulated cuRAND")
