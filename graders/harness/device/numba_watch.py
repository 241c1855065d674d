"""Watches numba-cuda: which kernels it launches, and what memory it allocates.

numba-cuda's own arrays come from the driver, past CuPy's pool, so that they are filled
with NaN bytes here. Imports nothing of the engine.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakKeyDictionary

from graders.harness.device.poison import POISON_BYTE

_RANDOM = re.compile(r'@"?(?:curand|skipahead)\w*"?\(')
_REGISTRY = "nvmath.device.common_numba"
_known: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def device_calls(kernel: Any) -> str:
    """
    Return which parts of nvmath's device API a kernel of numba-cuda calls.

    ``"random"``, ``"mathdx"`` (cuFFTDx and its siblings), both with a space between, or
    nothing.
    """
    if kernel not in _known:
        _known[kernel] = _device_calls(kernel.inspect_llvm())
    return _known[kernel]


def _device_calls(text: str) -> str:
    found = ["random"] if _RANDOM.search(text) else []
    # nvmath notes there the name of every function of libmathdx that it lets kernels call.
    keys = getattr(sys.modules.get(_REGISTRY), "_cabi_device_registry", {})
    symbols = [key if isinstance(key, str) else key[0] for key in list(keys)]
    if any(symbol in text for symbol in symbols):
        found.append("mathdx")
    return " ".join(found)


def watch_compiler(
    dispatcher_class: Any, compiling: Callable[[], AbstractContextManager[None]]
) -> None:
    """
    Enter a context whenever a kernel is compiled, linked and loaded.

    Args:
        dispatcher_class: ``numba.cuda.dispatcher.CUDADispatcher``.

        compiling: Gives the context.
    """
    compile_ = dispatcher_class.compile

    @functools.wraps(compile_)
    def watched(self: Any, sig: Any) -> Any:
        with compiling():
            return compile_(self, sig)

    dispatcher_class.compile = watched


def watch_launches(
    kernel_class: Any, note: Callable[[float, str, int], None], now: Callable[[], float]
) -> None:
    """
    Report each launch of a kernel.

    Args:
        kernel_class: ``numba.cuda.dispatcher._Kernel``.

        note: Gets the time, what :func:`device_calls` says, and the number of threads.

        now: Reads the device clock.
    """
    launch = kernel_class.launch

    @functools.wraps(launch)
    def wrapper(
        kernel: Any, args: Any, grid: Any, block: Any, *rest: Any, **more: Any
    ) -> Any:
        start = now()
        result = launch(kernel, args, grid, block, *rest, **more)
        threads = 1
        for count in (*grid, *block):
            threads *= int(count)
        note(start, device_calls(kernel), threads)
        return result

    kernel_class.launch = wrapper


def poison_allocations(
    manager_class: Any,
    poisoning: Callable[[], bool],
    fill: Callable[[int, int, int], None],
) -> None:
    """
    Fill what numba-cuda allocates, as the poisoning allocator does with CuPy's blocks.

    Args:
        manager_class: ``numba.cuda.cudadrv.driver.NumbaCUDAMemoryManager``.

        poisoning: Whether blocks are to be filled at present.

        fill: Sets memory: address, byte, count.
    """
    memalloc = manager_class.memalloc

    @functools.wraps(memalloc)
    def wrapper(manager: Any, size: int) -> Any:
        memory = memalloc(manager, size)
        if size and poisoning():
            fill(int(memory.device_pointer_value), POISON_BYTE, int(size))
        return memory

    manager_class.memalloc = wrapper
