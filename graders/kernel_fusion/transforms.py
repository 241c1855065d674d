"""What the evidence must show of complex transforms with callbacks.

Shared by the checks of ``fft_filter`` and ``unitary_fft``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from graders.harness.checks import (
    ArrayValue,
    Copy,
    Evidence,
    Kernel,
    Observation,
    Operation,
    computing_kernels,
    describe,
    device_copies,
    expect_no_host_round_trip,
    require_evidence,
)
from graders.harness.errors import (
    ExtraCopies,
    NotFused,
    WrongDtype,
    WrongMemorySpace,
    WrongValue,
)
from graders.kernel_fusion.signals import Array

BLOCK = 128  # threads in a block of CuPy's elementwise kernels
OUT_OF_BOUNDS = ("out_of_bounds_read", "out_of_bounds_write")


def expect_in_bounds(observation: Observation, where: str) -> None:
    """
    Refuse what gives a right answer by luck alone, and explain what gives a wrong one.

    Raises:
        WrongValue: A callback touched memory outside its operand. The simulator sees
            that; CUDA does not.
    """
    for fault in observation.evidence.faults:
        if fault.kind in OUT_OF_BOUNDS:
            line = f" (line {fault.line})" if fault.line else ""
            msg = f"{fault.message.rstrip('.')}{line}; {where}."
            hint = (
                "An offset counts elements in the operand's memory. What is the "
                "largest one, and how far does your callback reach from there?"
            )
            raise WrongValue(msg, hint=hint)


@contextmanager
def explained_by_order(*operands: Array) -> Iterator[None]:
    """
    Explain wrong values that no known mistake explains by the operands' memory order.

    The first cases are in C order, so that values that are wrong in Fortran order alone
    have to do with it.

    Raises:
        WrongValue: What was raised within, with a hint if it had none.
    """
    try:
        yield
    except WrongValue as failure:
        if failure.hint or all(x.flags.c_contiguous for x in operands):
            raise
        hint = (
            "In C order it was right. In Fortran order the last axis is not contiguous: "
            "offsets, ravel and reshape meet the elements in another order. Compare "
            "the strides of what goes in and of what comes out."
        )
        raise WrongValue(failure.message, hint=hint) from None


def expect_complex(observation: Observation, where: str) -> None:
    """
    Recognise a result whose imaginary part was dropped.

    Raises:
        WrongDtype: The result is real.
    """
    value = observation.value
    if isinstance(value, ArrayValue) and value.dtype.startswith("float"):
        msg = (
            f"The result is real ({value.dtype}; {where}). Expected was a complex array: "
            "a signal and its spectrum are complex here, both."
        )
        raise WrongDtype(msg, hint="Look for .real, abs, rfft and irfft.")


def expect_on_device(observation: Observation, operand: Array, where: str) -> None:
    """
    Check that the result is on the GPU and that nothing went through the host.

    A number or two may come down, as a statistic of the operands. What was never
    downloaded cannot be uploaded, so that uploads are free.

    Raises:
        WrongMemorySpace: The result is not an array on the GPU.

        ExtraCopies: Something as large as the operand was copied to the host.
    """
    value = observation.value
    if not isinstance(value, ArrayValue):
        msg = (
            f"The function returned {describe(value)} ({where}). This check expects an "
            "array on the GPU (cupy.ndarray)."
        )
        raise WrongMemorySpace(msg, hint="Return the result of the last transform.")
    if value.memory_space != "cuda":
        msg = (
            f"The result is in the CPU memory space ({value.type_name}; {where}). This "
            "check expects the operand's, GPU (cupy.ndarray)."
        )
        raise WrongMemorySpace(msg, hint="Return the array before copying it back.")
    expect_no_host_round_trip(
        observation.evidence,
        # An eighth of a complex64 array and more; no statistic is as large.
        smallest=operand.size,
        where=where,
        hint="Which call gives a NumPy array: .get(), cp.asnumpy(), a NumPy function, "
        "or nvmath with execution on the CPU?",
    )


def expect_filter_in_epilog(evidence: Evidence, where: str) -> None:
    """
    Check that nvmath transformed forth, with an epilog each time.

    Raises:
        NotFused: There was no such transform, or one without an epilog.
    """
    ran = _executions(evidence)
    if not ran:
        raise _no_transform(where, "forward transform, with an epilog")
    forward = [op for op in ran if op.direction == "forward"]
    if not forward:
        msg = (
            f"nvmath's transforms were {_sequence(ran)} ({where}). Expected was a forward "
            "one with an epilog, then an inverse one."
        )
        raise NotFused(msg, hint="fft or direction='forward' comes first.")
    if not any(op.epilog for op in forward):
        others = [op for op in ran if op.prolog or op.epilog]
        seen = f"; {_callbacks(others[0])} was" if others else ""
        msg = (
            f"No epilog of the forward transform was set ({where}){seen}. The filter "
            "belongs there: each element of the spectrum is multiplied as it is stored."
        )
        raise NotFused(msg, hint="Which argument of fft takes the compiled callback?")


def expect_no_other_work(
    evidence: Evidence, operand: Array, where: str, *, needs_copies: bool
) -> None:
    """
    Check that from the first transform on nothing but the transforms ran.

    What comes before it prepares the filter, or what else the callback needs. After it
    only copies of the filter could be needed, where memory orders differ.

    Args:
        evidence: What the call did.

        operand: The signal.

        where: The case, for messages.

        needs_copies: Whether the filter may need to be rearranged.

    Raises:
        NotFused: A kernel computed.

        ExtraCopies: As much as the spectrum or the result was copied.
    """
    begun = _begun(evidence)
    for kernel in computing_kernels(evidence):
        if kernel.start >= begun and _may_read(kernel, operand):
            raise _intruder(kernel, where)
    ran = _executions(evidence)
    if needs_copies or not (ran and ran[0].epilog):
        return  # a first transform without an epilog may be a look at the layout
    moved = [
        move
        for move in device_copies(evidence)
        if move.start >= begun and move.reads_operand is not False
    ]
    if sum(_elements(move, operand) for move in moved) >= operand.size:
        count = "1 copy" if len(moved) == 1 else f"{len(moved)} copies"
        msg = (
            f"{count} on the GPU moved the spectrum or the result after the first "
            f"transform had begun ({where}). Expected was none: each is one more trip "
            "through memory."
        )
        hint = (
            "Look for copy, ascontiguousarray, stack and x[...] =. One call transforms "
            "all rows, and returns a new array."
        )
        raise ExtraCopies(msg, hint=hint)


def expect_scaled_in_callback(evidence: Evidence, operand: Array, where: str) -> None:
    """
    Check that nvmath transformed with a callback, and that no other kernel computed.

    The simulator knows what a kernel read. CUDA does not: there, no kernel may compute
    once the transform has begun, and none before may have the size of the operand.

    Raises:
        NotFused: There was no callback, or another kernel computed.
    """
    ran = _executions(evidence)
    if not ran:
        raise _no_transform(where, "transform with a callback")
    if not any(op.prolog or op.epilog for op in ran):
        msg = (
            f"nvmath's transforms were {_sequence(ran)}, without prolog or epilog "
            f"({where}). Expected was a callback that scales."
        )
        hint = "A prolog sees each element as it is loaded, an epilog as it is stored."
        raise NotFused(msg, hint=hint)
    begun, whole = _begun(evidence), _launched(operand.size)
    # A single row has as many elements as a table of its own factors: nobody can tell.
    told = operand.ndim > 1 and whole > _launched(operand.shape[-1])
    for kernel in computing_kernels(evidence):
        suspect = kernel.start >= begun or (told and kernel.elements == whole)
        if kernel.reads_operand or (suspect and _may_read(kernel, operand)):
            raise _intruder(kernel, where)


def _executions(evidence: Evidence) -> list[Operation]:
    require_evidence(evidence)
    return [
        op
        for op in evidence.operations
        if (op.library, op.phase) == ("fft", "execute") and op.kind == "C2C"
    ]


def _begun(evidence: Evidence) -> float:
    """Return when the first kernel of a transform started."""
    starts = [kernel.start for kernel in evidence.kernels if kernel.kind == "fft"]
    return min(starts, default=float("inf"))


def _may_read(kernel: Kernel, operand: Array) -> bool:
    """
    Return whether a kernel may have computed with the operand or what was made of it.

    CUDA cannot tell. An elementwise kernel of one block, where the operand has many,
    prepares a parameter.
    """
    if kernel.reads_operand is not None:
        return kernel.reads_operand
    small = kernel.kind == "elementwise" and kernel.elements <= BLOCK
    return not (small and operand.size > 2 * BLOCK)


def _launched(elements: int) -> int:
    return -(-elements // BLOCK) * BLOCK


def _elements(move: Kernel | Copy, operand: Array) -> int:
    """Return how many of the operand's elements were moved, at least."""
    if isinstance(move, Copy):
        return move.nbytes // operand.itemsize
    return move.elements


def _intruder(kernel: Kernel, where: str) -> NotFused:
    msg = (
        f"Beside the transforms, the kernel {kernel.name} computed over "
        f"{kernel.elements:,} elements ({where}). Expected were the transforms with "
        "their callbacks alone."
    )
    hint = (
        "Which line outside the callbacks computes with the operand, the spectrum or "
        "the result? Its work belongs in a callback."
    )
    return NotFused(msg, hint=hint)


def _no_transform(where: str, expected: str) -> NotFused:
    msg = (
        f"nvmath ran no complex (C2C) transform on the GPU ({where}). Expected was a "
        f"{expected}."
    )
    return NotFused(msg, hint="Callbacks belong to nvmath.fft.fft and nvmath.fft.FFT.")


def _callbacks(op: Operation) -> str:
    names = [
        n for n, was_set in (("prolog", op.prolog), ("epilog", op.epilog)) if was_set
    ]
    return f"the {' and the '.join(names)} of the {op.direction} transform"


def _sequence(ran: Sequence[Operation]) -> str:
    names = [f"{op.kind} {op.direction}".strip() for op in ran[:6]]
    more = f" and {len(ran) - 6} more" if len(ran) > 6 else ""  # noqa: PLR2004
    return ", ".join(names) + more
