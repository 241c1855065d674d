"""What the evidence must show of complex transforms with callbacks.

Shared by the checks of ``fft_filter`` and ``unitary_fft``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graders.harness.checks import (
    BLOCK,
    ArrayValue,
    Copy,
    Evidence,
    Kernel,
    Observation,
    Operation,
    computing_kernels,
    device_copies,
    expect_stays_on_gpu,
    launched,
    operations_of,
    transform_names,
    transforms_begun,
)
from graders.harness.errors import (
    ExtraCopies,
    NotFused,
    WrongDtype,
    WrongValue,
)
from graders.kernel_fusion.signals import Array


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

    A number or two may come down, as a statistic of the operands.

    Raises:
        WrongMemorySpace: The result is not an array on the GPU.

        ExtraCopies: As much as a part of the operand was copied to the host.
    """
    # As bytes, an eighth of a complex64 array and more; no statistic is as large.
    expect_stays_on_gpu(observation, smallest=operand.size, where=where)


def expect_filter_in_epilog(evidence: Evidence, where: str) -> None:
    """
    Check that nvmath transformed forth with an epilog that filters, once at least.

    Others may have run without one, such as a first look at the spectrum's layout.

    Raises:
        NotFused: There was no forward transform, or none with an epilog, or the filter is
            in the inverse one's prolog. The simulator sees that last one; CUDA does not.
    """
    ran = _executions(evidence)
    if not ran:
        raise _no_transform(where, "forward transform, with an epilog")
    forward = [op for op in ran if op.direction == "forward"]
    if not forward:
        msg = (
            f"nvmath's transforms were {transform_names(ran)} ({where}). Expected was a "
            "forward one with an epilog, then an inverse one."
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
    scaling = int(evidence.notes.get("scaling_epilogs_forward", 0))
    if scaling >= sum(op.epilog for op in forward) and any(
        op.prolog for op in ran if op not in forward
    ):
        msg = (
            f"The epilog of the forward transform multiplies all elements by the same "
            f"number ({where}), and the inverse one has a prolog. Expected was that the "
            "epilog multiplies each element by the filter's."
        )
        raise NotFused(msg, hint="Where is the filter applied, if not in the epilog?")


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

        EnvironmentUnavailable: No kernel of nvmath's transforms was seen.
    """
    begun = transforms_begun(evidence)
    for kernel in computing_kernels(evidence):
        if kernel.start >= begun and _may_read(kernel, operand):
            raise _intruder(kernel, where)
    ran = _executions(evidence)
    if not (ran and ran[0].epilog):
        return  # a first transform without an epilog may be a look at the layout
    if needs_copies:
        # Only the simulator tells the spectrum and the result from the filter.
        count = int(evidence.notes.get("copied_transforms", 0))
        if count:
            raise _copied(count, where)
        return
    moved = [
        move
        for move in device_copies(evidence)
        if move.start >= begun and move.reads_operand is not False
    ]
    if sum(_elements(move, operand) for move in moved) >= operand.size:
        raise _copied(len(moved), where)


def _copied(count: int, where: str) -> ExtraCopies:
    copies = "1 copy" if count == 1 else f"{count} copies"
    msg = (
        f"{copies} on the GPU moved the spectrum or the result after the first transform "
        f"had begun ({where}). Expected was none: each is one more trip through memory."
    )
    hint = (
        "Look for copy, ascontiguousarray, stack and x[...] =. One call transforms all "
        "rows, and returns a new array."
    )
    return ExtraCopies(msg, hint=hint)


def expect_scaled_in_callback(evidence: Evidence, operand: Array, where: str) -> None:
    """
    Check that nvmath transformed with a callback, and that no other kernel computed.

    The simulator knows what a kernel read. CUDA does not: there, no kernel may compute
    once the transform has begun, and none before may have the size of the operand.

    Raises:
        NotFused: There was no callback, or another kernel computed.

        EnvironmentUnavailable: No kernel of nvmath's transforms was seen.
    """
    ran = _executions(evidence)
    if not ran:
        raise _no_transform(where, "transform with a callback")
    if not any(op.prolog or op.epilog for op in ran):
        msg = (
            f"nvmath's transforms were {transform_names(ran)}, without prolog or epilog "
            f"({where}). Expected was a callback that scales."
        )
        hint = "A prolog sees each element as it is loaded, an epilog as it is stored."
        raise NotFused(msg, hint=hint)
    begun, whole = transforms_begun(evidence), launched(operand.size)
    # A single row has as many elements as a table of its own factors: nobody can tell.
    told = operand.ndim > 1 and whole > launched(operand.shape[-1])
    for kernel in computing_kernels(evidence):
        suspect = kernel.start >= begun or (told and kernel.elements == whole)
        if kernel.reads_operand or (suspect and _may_read(kernel, operand)):
            raise _intruder(kernel, where)


def _executions(evidence: Evidence) -> list[Operation]:
    executed = operations_of(evidence, "fft", "execute")
    return [op for op in executed if op.kind == "C2C"]


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
