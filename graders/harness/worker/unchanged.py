"""What arguments hold, to the bit: before a call, and whether it is the same after it.

Large arrays are copied once, before; afterwards they are compared where they lie. Only
methods of arrays themselves are used, which a program cannot put others in the place of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.harness.worker import sparse, streams

# Bytes that are compared at a time: what holds the answers stays small.
_CHUNK = 1 << 22


class Held:
    """
    The bytes of a host array, in C order.

    Args:
        host: The array.

        copied: Whether it may change later.
    """

    def __init__(self, host: np.ndarray[Any, Any], *, copied: bool) -> None:
        if copied or not host.flags.c_contiguous:
            host = host.copy("C")
        self._bytes = host.reshape(-1).view("u1")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Held):
            return NotImplemented
        mine, others = self._bytes, other._bytes
        return len(mine) == len(others) and all(
            bool((mine[i : i + _CHUNK] == others[i : i + _CHUNK]).all())
            for i in range(0, len(mine), _CHUNK)
        )

    __hash__ = None  # type: ignore[assignment]


class Contents:
    """
    Tells what arguments hold, and whether they still do.

    Args:
        download: Returns a new host copy of a device array, or None of what is none.
    """

    def __init__(self, download: Callable[[Any], np.ndarray[Any, Any] | None]) -> None:
        self._download = download

    def of(self, arg: Any) -> Any:
        """Return what an argument holds now, whatever becomes of it."""
        return self._of(arg, copied=True)

    def known(self, host: np.ndarray[Any, Any]) -> Held:
        """Return the same for an argument that equals a host array that nobody changes."""
        return Held(host, copied=False)

    def differ(self, arg: Any, before: Any) -> bool:
        """Return whether an argument holds something else than :meth:`of` returned."""
        if isinstance(arg, streams.Stream) and arg.reuses_buffer:
            arg.look()
            return arg.changed
        return bool(self._of(arg, copied=False) != before)

    def _of(self, arg: Any, *, copied: bool) -> Any:
        if isinstance(arg, streams.Stream):
            return self._of(arg.items, copied=copied)
        if isinstance(arg, list | tuple):
            return [self._of(item, copied=copied) for item in arg]
        if sparse.is_sparse(arg):
            return self._of_matrix(arg)
        if isinstance(arg, np.ndarray):
            return Held(arg, copied=copied)
        host = self._download(arg) if hasattr(arg, "strides") else None
        return None if host is None else Held(host, copied=False)

    def _of_matrix(self, matrix: Any) -> bytes | None:
        parts = [
            part if isinstance(part, np.ndarray) else self._download(part)
            for part in sparse.parts_of(matrix)
        ]
        try:
            return sparse.contents(matrix.format, tuple(matrix.shape), parts)
        except Exception:  # noqa: BLE001 - the program left no matrix behind
            return None
