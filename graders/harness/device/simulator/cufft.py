"""The simulated cuFFT: what ``nvmath.bindings.cufft`` does for ``nvmath.fft``.

A plan's embedding says where each element lies; transforms are SciPy's, in the
operand's own precision and unnormalised both ways. Imports nothing of the engine but
the machine and the callbacks.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator import callbacks, fft_layout
from graders.harness.device.simulator.machine import MACHINE, Allocation, Part

VERSION = 12200  # cuFFT 12.2: sees unsupported lengths itself, unlike 12.3
PLAN_SECONDS = 3e-4
LINK_SECONDS = 1e-2
_LARGEST_PRIME = 127
# Even lengths from here on, by bytes of a real number, are refused with such a factor.
_LONG = {4: 8192, 8: 4096}
_FORWARD = -1
# Relative to the largest element: an epilog's product in single precision is off by 1e-7.
_ROUNDING = 1e-6
# cufftResult.
_INVALID_PLAN, _INVALID_VALUE, _NOT_SUPPORTED, _LINK_FAILURE = 1, 4, 16, 19
# cudaDataType to dtype.
_DTYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float64),
    2: np.dtype(np.float16),
    4: np.dtype(np.complex64),
    5: np.dtype(np.complex128),
}


@dataclass
class Plan:
    """
    One cuFFT plan.

    Attributes:
        handle: What nvmath calls it by.

        number: Which one it is in the evidence.

        stream: The stream it works on.

        lengths: The transform lengths.

        kind: ``"C2C"``, ``"R2C"`` or ``"C2R"``; empty before planning.
    """

    handle: int
    number: int
    stream: int = 0
    lengths: tuple[int, ...] = ()
    kind: str = ""
    batch: int = 1
    source: fft_layout.Side | None = None
    target: fft_layout.Side | None = None
    prolog: callbacks.Attached | None = None
    epilog: callbacks.Attached | None = None

    def facts(self, *, forward: bool | None = None) -> dict[str, Any]:
        """Return what an operation of this plan records; an execution has a direction."""
        return {
            "library": "fft",
            "handle": self.number,
            "kind": self.kind,
            "direction": fft_layout.direction_of(self.kind, forward=forward),
            "prolog": self.prolog is not None,
            "epilog": self.epilog is not None,
            "shape": self.lengths,
            "batch": self.batch,
        }


_plans: dict[int, Plan] = {}
_handles = itertools.count(1)
_numbers = itertools.count(0)


def restart_numbers() -> None:
    """Let the next plan be number 0 in the evidence."""
    global _numbers
    _numbers = itertools.count(0)


def _error(status: int) -> Exception:
    from nvmath.bindings import cufft

    error: Exception = cufft.cuFFTError(status)
    return error


def get_version() -> int:
    """Return the simulated cuFFT's version."""
    return VERSION


def create() -> int:
    """Create a plan."""
    plan = Plan(next(_handles), next(_numbers))
    _plans[plan.handle] = plan
    return plan.handle


def _plan(handle: int) -> Plan:
    try:
        return _plans[handle]
    except KeyError:
        raise _error(_INVALID_PLAN) from None


def destroy(handle: int) -> None:
    """Destroy a plan."""
    plan = _plan(handle)
    del _plans[handle]
    MACHINE.operation(phase="free", **plan.facts())


def set_stream(handle: int, stream: int) -> None:
    """Set the stream that the plan works on."""
    _plan(handle).stream = int(stream)


def set_auto_allocation(handle: int, _automatic: int) -> None:
    """Say who allocates the work area."""
    _plan(handle)


def set_work_area(handle: int, _address: int) -> None:
    """Set the work area, which the simulator does not need."""
    _plan(handle)


def xt_set_jit_callback(
    handle: int, _symbol: int, code: bytes | int | None, size: int, kind: int, info: Any
) -> None:
    """Set a load or store callback, before planning."""
    if code is None:
        msg = "an integer is required"  # the binding's own words
        raise TypeError(msg)
    pointer = info[0] if isinstance(info, (list, tuple)) else info
    attached = callbacks.attach(code, size, int(kind), int(pointer or 0))
    plan = _plan(handle)
    if attached.is_store:
        plan.epilog = attached
    else:
        plan.prolog = attached


def _has_large_prime(length: int) -> bool:
    for factor in range(2, _LARGEST_PRIME + 1):
        while length % factor == 0:
            length //= factor
    return length > 1


def _refuses_callbacks(plan: Plan, kind: str, length: int) -> bool:
    """Whether cuFFT cannot link a callback to the real side of such a transform."""
    real_side = plan.prolog if kind == "R2C" else plan.epilog
    if kind == "C2C" or real_side is None:
        return False
    long = length >= _LONG[real_side.dtype.itemsize]
    return long and length % 2 == 0 and _has_large_prime(length)


def xt_make_plan_many(
    handle: int,
    rank: int,
    n: Any,
    inembed: Any,
    istride: int,
    idist: int,
    input_type: int,
    onembed: Any,
    ostride: int,
    odist: int,
    output_type: int,
    batch: int,
    _execution_type: int,
) -> int:
    """Plan, and return the size of the work area in bytes."""
    plan = _plan(handle)
    if int(input_type) not in _DTYPES or int(output_type) not in _DTYPES:
        raise _error(_NOT_SUPPORTED)
    # An axis in reverse; a batch in reverse works.
    if min(int(istride), int(ostride)) < 0:
        raise _error(_INVALID_VALUE)
    lengths = tuple(int(x) for x in n)
    dtypes = _DTYPES[int(input_type)], _DTYPES[int(output_type)]
    kind, plan.source, plan.target = fft_layout.sides(
        lengths,
        int(batch),
        dtypes,
        (inembed, istride, idist),
        (onembed, ostride, odist),
    )
    attached = [c for c in (plan.prolog, plan.epilog) if c is not None]
    MACHINE.sleep(LINK_SECONDS if attached else PLAN_SECONDS)
    for callback in attached:
        if not callback.fits:
            raise _error(_LINK_FAILURE)
    if _refuses_callbacks(plan, kind, lengths[-1]):
        raise _error(_NOT_SUPPORTED)
    plan.lengths, plan.kind, plan.batch = lengths, kind, int(batch)
    MACHINE.operation(phase="plan", **plan.facts())
    return 0


