"""The simulated machine: device memory, streams, their clock, a ledger of what ran.

Values are computed at once, in order of the program; only time is asynchronous. Everything
that the simulated ``cupy``, ``cuda.core`` and the libraries do to the device goes through
the one :data:`MACHINE`. Imports nothing of the engine but ``device.evidence`` and parts of
itself.
"""

from __future__ import annotations

import bisect
import sys
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graders.harness.device.evidence import (
    Benchmark,
    ClockRead,
    Copy,
    Direction,
    Evidence,
    Fault,
    Kernel,
    Operation,
)
from graders.harness.device.simulator import provenance
from graders.harness.device.simulator.ordering import Access, conflict, remember
from graders.harness.device.simulator.timeline import Timeline
from graders.harness.device.simulator.weather import FIRST_USE_SECONDS, Weather

# Figures of the modelled device, an H100 as measured for this project (PCIe copies from
# pageable memory, float32 products, launch overhead). They give a learner's benchmark the
# right proportions; no verdict rests on a ratio of such times.
HOST_TO_DEVICE_BYTES_PER_SECOND = 7.8e9
DEVICE_TO_HOST_BYTES_PER_SECOND = 3.2e9
PINNED_BYTES_PER_SECOND = 5.0e10
DEVICE_BYTES_PER_SECOND = 2.5e12
FLOPS_PER_SECOND = {"float32": 4.1e13, "float64": 4.0e13, "float16": 6.0e14}
COPY_LATENCY_SECONDS = 8e-6
CLOCK_READ_SECONDS = 1e-6
KERNEL_FLOOR_SECONDS = 2e-6

MEMORY_BYTES = 80 * 2**30
_FIRST_ADDRESS = 0x7F00_0000_0000
_GRANULE = 512
_GUARD = 512


class SimulatedMemoryError(RuntimeError):
    """An address that no live allocation holds; fix the pointer or keep its owner alive."""


