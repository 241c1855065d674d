"""CuPy's choice of an allocator: names and rules; memory comes from where it always does.

An allocator of the learner's own would have to run at each allocation, and is refused.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from graders.harness.device.simulator.cupy_package.errors import not_modelled
from graders.harness.device.simulator.cupy_package.memory import (
    MemoryPointer,
    MemoryPool,
    PinnedMemoryPool,
    alloc,
    alloc_pinned_memory,
    get_default_memory_pool,
)

Allocator = Callable[[int], MemoryPointer]


def malloc_async(size: int) -> MemoryPointer:
    """Allocate device memory, as the stream-ordered allocator would."""
    return alloc(size)


class MemoryAsyncPool(MemoryPool):
    """The driver's pool of stream-ordered memory."""

    def __init__(self, pool_handles: Any = "current") -> None:
        super().__init__()
        del pool_handles


class _Choice(threading.local):
    """The allocator of a ``using_allocator`` block in the calling thread."""

    def __init__(self) -> None:
        self.inside: list[Allocator] = []


_choice = _Choice()
_everywhere: list[Allocator] = [get_default_memory_pool().malloc]
_KNOWN = (alloc, malloc_async)


def _known(allocator: Any, function: str) -> Allocator:
    """Return an allocator of CuPy's; None is the plain one."""
    if allocator is None:
        return alloc
    owner = getattr(allocator, "__self__", None)
    if allocator in _KNOWN or isinstance(owner, MemoryPool):
        known: Allocator = allocator
        return known
    not_modelled(f"cupy.cuda.{function} with an allocator of your own")


def get_allocator() -> Allocator:
    """Return the allocator that allocations would come from."""
    return _choice.inside[-1] if _choice.inside else _everywhere[0]


def set_allocator(allocator: Any = None) -> None:
    """
    Accept the default allocator and those of pools; no other is modelled.

    Raises:
        ValueError: As CuPy, inside :func:`using_allocator`.
    """
    if _choice.inside:
        msg = (
            "Can't change the global allocator inside `using_allocator` context manager"
        )
        raise ValueError(msg)
    _everywhere[0] = _known(allocator, "set_allocator")


@contextlib.contextmanager
def using_allocator(allocator: Any = None) -> Iterator[None]:
    """Accept an allocator for the length of a block, as :func:`set_allocator`."""
    _choice.inside.append(_known(allocator, "using_allocator"))
    try:
        yield
    finally:
        _choice.inside.pop()


def set_pinned_memory_allocator(allocator: Any = None) -> None:
    """Accept the default allocator of page-locked memory and those of pools."""
    owner = getattr(allocator, "__self__", None)
    if allocator not in (None, alloc_pinned_memory) and not isinstance(
        owner, PinnedMemoryPool
    ):
        not_modelled("cupy.cuda.set_pinned_memory_allocator with one of your own")


def table() -> dict[str, Any]:
    """Return what stands in ``cupy.cuda``."""
    return {
        "MemoryAsyncPool": MemoryAsyncPool,
        "get_allocator": get_allocator,
        "malloc_async": malloc_async,
        "set_allocator": set_allocator,
        "set_pinned_memory_allocator": set_pinned_memory_allocator,
        "using_allocator": using_allocator,
    }
