"""What the evidence must show of a blur by callbacks: where it ran, in how many steps.

Shared by the checks of all three exercises.
"""

from __future__ import annotations

from collections.abc import Sequence

from graders.fft_callbacks.pictures import Case
from graders.harness.checks import (
    ArrayValue,
    Observation,
    describe,
    require_evidence,
)
from graders.harness.device.evidence import Evidence, Kernel, Operation
from graders.harness.errors import (
    ExtraCopies,
    NotFused,
    WrongMemorySpace,
    WrongShape,
    WrongValue,
)

# Kernels that compute nothing: they transform, rearrange or initialise.
PASSIVE = ("fft", "copy", "fill")
BLOCK = 128  # threads in a block of CuPy's elementwise kernels
OUT_OF_BOUNDS = ("out_of_bounds_read", "out_of_bounds_write")


def expect_parity(observation: Observation, case: Case) -> None:
    """
    Recognise a width that is one off: the parity of the inverse transform explains it.

    Raises:
        WrongShape: The result has one column too few or too many.
    """
    value = observation.value
    if not isinstance(value, ArrayValue):
        return
    for change, parity in ((-1, "odd"), (1, "even")):
        columns = case.width + change
        shapes = {
            (case.height, columns),
            (case.height, columns, 3),
            (3, case.height, columns),
        }
        if tuple(value.shape) in shapes:
            msg = (
                f"The result has {columns} columns ({case.where}); the image has "
                f"{case.width}. A spectrum of {case.width // 2 + 1} columns belongs to "
                "an even and to an odd width; the inverse transform took the wrong one."
            )
            hint = (
                f"This width is {parity}: say so with last_axis_parity in the options "
                "of the inverse transform."
            )
            raise WrongShape(msg, hint=hint)


def expect_in_bounds(observation: Observation, case: Case) -> None:
    """
    Refuse what gives a right answer by luck alone, and explain what gives a wrong one.

    Raises:
        WrongValue: A callback touched memory outside its operand. The simulator sees
            that; CUDA does not.
    """
    for fault in observation.evidence.faults:
        if fault.kind in OUT_OF_BOUNDS:
            line = f" (line {fault.line})" if fault.line else ""
            msg = f"{fault.message.rstrip('.')}{line}; {case.where}."
            hint = (
                "An offset counts elements in the operand's memory. What is the "
                "largest one, and how far does your callback reach from there?"
            )
            raise WrongValue(msg, hint=hint)


def expect_on_device(observation: Observation, case: Case) -> None:
    """
    Check that the result is on the GPU and that the image never left it.

    Small downloads, a number or two, are free; so are all uploads, since what was never
    downloaded cannot be derived from the image.

    Raises:
        WrongMemorySpace: The result is not an array on the GPU.

        ExtraCopies: The image, or something computed from it, was copied to the host.
    """
    value = observation.value
    if not isinstance(value, ArrayValue):
        msg = (
            f"The function returned {describe(value)} ({case.where}). This check "
            "expects an array on the GPU (cupy.ndarray)."
        )
        raise WrongMemorySpace(msg, hint="Return the result of the inverse transform.")
    if value.memory_space != "cuda":
        msg = (
            f"The result is in the CPU memory space ({value.type_name}, {case.where}). "
            "This check expects the image's, GPU (cupy.ndarray)."
        )
        raise WrongMemorySpace(msg, hint="Return the array before copying it back.")
    expect_no_download(require_evidence(observation.evidence), case)


def expect_no_download(evidence: Evidence, case: Case) -> None:
    """
    Check that no image, nor anything of its size made from it, came to the host.

    Raises:
        ExtraCopies: One did.
    """
    pixels = case.height * case.width
    down = [
        copy
        for copy in evidence.copies
        if copy.direction == "device_to_host" and copy.reads_operand is not False
    ]
    total = sum(copy.nbytes for copy in down)
    if total >= pixels:  # a quarter of a float32 plane: no statistic is as large
        msg = (
            f"{total:,} bytes of the image, or computed from it, were copied from the "
            f"GPU to the host ({case.where}; one plane of the image has "
            f"{4 * pixels:,}). None should be."
        )
        hint = (
            "Which call gives a NumPy array: .get(), cp.asnumpy(), a NumPy function, "
            "or nvmath with execution on the CPU?"
        )
        raise ExtraCopies(msg, hint=hint)


