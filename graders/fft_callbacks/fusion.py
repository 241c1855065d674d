"""What a blur by callbacks must show: its width, its transforms, and no other kernel.

Shared by the checks of all three exercises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from graders.fft_callbacks.pictures import Case
from graders.harness.checks import (
    ArrayValue,
    Evidence,
    Kernel,
    copied_bytes,
    launched,
    operations_of,
    transform_names,
    transforms_begun,
)
from graders.harness.errors import Failure, NotFused, WrongShape

Made = TypeVar("Made")

# In the types of a kernel of CuPy's: what an image, its spectrum or its blur consists of.
_SINGLE = re.compile(r"float32|complex64")
_OF_CUPY = "cupy_"
_WIDENED = "cupy_copy__float32_float64"
# How many more work items than elements a program's own kernel may have. A response for
# each of three channels has half as many again as the image, and is free.
_IN_BLOCKS, _LARGEST_BLOCK = 1.3, 256
# Kernels that compute nothing: they transform, rearrange or initialise.
PASSIVE = ("fft", "copy", "fill")


def expect_parity(value: Any, case: Case) -> None:
    """
    Recognise a width that is one off: the parity of the inverse transform explains it.

    Args:
        value: What was returned for the image.

        case: The image.

    Raises:
        WrongShape: The result has one column too few or too many.
    """
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
    ran = operations_of(evidence, "fft", "execute")
    if not ran:
        msg = (
            f"nvmath ran no transform on the GPU ({case.where}). Expected were a "
            "real-to-complex (R2C) and then a complex-to-real (C2R) one with callbacks."
        )
        hint = "Callbacks belong to nvmath.fft.rfft and irfft, or to nvmath.fft.FFT."
        if not evidence.kernels:
            hint = (
                "Nothing was computed: is the result the image, or an earlier call's?"
            )
            if copied_bytes(evidence, "device_to_host") >= case.pixels:
                hint = "The image went to the host: what computes there?"
        raise NotFused(msg, hint=hint)
    forward = [op for op in ran if op.kind == "R2C"]
    inverse = [op for op in ran if op.kind == "C2R"]
    ordered = ran[0].kind == "R2C" and ran[-1].kind == "C2R"
    if len(forward) + len(inverse) != len(ran) or not ordered:
        msg = (
            f"nvmath's transforms were {transform_names(ran)} ({case.where}). Expected "
            "were R2C, then C2R, and no others."
        )
        hint = "An image is real: rfft and irfft halve the work."
        if not inverse and len(forward) == len(ran):
            hint = (
                "What transforms back? nvmath.fft.irfft does, with no kernel beside it."
            )
        raise NotFused(msg, hint=hint)
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


@contextmanager
def until_failure(
    cases: Iterable[Made], evidence_of: Callable[[Made], Evidence]
) -> Iterator[list[tuple[Evidence, Made]]]:
    """
    Make all calls before they are judged together, up to one that fails.

    What the calls before it show is told first: the failure is raised at the block's end.

    Args:
        cases: What is called with.

        evidence_of: Makes a call, and returns what it did.

    Yields:
        What each call did, and the case.
    """
    calls: list[tuple[Evidence, Made]] = []
    failure: Failure | None = None
    for case in cases:
        try:
            calls.append((evidence_of(case), case))
        except Failure as found:
            failure = found
            break
    yield calls
    if failure is not None:
        raise failure


def too_small_for_an_image(calls: Iterable[tuple[Evidence, Case]]) -> set[str]:
    """
    Return which of a program's own kernels cannot work on each pixel of an image.

    A response of half the frequencies that is made in blocks has, for some widths, as many
    work items as the image has pixels; for another image it has fewer.

    Args:
        calls: What the calls did, and the image of each.

    Returns:
        The names of kernels that had too few work items for the image of some call, each
        time that it launched them.
    """
    small: set[str] = set()
    for evidence, case in calls:
        most: dict[str, int] = {}
        for kernel in evidence.kernels:
            if not kernel.name.startswith(_OF_CUPY):
                most[kernel.name] = max(kernel.elements, most.get(kernel.name, 0))
        small |= {name for name, elements in most.items() if elements < case.pixels}
    return small


def expect_no_other_kernel(
    evidence: Evidence, case: Case, *, images: int = 1, cleared: Collection[str] = ()
) -> None:
    """
    Check that no kernel but those of the transforms worked on the image or its
    spectrum.

    No kernel may compute once the transforms have begun, whatever it reads: the response
    has to be ready by then. What a kernel before them read the simulator knows. CUDA does
    not: there, none of them may have the size of the image, but in double precision, or
    if it is known from other calls that it is no image's.

    Args:
        evidence: What the call did.

        case: The case, for messages; its image is as large as all others of the call.

        images: How many images the call got.

        cleared: Kernels that may have an image's size before the transforms, by name: see
            :func:`too_small_for_an_image`.

    Raises:
        NotFused: Some kernel computed something from the image.

        EnvironmentUnavailable: No kernel of nvmath's transforms was seen.
    """
    begun = transforms_begun(evidence)
    for kernel in _intruders(evidence, begun, case, images, cleared):
        if kernel.reads_operand is False:
            msg = (
                f"The kernel {kernel.name} ran after the transforms had begun: "
                f"{kernel.elements:,} elements ({case.where}). Expected were the "
                "transforms with their callbacks alone from there on, and copies."
            )
            raise NotFused(msg, hint="Prepare the response before the first transform.")
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


def _intruders(
    evidence: Evidence,
    begun: float,
    case: Case,
    images: int,
    cleared: Collection[str],
) -> list[Kernel]:
    kernels = sorted(evidence.kernels, key=lambda kernel: kernel.start)
    computing = [kernel for kernel in kernels if kernel.kind not in PASSIVE]
    counts = (case.pixels, 3 * case.pixels, images * case.pixels)
    widened = {k.elements for k in kernels if k.name.startswith(_WIDENED)}
    suspects = [kernel for kernel in computing if kernel.reads_operand]
    for kernel in computing:
        unknown = kernel.reads_operand is None and kernel.name not in cleared
        may_read = unknown and any(_may_read(kernel, n, widened) for n in counts)
        if not kernel.reads_operand and (kernel.start >= begun or may_read):
            suspects.append(kernel)
    return suspects


def _may_read(kernel: Kernel, elements: int, widened: Collection[int]) -> bool:
    """
    Return whether a kernel of which nothing else is known may work on so many float32.

    CuPy names the types that its kernels take, and launches whole blocks of 128: one in
    double precision makes the response, for all frequencies, unless so many float32 were
    made double (``widened``) as well. A program's own kernel takes what it likes, in blocks
    of any shape.
    """
    if kernel.name.startswith(_OF_CUPY):
        _, _, types = kernel.name.partition("__")
        in_double = bool(types) and not _SINGLE.search(types)
        in_double = in_double and kernel.elements not in widened
        return kernel.elements == launched(elements) and not in_double
    return elements <= kernel.elements <= _IN_BLOCKS * elements + _LARGEST_BLOCK