class Allocation:
    """
    A block of simulated device memory.

    Attributes:
        address: Where it begins in the device's address space. It is no host address: using
            it on the host faults, as a real device pointer does.

        buffer: Its bytes, a ``uint8`` NumPy array.

        operand: Whether it holds data derived from an array argument of the observed call.

        made_by: What computed its contents (``provenance``).

        accesses: Who touched it lately (``ordering``).
    """

    __slots__ = (
        *("__weakref__", "address", "buffer", "nbytes"),
        *("accesses", "made_by", "operand"),
    )

    def __init__(
        self,
        address: int,
        nbytes: int,
        fill: int | None,
        buffer: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self.address = address
        self.nbytes = nbytes
        self.buffer: npt.NDArray[np.uint8]
        if buffer is not None:
            self.buffer = buffer
        else:
            self.buffer = np.empty(nbytes, dtype=np.uint8)
            if fill is not None:
                self.buffer.fill(fill)
        self.operand = False
        self.made_by = ""
        self.accesses: list[Access] = []


@dataclass
class Ledger:
    """What ran since recording began."""

    kernels: list[Kernel] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    clock_reads: list[ClockRead] = field(default_factory=list)
    benchmarks: list[Benchmark] = field(default_factory=list)
    allocations: int = 0
    base_bytes: int = 0
    peak_bytes: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


class Part(NamedTuple):
    """
    A part of a block that work reads or writes.

    Attributes:
        block: The block.

        view: The elements in the block's buffer, or None for all of it.
    """

    block: Allocation
    view: npt.NDArray[Any] | None = None


class Machine(Timeline):
    """The simulated device and the host's clock beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.used_bytes = 0
        self.poison = True
        self.ledger: Ledger | None = None
        self.weather = Weather()
        # The innermost frame in this predicate's files is "the learner's line".
        self.is_learner_file: Callable[[str], bool] = lambda _name: False
        # Host memory of the NumPy arrays of the call: (address, bytes).
        self.host_operands: list[tuple[int, int]] = []
        self._next_address = _FIRST_ADDRESS
        self._addresses: list[int] = []
        self._live: dict[int, weakref.ref[Allocation]] = {}

    # ------------------------------------------------------------------ memory

    def malloc(
        self,
        nbytes: int,
        *,
        fill: int | None = 0xFF,
        buffer: npt.NDArray[np.uint8] | None = None,
    ) -> Allocation:
        """
        Allocate ``nbytes`` of device memory.

        Args:
            nbytes: How many bytes; 0 is allowed.

            fill: The byte it is filled with while :attr:`poison` is set. The default is
                0xFF, NaN in every floating-point type. None leaves it as it is.

            buffer: Bytes just computed that become the block's own. Default: fresh memory.

        Raises:
            MemoryError: The simulated device has not that much left.
        """
        with self._lock:
            if self.used_bytes + nbytes > MEMORY_BYTES:
                msg = (
                    f"Out of memory allocating {nbytes:,} bytes "
                    f"(allocated so far: {self.used_bytes:,} bytes)."
                )
                raise MemoryError(msg)
            fill = fill if self.poison else None
            block = Allocation(self._next_address, nbytes, fill, buffer)
            span = -(-max(nbytes, 1) // _GRANULE) * _GRANULE + _GUARD
            self._next_address += span
            self._addresses.append(
                block.address
            )  # addresses only grow, so it stays sorted
            self._live[block.address] = weakref.ref(block)
            weakref.finalize(block, self._forget, block.address, nbytes).atexit = False
            self.used_bytes += nbytes
            if self.ledger is not None:
                self.ledger.allocations += 1
                grown = self.used_bytes - self.ledger.base_bytes
                self.ledger.peak_bytes = max(self.ledger.peak_bytes, grown)
            return block

    def _forget(self, address: int, nbytes: int) -> None:
        with self._lock:
            self.used_bytes -= nbytes
            self._live.pop(address, None)
            index = bisect.bisect_left(self._addresses, address)
            if index < len(self._addresses) and self._addresses[index] == address:
                del self._addresses[index]

    def resolve(self, address: int) -> tuple[Allocation, int]:
        """
        Return the live allocation that holds ``address`` and the offset in it, in bytes.

        Raises:
            SimulatedMemoryError: No live allocation holds it.
        """
        with self._lock:
            index = bisect.bisect_right(self._addresses, address) - 1
            if index >= 0:
                block = self._live[self._addresses[index]]()
                if block is not None and address - block.address <= block.nbytes:
                    return block, address - block.address
        msg = (
            f"cudaErrorIllegalAddress: {address:#x} is not in device memory that is in "
            "use. Keep the array whose .data.ptr you pass alive until the work is done."
        )
        raise SimulatedMemoryError(msg)

    def is_host_operand(self, address: int) -> bool:
        """Return whether a host address lies in an array argument of the call."""
        return any(
            start <= address < start + max(n, 1) for start, n in self.host_operands
        )

    # -------------------------------------------------------------------- time

    def read_clock(self) -> float:
        """Return the host's time for the learner's clocks; each reading takes a moment."""
        self.weather.mark()
        self.host_time += CLOCK_READ_SECONDS
        if self.ledger is not None and self.learner_line():
            self.ledger.clock_reads.append(ClockRead(at=self.host_time, idle=self.idle))
        return self.host_time

    # ------------------------------------------------------------------ ledger

    def kernel(
        self,
        name: str,
        kind: str,
        *,
        elements: int,
        nbytes: int = 0,
        flops: float = 0.0,
        dtype: str = "float32",
        stream: int = 0,
        reads: Iterable[Allocation | Part] = (),
        writes: Iterable[Allocation | Part] = (),
    ) -> None:
        """
        Account for one kernel whose values were computed by the caller.

        Args:
            name: Its name, in CuPy's or the library's style.

            kind: As in :class:`~graders.harness.device.evidence.Kernel`.

            elements: Work items.

            nbytes: Bytes read and written, for its time.

            flops: Floating-point operations, for its time.

            dtype: Which arithmetic the operations use.

            stream: The stream's handle.

            reads: What it read. Any of it being derived from an operand marks the kernel
                and all that it writes.

            writes: What it wrote.
        """
        rate = FLOPS_PER_SECOND.get(dtype, FLOPS_PER_SECOND["float32"])
        seconds = max(
            KERNEL_FLOOR_SECONDS, nbytes / DEVICE_BYTES_PER_SECOND, flops / rate
        )
        if self.ledger is not None:
            seconds = self.weather.duration(seconds, name)
        start = self.submit(seconds, stream)
        read, written = self._touch(reads, writes, stream)
        provenance.note(read, written, name, kind)
        if kind == "copy":
            self._note_moved(written)
        derived = _flow(read, written)
        if self.ledger is not None:
            self.ledger.kernels.append(
                Kernel(
                    name=name,
                    kind=kind,
                    start=start,
                    seconds=seconds,
                    stream=stream,
                    elements=elements,
                    reads_operand=derived,
                )
            )

    def copy(
        self,
        direction: Direction,
        nbytes: int,
        *,
        stream: int = 0,
        pinned: bool = False,
        blocking: bool | None = None,
        operand: bool = False,
        reads: Iterable[Allocation | Part] = (),
        writes: Iterable[Allocation | Part] = (),
    ) -> None:
        """
        Account for one copy whose bytes were moved by the caller.

        Args:
            direction: Which way.

            nbytes: How many bytes.

            stream: The stream's handle.

            pinned: Whether the host's side is page-locked.

            blocking: Whether the host waits. Default: for pageable memory, as on hardware.

            operand: Whether the host array it reads is an operand.

            reads: What it read on the device.

            writes: What it wrote there.
        """
        if direction == "device_to_device":
            seconds = max(KERNEL_FLOOR_SECONDS, 2 * nbytes / DEVICE_BYTES_PER_SECOND)
        else:
            rate = (
                HOST_TO_DEVICE_BYTES_PER_SECOND
                if direction == "host_to_device"
                else DEVICE_TO_HOST_BYTES_PER_SECOND
            )
            seconds = COPY_LATENCY_SECONDS + nbytes / (
                PINNED_BYTES_PER_SECOND if pinned else rate
            )
        if self.ledger is not None:
            seconds = self.weather.duration(seconds, (direction, nbytes))
            if direction != "device_to_device" and self.weather.first_use(direction):
                seconds += FIRST_USE_SECONDS
        start = self.submit(seconds, stream)
        read, written = self._touch(reads, writes, stream)
        provenance.note(read, written, provenance.HOST, direction)
        if direction == "device_to_device":
            self._note_moved(written)
        derived = _flow(read, written, operand=operand)
        if blocking is None:
            blocking = direction != "device_to_device" and not pinned
        if blocking:
            self.synchronize(stream)
        if self.ledger is not None:
            self.ledger.copies.append(
                Copy(
                    direction=direction,
                    nbytes=nbytes,
                    start=start,
                    seconds=seconds,
                    pinned=pinned,
                    reads_operand=derived,
                    uniform=provenance.is_uniform(direction, written),
                )
            )

    def arrive_later(self, target: npt.NDArray[Any], stream: int) -> None:
        """
        Let host memory that was just written be undefined until the host waits.

        Args:
            target: What a copy down that nobody waited for wrote. While :attr:`poison` is
                set it holds NaN bytes meanwhile, without it what it held.

            stream: The copy's stream.
        """
        if self.poison and target.size:
            arrived = target.copy()
            target[...] = np.frombuffer(b"\xff" * target.itemsize, target.dtype)[0]
            self.when_known(stream, lambda: np.copyto(target, arrived))

    def operation(self, **fields: Any) -> None:
        """Account for one library operation; the fields are those of ``Operation``."""
        if self.ledger is not None:
            fields.setdefault("start", max(s.time for s in self.streams.values()))
            provenance.note_step(fields, self.ledger.kernels)
            self.ledger.operations.append(Operation(**fields))

    def fault(
        self, kind: str, message: str, *, line: int | None = None, count: int = 1
    ) -> None:
        """Record a fault; the line defaults to the learner's innermost one on the stack."""
        if self.ledger is not None:
            line = self.learner_line() if line is None else line
            self.ledger.faults.append(
                Fault(kind=kind, message=message, line=line, count=count)
            )

    def _touch(
        self,
        reads: Iterable[Allocation | Part],
        writes: Iterable[Allocation | Part],
        stream: int,
    ) -> tuple[list[Allocation], list[Allocation]]:
        """Take in what the last work on a stream touched; return the blocks."""
        touched: tuple[list[Allocation], list[Allocation]] = ([], [])
        state = self.streams[stream]
        for parts, is_written in ((reads, False), (writes, True)):
            for part in parts:
                block, view = part if isinstance(part, Part) else (part, None)
                access = Access(stream, state.number, view, is_written)
                other = conflict(block, access, state.known)
                if other is not None:
                    self._race(access, other, block)
                remember(block, access, self.host_known)
                touched[is_written].append(block)
        return touched

    def _note_moved(self, written: list[Allocation]) -> None:
        """Count the copies on the device of what a transform computed."""
        made = [block for block in written if block.made_by.startswith("simulated_fft")]
        if made and self.ledger is not None:
            notes = self.ledger.notes
            notes["copied_transforms"] = notes.get("copied_transforms", 0) + len(made)

    def _race(self, access: Access, other: Access, block: Allocation) -> None:
        nbytes = block.nbytes if access.view is None else access.view.nbytes
        did, doing = ("wrote", "writing") if access.writes else ("read", "writing")
        if not other.writes:
            doing = "reading"
        self.fault(
            "unsynchronized_write" if access.writes else "unsynchronized_read",
            f"Work on one stream {did} {nbytes} bytes that another stream may still be "
            f"{doing}: nothing orders the two. Make it wait for an event, or "
            "synchronize the first.",
        )

    def is_pending(self, part: Part) -> bool:
        """Return whether something may still write to a part, as far as the host knows."""
        reading = Access(-1, 0, part.view, writes=False)
        return conflict(part.block, reading, self.host_known) is not None

    def learner_line(self) -> int:
        """Return the line of the innermost frame of the learner's program, or 0."""
        frame = sys._getframe(1)  # noqa: SLF001 - the documented way to walk the stack cheaply
        current: Any = frame
        while current is not None:
            if self.is_learner_file(current.f_code.co_filename):
                return int(current.f_lineno)
            current = current.f_back
        return 0

    def begin(self) -> None:
        """Start a fresh ledger; no allocation counts as an operand any more."""
        for ref in list(self._live.values()):
            block = ref()
            if block is not None:
                block.operand = False
        self.ledger = Ledger(base_bytes=self.used_bytes)
        self.weather.begin()

    def end(self) -> Evidence:
        """Close the ledger, wait for the device, and return what was recorded."""
        ledger, self.ledger = self.ledger or Ledger(), None
        self.synchronize()
        return Evidence(
            kernels=tuple(ledger.kernels),
            copies=tuple(ledger.copies),
            operations=tuple(ledger.operations),
            faults=tuple(ledger.faults),
            clock_reads=tuple(ledger.clock_reads),
            benchmarks=tuple(ledger.benchmarks),
            allocations=ledger.allocations,
            peak_bytes=ledger.peak_bytes,
            notes=ledger.notes,
        )


def _flow(
    reads: list[Allocation], writes: list[Allocation], *, operand: bool = False
) -> bool:
    """Return whether what was written derives from an operand, and note it there."""
    derived = operand or any(r.operand for r in reads)
    for block in writes:
        block.operand = block.operand or derived
    return derived


MACHINE = Machine()


def learner_files_under(folder: str | Path) -> Callable[[str], bool]:
    """Return a predicate that says whether a file name lies under ``folder``."""
    prefix = str(folder).rstrip("/") + "/"
    return lambda name: name.startswith(prefix)
