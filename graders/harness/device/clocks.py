"""Notices when the learner's program reads a host clock. Imports nothing of the engine.

A host clock read while the GPU still works measures the launch, not the work. The watch
replaces the functions of :mod:`time`; each still returns what it always did.
"""

from __future__ import annotations

import functools
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any

_CLOCKS = (
    "perf_counter",
    "perf_counter_ns",
    "monotonic",
    "monotonic_ns",
    "time",
    "time_ns",
)


class ClockWatch:
    """
    Calls back at each clock reading that stands in the learner's own file.

    Readings inside libraries (``cupyx.profiler.benchmark``, :mod:`timeit`) are theirs,
    not the learner's, and go unnoticed. A module that took a clock before
    :meth:`install` keeps the plain one.

    Attributes:
        watching: Whether readings are reported.

        is_learner_file: Whether a code object's file name is the learner's.
    """

    def __init__(self, on_read: Callable[[], None]) -> None:
        """
        Build the watch; nothing is replaced before :meth:`install`.

        Args:
            on_read: Called before the clock is read.
        """
        self._on_read = on_read
        self._plain: dict[str, Callable[[], Any]] = {}
        self.watching = False
        self.is_learner_file: Callable[[str], bool] = lambda _: False

    def install(self) -> None:
        """Replace the clocks of :mod:`time`, once."""
        if self._plain:
            return
        for name in _CLOCKS:
            self._plain[name] = getattr(time, name)
            setattr(time, name, self._watched(self._plain[name]))
        timeit.default_timer = time.perf_counter

    def remove(self) -> None:
        """Put the plain clocks back."""
        for name, clock in self._plain.items():
            setattr(time, name, clock)
        if self._plain:
            timeit.default_timer = time.perf_counter
        self._plain.clear()

    def _watched(self, clock: Callable[[], Any]) -> Callable[[], Any]:
        @functools.wraps(clock)
        def read() -> Any:
            if self.watching:
                caller = sys._getframe(1).f_code.co_filename
                if self.is_learner_file(caller):
                    self._on_read()
            return clock()

        return read
