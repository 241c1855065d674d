"""What a call did on its device: kernels, copies, library operations, faults.

Plain data that both devices produce with the same fields, so that a check is written once.
Imports nothing of the engine but ``device.strangers``: the worker sends these records, the
checks read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from graders.harness.device.strangers import build

Direction = Literal["host_to_device", "device_to_host", "device_to_device"]


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """
    One kernel that ran on the device.

    Attributes:
        name: The kernel's (demangled) name, as CUPTI reports it. The simulator uses names
            of the same style: ``cupy_multiply``, ``cupy_copy``, ``simulated_fft_lto``.

        kind: What it does: ``"fft"``, ``"gemm"``, ``"copy"``, ``"fill"``, ``"reduction"``,
            ``"random"``, ``"solver"`` or ``"elementwise"``.

        start: When it began, in seconds of the device clock.

        seconds: How long it ran.

        stream: The stream it ran on; 0 is the default stream.

        elements: How many work items were launched (CUDA: grid times block).

        reads_operand: Whether it read data derived from an array argument of the call; None
            where the device cannot tell (CUDA).
    """

    name: str
    kind: str
    start: float
    seconds: float
    stream: int = 0
    elements: int = 0
    reads_operand: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Copy:
    """
    One copy of memory.

    Attributes:
        direction: ``"host_to_device"``, ``"device_to_host"`` or ``"device_to_device"``.

        nbytes: How many bytes moved.

        start: When it began, in seconds of the device clock.

        seconds: How long it took.

        pinned: Whether the host side was page-locked memory.

        reads_operand: As for :class:`Kernel`.

        uniform: Whether all that arrived on the GPU is one value, as of zeros. False where
            that is not known, as on CUDA.
    """

    direction: Direction
    nbytes: int
    start: float
    seconds: float
    pinned: bool = False
    reads_operand: bool | None = None
    uniform: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """
    One step of a library object, seen at the library's boundary (cuFFT, cuBLASLt).

    Attributes:
        library: ``"fft"`` or ``"matmul"``; ``"cpu_fft"`` for nvmath's FFTs on the CPU, and
            ``"callback"`` for a callback compiled to LTO-IR; ``"solver"`` for cuDSS;
            ``"numba"`` for a launch of a kernel of numba-cuda.

        phase: ``"plan"``, ``"autotune"``, ``"execute"`` or ``"free"``; of a callback,
            ``"compile"``; of a solver, ``"plan"``, ``"factorize"``, ``"solve"`` or
            ``"free"``.

        handle: Which library object, numbered from 0 in order of creation.

        start: When, in seconds of the device clock (0.0 where it is not known).

        kind: FFT: ``"C2C"``, ``"R2C"`` or ``"C2R"``; matmul: the epilog's name
            (``"DEFAULT"``); callback: ``"prolog"`` or ``"epilog"``; solver: the matrix's
            type (``"GENERAL"``); numba: which parts of nvmath's device API the kernel
            calls, ``"random"``, ``"mathdx"``, both with a space between, or nothing.

        direction: FFT only: ``"forward"`` or ``"inverse"``.

        prolog: FFT only: whether a load callback is set.

        epilog: FFT: whether a store callback is set; matmul: whether the epilog is not
            DEFAULT.

        shape: FFT: the transform lengths; matmul: (m, n, k); solver: the numbers of
            equations and of right-hand sides; numba: the number of threads.

        batch: The number of transforms or products in one execution.

        operands: matmul and solver only: the memory space of the operands, ``"cpu"`` or
            ``"cuda"``; empty where it is not known.

        compute: matmul's execution only: the name of nvmath's compute type, such as
            ``"COMPUTE_32F_FAST_TF32"``; empty where it is not known.

        made_by: FFT's execution only: the kernel that computed the operand, copies apart,
            or ``"host"``; empty where the device cannot tell (CUDA).

        reads_operand: As for :class:`Kernel`, of the kernel that the step ran as; None for
            steps that run none.

        entries: solver only: the fewest stored entries that a matrix of it has; 0 where
            that is not known.
    """

    library: str
    phase: str
    handle: int
    start: float = 0.0
    kind: str = ""
    direction: str = ""
    prolog: bool = False
    epilog: bool = False
    shape: tuple[int, ...] = ()
    batch: int = 1
    operands: str = ""
    compute: str = ""
    made_by: str = ""
    reads_operand: bool | None = None
    entries: int = 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    Something a device program did that real hardware would punish or hide.

    Attributes:
        kind: ``"out_of_bounds_read"``, ``"out_of_bounds_write"``, ``"unwritten"``,
            ``"unsynchronized_read"``, ``"unsynchronized_write"`` or ``"late_write"``.

        message: One sentence with numbers, in the learner's terms.

        line: The line of the learner's program, or 0 where unknown.

        count: How many elements or accesses.
    """

    kind: str
    message: str
    line: int = 0
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class ClockRead:
    """
    A reading of a host clock by the learner's program, in order with the other records.

    Attributes:
        at: Device clock at the reading, in seconds.

        idle: Whether every kernel and copy launched so far had finished.
    """

    at: float
    idle: bool


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """
    The repeats of one call of ``cupyx.profiler.benchmark``, its warm-ups left out.

    Attributes:
        start: When the first repeat began, in seconds of the device clock.

        seconds: How long all repeats took.

        repeats: How many there were.

        warm_ups: How many warm-ups came before them.
    """

    start: float
    seconds: float
    repeats: int
    warm_ups: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    All that one call did on its device.

    Attributes:
        available: Whether kernels and copies could be recorded. Where False, the lists say
            nothing and checks that need them must not pass.

        unavailable_because: Why not, in one sentence.

        benchmarks: Calls of ``cupyx.profiler.benchmark``; none on CUDA, where they are not
            seen.

        allocations: How many device allocations were made.

        peak_bytes: The largest sum of device memory in use during the call beyond what was
            in use before it.

        threads_left: Threads of the learner's still running when the call returned.

        recorded_on: ``"cuda"`` or ``"simulator"``, by the grading process's knowledge and
            never the worker's word; empty where it is not known.
    """

    available: bool = True
    unavailable_because: str = ""
    kernels: tuple[Kernel, ...] = ()
    copies: tuple[Copy, ...] = ()
    operations: tuple[Operation, ...] = ()
    faults: tuple[Fault, ...] = ()
    clock_reads: tuple[ClockRead, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    allocations: int = 0
    peak_bytes: int = 0
    threads_left: int = 0
    recorded_on: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready dictionaries and lists."""
        found: dict[str, Any] = dict(vars(self))
        for name, value in found.items():
            if type(value) is tuple:  # flat records: asdict takes ten times as long
                found[name] = [dict(vars(item)) for item in value]
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evidence:
        """
        Build the record from :meth:`to_dict`'s form.

        It comes from the worker, which is not trusted: every field is of its declared
        type, numbers are finite, and counts and durations are not negative.

        Raises:
            TypeError, ValueError: The data has unknown or missing fields, or one that is
                not as it should be. Callers turn this into a protocol error.
        """
        return build(cls, data)
