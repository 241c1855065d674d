"""What makes two timings of one thing differ: first uses, and a hiccup now and then.

A real machine has both, and they are why a benchmark warms up, repeats, and reports a
minimum or a median. The least and the middle of a few timings stay what they were.
Imports nothing of the engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable

FIRST_USE_SECONDS = 2e-3  # more, for the first copy of a call each way
HICCUP = 12.0  # times as long: a mean of ten samples, one of them such, doubles

# Timed stretches from one hiccup to the next. So uneven that no benchmark which takes
# turns meets them in one of its steps again and again; so far apart that a median of three
# samples never does; so near that hardly any benchmark of some steps meets none in those
# that it counts.
_GAPS = (8, 8, 8, 10, 8)


class Weather:
    """
    Says how much longer than usual the next piece of work takes.

    A stretch is what a program does between two marks, such as two readings of a clock.
    In every so manieth stretch the first piece of work of each kind takes longer.
    """

    def __init__(self) -> None:
        self._known: set[Hashable] = set()
        self.begin()

    def begin(self) -> None:
        """Start a call: nothing has been used yet."""
        self._first: set[Hashable] = set()
        self._known.clear()
        self._gaps = itertools.cycle(_GAPS)
        self._left = next(self._gaps)

    def mark(self) -> None:
        """Begin another stretch, unless nothing was done in this one."""
        if not self._known:
            return
        self._known.clear()
        self._left -= 1
        if self._left < 0:
            self._left = next(self._gaps)

    def duration(self, seconds: float, kind: Hashable) -> float:
        """Return how long work of this kind takes that usually takes ``seconds``."""
        new = kind not in self._known
        self._known.add(kind)
        return seconds * HICCUP if new and self._left == 0 else seconds

    def first_use(self, what: Hashable) -> bool:
        """Return whether this is the call's first use of something."""
        if what in self._first:
            return False
        self._first.add(what)
        return True

    @property
    def first_uses(self) -> int:
        """How many first uses this call has had."""
        return len(self._first)
