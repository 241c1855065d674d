"""Lets the real nvmath-python run over the simulated machine.

It puts the simulated CUDA objects and libraries under nvmath before nvmath is imported;
what is above them (options, layouts, errors, log lines) stays nvmath's own. Imports
nothing of the engine but the parts of the simulator.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable
from typing import Any

from graders.harness.device.simulator import (
    blas,
    callback_compiler,
    callbacks,
    cublaslt,
    cuda_core,
    cudss,
    cufft,
    fftw,
    ndbuffer,
    nvmath_device,
)
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.not_modelled import not_modelled

# Bindings that nvmath imports although nothing simulated stands behind them.
_OTHER_BINDINGS = ("curand", "cusolver", "cusolverDn", "cusparse", "cutensor")
_installed = False


def install() -> None:
    """
    Import nvmath over the simulated machine.

    It may be called more than once.

    Raises:
        RuntimeError: nvmath was imported before, over the real CUDA.
    """
    global _installed
    if _installed:
        return
    if "nvmath" in sys.modules:
        msg = "nvmath is imported already: install the simulator before importing it."
        raise RuntimeError(msg)
    cuda_core.install()
    callback_compiler.install()
    _patch_below_nvmath()
    importlib.import_module("nvmath")
    _patch_nvmath()
    _installed = True


def _patch_below_nvmath() -> None:
    """Patch what other modules of nvmath capture, before those are imported."""
    spec = importlib.util.find_spec("nvmath")
    assert spec is not None
    # A bare parent lets submodules be imported without running nvmath's __init__.
    parent = types.ModuleType("nvmath")
    parent.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["nvmath"] = parent
    try:
        for name in ("cufft", "cublas", "cublasLt", "cudss", *_OTHER_BINDINGS):
            _disable(importlib.import_module(f"nvmath.bindings.{name}"))
        _disable_descriptors(importlib.import_module("nvmath.bindings.cutensor"))
        cufft.install(importlib.import_module("nvmath.bindings.cufft"))
        cublaslt.install(importlib.import_module("nvmath.bindings.cublasLt"))
        cudss.install(importlib.import_module("nvmath.bindings.cudss"))
        blas.install()
        fftw.install()
        buffers: Any = importlib.import_module("nvmath.internal.ndbuffer")
        buffers.NDBuffer = ndbuffer.NDBuffer
        memory: Any = importlib.import_module("nvmath.internal.memory")
        memory.get_device_memory_resource = _memory_resource
        memory.allocate_from_mr = _allocate
    finally:
        del sys.modules["nvmath"]


def _patch_nvmath() -> None:
    nvmath = sys.modules["nvmath"]
    for name in [
        n for n in sys.modules if n.startswith("nvmath.") and n.count(".") == 1
    ]:
        setattr(nvmath, name.split(".")[1], sys.modules[name])
    matmul = importlib.import_module("nvmath.linalg.advanced.matmulmod").Matmul
    _wrap(matmul, "plan", cublaslt.plan)
    _wrap(matmul, "autotune", cublaslt.tune)
    _wrap(matmul, "free", cublaslt.free)
    solver = importlib.import_module("nvmath.sparse.advanced").DirectSolver
    _wrap(solver, "__init__", cudss.created)
    nvmath_device.install()


def _wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Let a method be called as ``around(method, self, ...)``."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return around(real, self, *args, **options)

    setattr(owner, name, method)


def _disable(module: Any) -> None:
    """Let each function of a binding say that it is not modelled."""
    builtin = type(module.check_status)
    short = module.__name__.rpartition(".")[2]
    for name, value in list(vars(module).items()):
        if not isinstance(value, builtin) or name.startswith("_"):
            continue
        if name == "check_status" or name.endswith("_dtype"):
            continue

        def refuse(*_args: Any, _name: str = f"{short}.{name}", **_options: Any) -> Any:
            raise not_modelled(_name)

        setattr(module, name, refuse)


def _disable_descriptors(cutensor: Any) -> None:
    """Let cuTENSOR's compute types, which would load that library, say what is missing."""

    def refuse(*_args: Any, **_options: Any) -> Any:
        feature = "nvmath.tensor (contractions of tensors, by cuTENSOR)"
        raise not_modelled(feature)

    for name in vars(cutensor.ComputeDesc):
        if name.startswith("COMPUTE_"):
            setattr(cutensor.ComputeDesc, name, staticmethod(refuse))


class _MemoryPool:
    """What nvmath takes device memory from; cuDSS gets its handle."""

    handle = 1


def _memory_resource(_device_id: int) -> _MemoryPool:
    return _MemoryPool()


def _allocate(
    _resource: Any, size: int, _stream: Any, _device_id: int, _logger: Any
) -> cuda_core.Buffer:
    block = MACHINE.malloc(size)
    return cuda_core.Buffer(block.address, size, owner=block)


def warm() -> None:
    """Compile a prolog and an epilog, so that a forked child is fast."""
    fft = sys.modules["nvmath"].fft

    def load(data_in: Any, offset: Any, user_info: Any, _reserved: Any) -> Any:
        return data_in[offset] * user_info[offset % 2]

    def store(data_out: Any, offset: Any, data: Any, user_info: Any, _: Any) -> None:
        data_out[offset] = data * user_info[0]

    for compiled in (
        fft.compile_prolog(load, "float32", "float32", compute_capability="90"),
        fft.compile_epilog(store, "complex64", "float32", compute_capability="90"),
        fft.compile_epilog(store, "float32", "float32", compute_capability="90"),
    ):
        callbacks.prepare(compiled)
    cufft.restart_numbers()
    cublaslt.restart_numbers()
    cudss.restart_numbers()
