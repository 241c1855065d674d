"""Collects what CUPTI saw: the windows, the callbacks, the proof that it works.

CUPTI's activity records are views into its buffers: each is turned into a record of
ours inside the completion callback and let go of. Whatever CUPTI refuses leaves a collector
that is not available and says why: a profiler may not end a grading. Imports nothing of the
engine but ``device.activities`` and ``device.cupti_problems``; ``cupti`` itself only when
asked to start.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from graders.harness.device.activities import (
    NANOSECOND,
    Activities,
    copy_record,
    kernel_record,
)
from graders.harness.device.cupti_problems import described, meaning

_BUFFER_BYTES = 8 * 1024 * 1024
_DEFAULT_STREAM = 7  # what CUPTI calls the first context's legacy default stream


class ActivityCollector:
    """
    Collects activity records while a window is open.

    Attributes:
        available: Whether records can be collected; False until :meth:`start`
            succeeded.

        unavailable_because: Why not, in one sentence.

        default_stream: CUPTI's number of the default stream.
    """

    def __init__(self) -> None:
        """Build the collector; CUPTI is not touched before :meth:`start`."""
        self._cupti: Any = None
        self._kinds: list[Any] = []
        self._epoch = time.perf_counter_ns()
        self._found = Activities()
        self._problem = ""
        self.available = False
        self.unavailable_because = "The CUPTI collector was not started."
        self.default_stream = _DEFAULT_STREAM

    def start(self, probe: Callable[[], None], synchronize: Callable[[], None]) -> None:
        """
        Begin to use CUPTI and prove that it sees what happens.

        Args:
            probe: Copies something up, launches one kernel on the default stream, and
                copies something down.

            synchronize: Waits until the device is idle.
        """
        try:
            cupti = importlib.import_module("cupti.cupti")
        except (ImportError, OSError) as error:
            self.unavailable_because = (
                f"cupti-python cannot be imported ({described(error)}): `python grade.py "
                "doctor` says how to install it."
            )
            return
        try:
            self._attach(cupti)
            # The first window is slow and may be incomplete: throw it away.
            for _ in range(2):
                self._enable()
                probe()
                synchronize()
                found = self._collected()
        except Exception as error:  # noqa: BLE001 - a profiler may not end a grading
            self._give_up(error)
            return
        self._judge(found)

    def now(self) -> float:
        """Return the device clock, in seconds; the host's where CUPTI does not run."""
        if self._cupti is None:
            return (time.perf_counter_ns() - self._epoch) * NANOSECOND
        return (int(self._cupti.get_timestamp()) - self._epoch) * NANOSECOND

    def open(self) -> None:
        """
        Start a window. The device should be idle.

        Where CUPTI refuses, the collector is not available any more.
        """
        try:
            self._enable()
        except Exception as error:  # noqa: BLE001 - a profiler may not end a grading
            self._give_up(error)

    def close(self) -> Activities:
        """
        End the window and return its records. The device must be idle.

        Where CUPTI refuses, there are none, and the collector is not available any more.
        """
        try:
            return self._collected()
        except Exception as error:  # noqa: BLE001 - a profiler may not end a grading
            self._give_up(error)
            return Activities()

    def _enable(self) -> None:
        self._found = Activities()
        for kind in self._kinds:
            self._cupti.activity_enable(kind)

    def _give_up(self, error: Exception) -> None:
        for kind in self._kinds:  # what is still recorded would cost the program time
            with suppress(Exception):
                self._cupti.activity_disable(kind)
        now = 0.0
        with suppress(Exception):
            now = self.now()
        self._cupti = None
        # The clock goes on from there: what a call did is put in order by its times.
        self._epoch = time.perf_counter_ns() - round(now / NANOSECOND)
        self.available = False
        self.unavailable_because = f"CUPTI does not work here: {meaning(error)}."

    def _collected(self) -> Activities:
        self._cupti.activity_flush_all(1)
        for kind in self._kinds:
            self._cupti.activity_disable(kind)
        found, self._found = self._found, Activities()
        found.kernels.sort(key=lambda kernel: kernel.start)
        found.copies.sort(key=lambda copy: copy.start)
        found.dropped = self._dropped()
        return found

    def _attach(self, cupti: Any) -> None:
        kind = cupti.ActivityKind
        self._kinds = [kind.CONCURRENT_KERNEL, kind.MEMCPY, kind.MEMSET]
        _load_library()
        cupti.activity_register_callbacks(_buffer_requested, self._buffer_completed)
        self._epoch = int(cupti.get_timestamp())
        self._cupti = cupti

    def _judge(self, found: Activities) -> None:
        directions = {copy.direction for copy in found.copies}
        if not found.kernels or not directions >= {"host_to_device", "device_to_host"}:
            problem = f" ({self._problem})" if self._problem else ""
            self.unavailable_because = (
                f"CUPTI saw {len(found.kernels)} kernels and {len(found.copies)} "
                f"copies of a program with one of each, up and down{problem}."
            )
            return
        if found.kernels[0].stream:
            self.default_stream = found.kernels[0].stream
        self.available = True
        self.unavailable_because = ""

    def _buffer_completed(self, records: list[Any]) -> None:
        try:
            for record in records:
                self._convert(record)
        except Exception as error:  # noqa: BLE001 - none may reach CUPTI's thread
            self._problem = described(error)

    def _convert(self, record: Any) -> None:
        kernel, memcpy, memset = (int(kind) for kind in self._kinds)
        kind = int(record.kind)
        if kind == kernel:
            self._found.kernels.append(
                kernel_record(
                    record, epoch=self._epoch, default_stream=self.default_stream
                )
            )
            return
        copy = copy_record(record, epoch=self._epoch) if kind == memcpy else None
        if copy is not None:
            self._found.copies.append(copy)
        elif kind == memset:
            self._found.memsets += 1
        else:
            self._found.other += 1

    def _dropped(self) -> int:
        numpy = importlib.import_module("numpy")
        count = numpy.zeros(1, dtype=numpy.uint64)
        try:
            self._cupti.activity_get_num_dropped_records(0, 0, count.ctypes.data)
        except (self._cupti.cuptiError, TypeError, ValueError):
            return 0
        return int(count[0])


def _load_library() -> None:
    """Load libcupti from the wheels where it lies there; cupti-python then finds it."""
    try:
        importlib.import_module("cuda.pathfinder").load_nvidia_dynamic_lib("cupti")
    except (ImportError, AttributeError, RuntimeError, ValueError, OSError):
        return  # cupti-python searches by itself, and says what it did not find


def _buffer_requested() -> tuple[int, int]:
    return _BUFFER_BYTES, 0
