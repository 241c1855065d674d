"""The CuPy allocator of checking runs: counts memory and fills it with NaN bytes.

CuPy's pool hands out blocks that still hold what an earlier array left in them, often
the right answer of the call before. Filled with 0xFF (NaN in each floating type, -1 in
each signed one), a result that nobody wrote shows. Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

POISON_BYTE = 0xFF


class PoisoningAllocator:
    """
    Allocates from a CuPy memory pool, counting always and poisoning on demand.

    It sees what CuPy allocates and what nvmath allocates for CuPy operands. Device
    mirrors that nvmath makes of NumPy operands come from another pool and are not seen.

    Attributes:
        poisoning: Whether each block is filled with NaN bytes before it is handed out.

        allocations: How many blocks were handed out since :meth:`begin`.

        peak_bytes: The most bytes in use since :meth:`begin`, beyond those in use then.
    """

    def __init__(self, pool: Any) -> None:
        """
        Build the allocator.

        Args:
            pool: A ``cupy.cuda.MemoryPool`` or what has its ``malloc`` and
                ``used_bytes``.
        """
        self._pool = pool
        self._base = 0
        self._counting = True
        self.poisoning = False
        self.allocations = 0
        self.peak_bytes = 0

    def begin(self, *, poison: bool) -> None:
        """Start counting from zero, with poisoning on or off."""
        self._base = int(self._pool.used_bytes())
        self.allocations = 0
        self.peak_bytes = 0
        self.poisoning = poison

    def end(self) -> None:
        """Stop poisoning; the counts stay readable."""
        self.poisoning = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Neither count nor poison: for the grader's own arrays."""
        before = self.poisoning
        self.poisoning = False
        self._counting = False
        try:
            yield
        finally:
            self._counting = True
            self.poisoning = before

    def malloc(self, nbytes: int) -> Any:
        """
        Return a block; the function to give to ``cupy.cuda.set_allocator``.

        The fill runs on the current stream, as does CuPy's own first use of the block.
        """
        pointer = self._pool.malloc(nbytes)
        if self._counting:
            self.allocations += 1
            used = int(self._pool.used_bytes()) - self._base
            self.peak_bytes = max(self.peak_bytes, used)
        if self.poisoning and nbytes:
            pointer.memset_async(POISON_BYTE, nbytes)
        return pointer