def expect_transforms(evidence: Evidence, case: Case, *, sepia: bool) -> None:
    """
    Check that nvmath ran a forward R2C and an inverse C2R transform with the callbacks.

    Args:
        evidence: What the call did.

        case: The case, for messages.

        sepia: Whether the forward transform needs a prolog.

    Raises:
        NotFused: A transform or a callback is missing.
    """
    ran = [
        op for op in evidence.operations if (op.library, op.phase) == ("fft", "execute")
    ]
    if not ran:
        msg = (
            f"nvmath ran no transform on the GPU ({case.where}). Expected were a "
            "real-to-complex (R2C) and then a complex-to-real (C2R) one with callbacks."
        )
        hint = "Callbacks belong to nvmath.fft.rfft and irfft, or to nvmath.fft.FFT."
        raise NotFused(msg, hint=hint)
    forward = [op for op in ran if op.kind == "R2C"]
    inverse = [op for op in ran if op.kind == "C2R"]
    ordered = ran[0].kind == "R2C" and ran[-1].kind == "C2R"
    if len(forward) + len(inverse) != len(ran) or not ordered:
        msg = (
            f"nvmath's transforms were {_sequence(ran)} ({case.where}). Expected were "
            "R2C, then C2R, and no others."
        )
        raise NotFused(msg, hint="An image is real: rfft and irfft halve the work.")
    if sepia and not all(op.prolog for op in forward):
        msg = (
            f"The forward transform ran without a prolog ({case.where}). Sepia belongs "
            "there: the transform then loads each pixel in sepia."
        )
        raise NotFused(msg, hint="Which argument of rfft takes the compiled callback?")
    stored = all(op.epilog for op in forward)
    loaded = all(op.prolog for op in inverse)
    if not (stored or loaded):
        msg = (
            "Neither the epilog of the forward transform nor the prolog of the inverse "
            f"one was set ({case.where}). The response and the normalisation belong in "
            "one of the two."
        )
        hint = "An epilog sees each element as it is stored, a prolog as it is loaded."
        raise NotFused(msg, hint=hint)


def expect_no_other_kernel(evidence: Evidence, case: Case, *, images: int = 1) -> None:
    """
    Check that no kernel but those of the transforms worked on the image or its
    spectrum.

    The simulator knows what a kernel read. CUDA does not: there, no kernel may compute
    once the transforms have begun, and none before may have the size of the image.

    Args:
        evidence: What the call did.

        case: The case, for messages; its image is as large as all others of the call.

        images: How many images the call got.

    Raises:
        NotFused: Some kernel computed something from the image.
    """
    kernels = sorted(evidence.kernels, key=lambda kernel: kernel.start)
    for kernel in _intruders(kernels, case, images):
        msg = (
            f"Beside the transforms, the kernel {kernel.name} worked on the image or "
            f"on something made of it: {kernel.elements:,} elements ({case.where}). "
            "Expected were the transforms with their callbacks alone, and copies."
        )
        hint = (
            "Which line outside the callbacks computes with the image, the spectrum or "
            "the result? Its work belongs in a callback. Prepare the response before "
            "the first transform."
        )
        raise NotFused(msg, hint=hint)


def _intruders(kernels: Sequence[Kernel], case: Case, images: int) -> list[Kernel]:
    computing = [kernel for kernel in kernels if kernel.kind not in PASSIVE]
    known = [kernel for kernel in computing if kernel.reads_operand is not None]
    unknown = [kernel for kernel in computing if kernel.reads_operand is None]
    starts = [kernel.start for kernel in kernels if kernel.kind == "fft"]
    begun = min(starts, default=float("inf"))
    pixels = case.height * case.width
    counts = (pixels, 3 * pixels, images * pixels)
    sizes = {-(-count // BLOCK) * BLOCK for count in counts}
    return [kernel for kernel in known if kernel.reads_operand] + [
        kernel
        for kernel in unknown
        if kernel.start >= begun or kernel.elements in sizes
    ]


def _sequence(ran: Sequence[Operation]) -> str:
    names = [f"{op.kind} {op.direction}".strip() for op in ran[:6]]
    more = f" and {len(ran) - 6} more" if len(ran) > 6 else ""  # noqa: PLR2004
    return ", ".join(names) + more
