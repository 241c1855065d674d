"""Lets numba-cuda compile callbacks to LTO-IR without a driver and without NVRTC.

NVVM, from its wheel, does the work. Imports nothing of the engine but the machine, the
callbacks and ``cuda_core``.
"""

from __future__ import annotations

import functools
import itertools
import threading
from types import SimpleNamespace
from typing import Any

from graders.harness.device.kernel_names import callback_kind
from graders.harness.device.simulator import callbacks
from graders.harness.device.simulator.cuda_core import COMPUTE_CAPABILITY, DEVICE_NAME
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.remembered_compiles import remembered

COMPILE_SECONDS = 0.1
# What NVRTC 13 supports.
_ARCHITECTURES: tuple[tuple[int, int], ...] = (
    (7, 5),
    (8, 0),
    (8, 6),
    (8, 7),
    (8, 8),
    (8, 9),
    (9, 0),
)
_ARCHITECTURES += ((10, 0), (10, 3), (11, 0), (12, 0), (12, 1))
_captured = threading.local()
_numbers = itertools.count(0)


def _current_device() -> Any:
    return SimpleNamespace(
        compute_capability=COMPUTE_CAPABILITY, id=0, name=DEVICE_NAME.encode()
    )


def _args_of(signature: Any) -> tuple[Any, ...]:
    return tuple(getattr(signature, "args", ()))


def install() -> None:
    """Patch numba-cuda. Its modules are imported here."""
    import numba.cuda
    from numba.cuda import cuda_paths, dispatcher
    from numba.cuda.codegen import CUDACodeLibrary
    from numba.cuda.cudadrv import nvrtc

    nvrtc.get_supported_ccs = lambda: list(_ARCHITECTURES)
    found = cuda_paths._get_nvvm_path()  # noqa: SLF001
    cuda_paths._get_nvrtc_path = lambda: found  # noqa: SLF001
    dispatcher.get_current_device = _current_device
    numba.cuda.get_current_device = _current_device
    real_ltoir = CUDACodeLibrary.get_ltoir
    real_compile = numba.cuda.compile

    @functools.wraps(real_ltoir)
    def get_ltoir(self: Any, cc: Any = None) -> Any:
        code = real_ltoir(self, cc=cc)
        _captured.texts = self.llvm_strs
        return code

    @functools.wraps(real_compile)
    def compile_and_register(pyfunc: Any, sig: Any, *args: Any, **options: Any) -> Any:
        name = (options.get("abi_info") or {}).get("abi_name", "")
        is_callback = options.get("output") == "ltoir" and len(_args_of(sig)) > 1

        def compiled() -> Any:
            code, result = real_compile(pyfunc, sig, *args, **options)
            if is_callback:
                info = getattr(sig.args[-2], "dtype", None)
                callbacks.register(code, pyfunc, name, info, list(_captured.texts))
            return code, result

        if is_callback and not args:
            code, result = remembered(pyfunc, sig, options, compiled)
        else:
            code, result = compiled()
        MACHINE.sleep(COMPILE_SECONDS)
        if is_callback and (kind := callback_kind(name)):
            number = next(_numbers)
            MACHINE.operation(
                library="callback", phase="compile", handle=number, kind=kind
            )
        return code, result

    CUDACodeLibrary.get_ltoir = get_ltoir
    numba.cuda.compile = compile_and_register
