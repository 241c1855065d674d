"""Which kernel computed what is in a block of device memory, through copies.

And whether it is one value only. Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

HOST = "host"
# Steps that run as the kernel that was noted last; nvmath's FFTs on the CPU run as none.
_RUNNING = frozenset({"execute", "factorize", "solve"})
_ON_DEVICE = frozenset({"fft", "matmul", "solver", "numba"})
# Bytes of the widest element, a complex128; below which nothing is called uniform, since
# each element alone would be; beyond which nothing is; and of what is looked at first.
_WIDEST = 16
_FEWEST = 256
_MOST = 2**24
_FIRST = 4096


class Block(Protocol):
    """What has contents that something made: a kernel's name, ``"host"``, or empty."""

    made_by: str
    buffer: npt.NDArray[np.uint8]


def note(
    reads: Iterable[Block], writes: Iterable[Block], maker: str, kind: str
) -> None:
    """
    Note who made the contents of blocks.

    Args:
        reads: What was read.

        writes: What was written.

        maker: The kernel's name, or :data:`HOST`.

        kind: A kernel's kind or a copy's direction. What a copy within the device wrote was
            made by who made what it read, and a fill makes nothing.
    """
    if kind == "fill":
        return
    if kind in ("copy", "device_to_device"):
        maker = _maker_of(reads)
    for block in writes:
        block.made_by = maker


def is_uniform(direction: str, blocks: Sequence[Block]) -> bool:
    """
    Return whether a copy up has left one value, again and again, in its block.

    Blocks beyond the size of any result are not looked at: autotuning fills a cache with
    zeros, sample after sample.
    """
    if direction != "host_to_device" or len(blocks) != 1:
        return False
    data = blocks[0].buffer
    return _FEWEST <= len(data) <= _MOST and all(
        bool(np.array_equal(part[_WIDEST:], part[:-_WIDEST]))
        for part in (data[:_FIRST], data)
    )


def note_step(fields: dict[str, Any], kernels: Sequence[Any]) -> None:
    """
    Note whether a step of a library's object read an operand of the call.

    Args:
        fields: The step's, as of an ``Operation``.

        kernels: The kernels so far, in order.
    """
    if kernels and fields["phase"] in _RUNNING and fields["library"] in _ON_DEVICE:
        fields.setdefault("reads_operand", kernels[-1].reads_operand)


def _maker_of(blocks: Iterable[Block]) -> str:
    """Return who made the blocks' contents: a kernel, if one did for any of them."""
    makers = [block.made_by for block in blocks]
    computed = [maker for maker in makers if maker not in ("", HOST)]
    return next(iter(computed + makers), "")