def xt_get_size_many(*_arguments: Any) -> int:
    """Return the size of the work area of a plan."""
    return 0


def estimate_many(*_arguments: Any) -> int:
    """Return the estimated size of the work area."""
    return 0


def _memory(pointer: int, side: fft_layout.Side, name: str) -> tuple[Allocation, int]:
    block, offset = MACHINE.resolve(int(pointer))
    beyond = offset + side.extent * side.dtype.itemsize - block.nbytes
    if beyond > 0:
        msg = (
            f"cudaErrorIllegalAddress: the FFT's {name} reaches {beyond:,} bytes "
            f"beyond its allocation of {block.nbytes:,} bytes. The plan was made for "
            f"shape {side.shape} (batch first) with strides {side.strides}; give it an "
            "operand of the shape and strides that it was planned for."
        )
        raise RuntimeError(msg)
    return block, offset


def xt_exec(handle: int, source: int, target: int, direction: int) -> None:
    """Run the transform on the plan's stream."""
    plan = _plan(handle)
    if plan.source is None or plan.target is None or not plan.kind:
        raise _error(_INVALID_PLAN)
    forward = int(direction) == _FORWARD
    from_block, from_offset = _memory(source, plan.source, "operand")
    to_block, to_offset = _memory(target, plan.target, "result")
    if plan.kind != "C2C":
        # The real side is accessed in pairs: it must be aligned as complex numbers.
        pair = max(plan.source.dtype.itemsize, plan.target.dtype.itemsize)
        if source % pair or target % pair:
            raise _error(_INVALID_VALUE)
    side = plan.source
    if plan.prolog is None:
        x = side.view(from_block.buffer, from_offset)
    else:
        x = plan.prolog.load(side.offsets, from_block, from_offset, side.extent)
        if x.tobytes() == side.view(from_block.buffer, from_offset).tobytes():
            _note(f"idle_prologs_{plan.kind}")
    y = fft_layout.transform(x, plan.kind, plan.lengths, forward=forward)
    y = y.astype(plan.target.dtype, copy=False)
    if plan.epilog is None:
        plan.target.view(to_block.buffer, to_offset)[...] = y
    else:
        side = plan.target
        plan.epilog.store(y, side.offsets, to_block, to_offset, side.extent)
        if _is_scaled(y, side.view(to_block.buffer, to_offset)):
            _note(f"scaling_epilogs_{'forward' if forward else 'inverse'}")
    read = Part(from_block, plan.source.view(from_block.buffer, from_offset))
    written = Part(to_block, plan.target.view(to_block.buffer, to_offset))
    _account(plan, read, written, forward=forward)


def _note(name: str) -> None:
    """Count a callback that did not do what it is for: that was done elsewhere, or not."""
    if MACHINE.ledger is not None:
        MACHINE.ledger.notes[name] = MACHINE.ledger.notes.get(name, 0) + 1


def _is_scaled(transformed: npt.NDArray[Any], stored: npt.NDArray[Any]) -> bool:
    """Return whether all elements were stored times one and the same number."""
    largest = np.argmax(np.abs(transformed)) if transformed.size > 1 else 0
    size = transformed.flat[largest] if transformed.size > 1 else 0
    with np.errstate(all="ignore"):
        factor = stored.flat[largest] / size if size else np.nan
        off = np.abs(stored - factor * transformed)
        return bool(np.all(off <= _ROUNDING * np.abs(factor * size)))


def _account(plan: Plan, source: Part, target: Part, *, forward: bool) -> None:
    assert plan.source is not None
    assert plan.target is not None
    read, written = math.prod(plan.source.shape), math.prod(plan.target.shape)
    points = math.prod(plan.lengths) * plan.batch
    attached = [c for c in (plan.prolog, plan.epilog) if c is not None]
    info = [c.user_block() for c in attached]
    made_by = source.block.made_by
    MACHINE.kernel(
        f"simulated_fft_{plan.kind.lower()}{'_lto' if attached else ''}",
        "fft",
        elements=points,
        nbytes=read * plan.source.dtype.itemsize + written * plan.target.dtype.itemsize,
        flops=5.0 * points * math.log2(max(2, math.prod(plan.lengths))),
        dtype="float64"
        if plan.source.dtype.name in ("float64", "complex128")
        else "float32",
        stream=plan.stream,
        reads=[source, *(b for b in info if b is not None)],
        writes=[target],
    )
    MACHINE.operation(
        phase="execute",
        made_by=made_by,
        **plan.facts(forward=forward),
    )


def install(module: Any) -> None:
    """Put the simulated functions into ``nvmath.bindings.cufft``."""
    for function in (
        get_version,
        create,
        destroy,
        set_stream,
        set_auto_allocation,
        set_work_area,
        xt_set_jit_callback,
        xt_make_plan_many,
        xt_get_size_many,
        estimate_many,
        xt_exec,
    ):
        setattr(module, function.__name__, function)
