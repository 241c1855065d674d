"""Which kernel computed what is in a block of device memory, through copies.

Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

HOST = "host"


class Block(Protocol):
    """What has contents that something made: a kernel's name, ``"host"``, or empty."""

    made_by: str


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


def _maker_of(blocks: Iterable[Block]) -> str:
    """Return who made the blocks' contents: a kernel, if one did for any of them."""
    makers = [block.made_by for block in blocks]
    computed = [maker for maker in makers if maker not in ("", HOST)]
    return next(iter(computed + makers), "")
