"""The host's clocks on virtual time, for the learner's program alone.

A reading by the program's own lines comes from the machine, so that what it measures
fits the modelled device. All else (threads, logging, the harness) keeps real clocks.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
import timeit
from typing import TYPE_CHECKING, Any, SupportsIndex

from graders.harness.device.simulator.machine import MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = ("time", "perf_counter", "monotonic", "process_time", "thread_time")

# Modules that read a clock for whoever calls them: their caller's line counts.
_ON_BEHALF = frozenset({timeit.__file__, "<timeit-src>", __file__})

_real: dict[str, Callable[..., Any]] = {}


def real(name: str) -> Any:
    """Return the real function of the module ``time`` with this name."""
    return _real.get(name) or getattr(time, name)


def _for_the_learner(depth: int = 2) -> bool:
    frame: Any = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename in _ON_BEHALF:
        frame = frame.f_back
    return frame is not None and MACHINE.is_learner_file(frame.f_code.co_filename)


def _seconds(name: str, start: float) -> Callable[[], float]:
    genuine = _real[name]

    def read() -> float:
        if _for_the_learner():
            return start + MACHINE.read_clock()
        return float(genuine())

    read.__name__ = name
    return read


def _nanoseconds(name: str, start: float) -> Callable[[], int]:
    genuine = _real[f"{name}_ns"]
    base = round(start * 1e9)

    def read() -> int:
        if _for_the_learner():
            return base + round(MACHINE.read_clock() * 1e9)
        return int(genuine())

    read.__name__ = f"{name}_ns"
    return read


def _of_a_clock(
    genuine: Callable[[int], Any], by_clock: Callable[[], Any], wall: Callable[[], Any]
) -> Callable[[int], Any]:
    def read(clk_id: int) -> Any:
        if _for_the_learner():
            return wall() if clk_id == time.CLOCK_REALTIME else by_clock()
        return genuine(clk_id)

    read.__name__ = genuine.__name__
    return read


def _datetime() -> type[dt.datetime]:
    """Return a ``datetime`` whose ``now`` is on virtual time."""

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)

    Datetime.__name__ = Datetime.__qualname__ = "datetime"
    Datetime.__module__ = "datetime"
    return Datetime


def _sleep(seconds: float | SupportsIndex) -> None:
    if not _for_the_learner():
        _real["sleep"](seconds)
        return
    seconds = float(seconds)
    if seconds < 0:
        msg = "sleep length must be non-negative"
        raise ValueError(msg)
    MACHINE.sleep(seconds)


def install() -> None:
    """Put the learner's program on virtual time; calling it again changes nothing."""
    if _real:
        return
    for name in _SECONDS:
        _real[name] = getattr(time, name)
        _real[f"{name}_ns"] = getattr(time, f"{name}_ns")
    _real["sleep"] = time.sleep
    for name in _SECONDS:
        # Wall-clock time keeps its date; the others start where the machine does.
        start = float(int(_real["time"]())) if name == "time" else 0.0
        setattr(time, name, _seconds(name, start))
        setattr(time, f"{name}_ns", _nanoseconds(name, start))
    for tail in ("", "_ns"):
        name = f"clock_gettime{tail}"
        _real[name] = getattr(time, name)
        others = getattr(time, f"monotonic{tail}"), getattr(time, f"time{tail}")
        setattr(time, name, _of_a_clock(_real[name], *others))
    time.sleep = _sleep
    _real["datetime"] = dt.datetime
    dt.datetime = _datetime()  # type: ignore[misc]
    timeit.default_timer = time.perf_counter
    for function in (timeit.Timer.__init__, timeit.timeit, timeit.repeat):
        function.__defaults__ = tuple(
            time.perf_counter if d is _real["perf_counter"] else d
            for d in function.__defaults__ or ()
        )


def uninstall() -> None:
    """Put the real clocks back."""
    if not _real:
        return
    virtual = time.perf_counter
    dt.datetime = _real.pop("datetime")  # type: ignore[misc,assignment]
    for name, genuine in _real.items():
        setattr(time, name, genuine)
    timeit.default_timer = time.perf_counter
    for function in (timeit.Timer.__init__, timeit.timeit, timeit.repeat):
        function.__defaults__ = tuple(
            time.perf_counter if d is virtual else d
            for d in function.__defaults__ or ()
        )
    _real.clear()
