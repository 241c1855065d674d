"""A stand-in for the FFTW-like library that nvmath runs FFTs in CPU memory with.

nvmath finds it where NVPL or MKL would be. Imports nothing of the engine but the
machine and ``fft_layout``.
"""

from __future__ import annotations

import ctypes
import importlib
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from graders.harness.device.simulator import fft_layout
from graders.harness.device.simulator.machine import MACHINE

# A typical laptop core; no verdict rests on it.
_FLOPS_PER_SECOND = 5e9
_FORWARD = -1
FIRST_NUMBER = 20_000  # apart from the plans on the GPU


@dataclass(frozen=True)
class Plan:
    """
    A plan in host memory.

    Attributes:
        number: Which one it is in the evidence, apart from those on the GPU.

        kind: ``"C2C"``, ``"R2C"`` or ``"C2R"``.

        batch: The number of transforms.

        lengths: The transform lengths.

        source: The operand's side.

        target: The result's side.
    """

    number: int
    kind: str
    batch: int
    lengths: tuple[int, ...]
    source: fft_layout.Side
    target: fft_layout.Side

    def note(self, phase: str, *, forward: bool | None = None) -> None:
        """Record a step of this plan."""
        MACHINE.operation(
            library="cpu_fft",
            phase=phase,
            handle=self.number,
            kind=self.kind,
            direction=fft_layout.direction_of(self.kind, forward=forward),
            shape=self.lengths,
            batch=self.batch,
        )


_plans: dict[int, Plan] = {}
_handles = itertools.count(1)


def plan_many(
    precision: Any,
    kind: Any,
    _sign: Any,
    _rank: int,
    n: Any,
    batch: int,
    _source: int,
    inembed: Any,
    istride: int,
    idist: int,
    _target: int,
    onembed: Any,
    ostride: int,
    odist: int,
    _flags: Any,
) -> int:
    """Plan transforms."""
    single = precision.name == "FLOAT"
    real = np.dtype(np.float32 if single else np.float64)
    both = np.dtype(np.complex64 if single else np.complex128)
    dtypes = (
        real if kind.name == "R2C" else both,
        real if kind.name == "C2R" else both,
    )
    lengths = tuple(int(x) for x in n)
    name, source, target = fft_layout.sides(
        lengths,
        int(batch),
        dtypes,
        (inembed, istride, idist),
        (onembed, ostride, odist),
    )
    handle = next(_handles)
    number = FIRST_NUMBER + handle
    _plans[handle] = plan = Plan(number, name, int(batch), lengths, source, target)
    plan.note("plan")
    return handle


def plan_with_nthreads(_precision: Any, _count: int) -> None:
    """Set the number of threads, which is always one here."""


def execute(handle: int, source: int, target: int, direction: int) -> None:
    """Run a plan on host memory."""
    plan = _plans[handle]
    _expect_aligned(plan, int(source))
    x = plan.source.view(*_memory(source, plan.source))
    forward = int(direction) == _FORWARD
    y = fft_layout.transform(x, plan.kind, plan.lengths, forward=forward)
    plan.target.view(*_memory(target, plan.target))[...] = y
    points = math.prod(plan.lengths) * x.shape[0]
    work = 5.0 * points * math.log2(max(2, math.prod(plan.lengths)))
    MACHINE.sleep(work / _FLOPS_PER_SECOND)
    plan.note("execute", forward=forward)


def _expect_aligned(plan: Plan, address: int) -> None:
    """Refuse what nvmath's binding refuses: real numbers are read in pairs."""
    dtype = plan.source.dtype
    pair = dtype.itemsize if dtype.kind == "c" else 2 * dtype.itemsize
    if plan.kind == "C2R" or address % pair == 0:
        return
    module: Any = importlib.import_module("nvmath.bindings.nvpl.fft")
    msg = (
        "The input tensor's underlying memory pointer must be aligned to at least "
        f"{pair} bytes. The address {address} is not aligned enough."
    )
    raise module.FFTWUnaligned(msg)


def _memory(address: int, side: fft_layout.Side) -> tuple[Any, int]:
    """Return a side's bytes, and where among them its first element is."""
    itemsize = side.dtype.itemsize
    steps = [(n - 1) * s for n, s in zip(side.shape, side.strides, strict=True)]
    # Steps may be negative, in a reversed view.
    before = -sum(step for step in steps if step < 0) * itemsize
    nbytes = before + (sum(step for step in steps if step > 0) + 1) * itemsize
    memory: Any = (ctypes.c_uint8 * nbytes).from_address(int(address) - before)
    return np.frombuffer(memory, dtype=np.uint8), before


def destroy(handle: int) -> None:
    """Destroy a plan."""
    plan = _plans.pop(handle, None)
    if plan is not None:
        plan.note("free")


def _nothing(*_arguments: Any) -> None:
    """Do nothing."""


def install() -> None:
    """Put the stand-in into ``nvmath.bindings.nvpl.fft``."""
    module: Any = importlib.import_module("nvmath.bindings.nvpl.fft")
    for function in (plan_many, plan_with_nthreads, execute, destroy):
        setattr(module, function.__name__, function)
    for name in ("init_threads_float", "init_threads_double"):
        setattr(module, name, _nothing)
    internal: Any = importlib.import_module("nvmath.bindings.nvpl._internal.fft")
    internal._inspect_function_pointers = dict  # noqa: SLF001 - nvmath's probe
    internal._get_current_lib_so_name = lambda: "libsimulated_fftw.so"  # noqa: SLF001
    internal._set_lib_so_names = _nothing  # noqa: SLF001
