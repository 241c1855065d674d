"""Judge from the evidence which transforms ran of one operand, and what beside them.

Owns the verdicts of ``execution_spaces`` that need no values.
"""

from __future__ import annotations

import math

from graders.harness.checks import (
    Evidence,
    elementwise_kernels,
    require_evidence,
)
from graders.harness.checks.kernels import kernel_names
from graders.harness.device.evidence import Operation
from graders.harness.errors import ExtraCopies, WrongPhases

_LIBRARIES = {"fft": "cuda", "cpu_fft": "cpu"}


def spaces_of(evidence: Evidence) -> list[str]:
    """Return in which spaces nvmath executed transforms, each once, in order."""
    return list(dict.fromkeys(_LIBRARIES[op.library] for op in _executed(evidence)))


def expect_whole(evidence: Evidence, size: int, where: str) -> None:
    """
    Judge that nvmath's transforms had as many numbers as the operand.

    One transform may be made of several shorter ones, or of those of the real and the
    imaginary part: together they have no fewer. Where a length is not known, nothing is
    judged.

    Args:
        evidence: What the call did.

        size: The operand's length.

        where: The case, for the message.

    Raises:
        WrongPhases: They had fewer: something else computed the rest.
    """
    ran = _executed(evidence)
    points = sum(math.prod(op.shape) * op.batch for op in ran)
    if all(op.shape for op in ran) and points < size:
        seen = "a transform" if len(ran) == 1 else f"{len(ran)} transforms, together"
        msg = (
            f"nvmath ran {seen} of {points:,} numbers ({where}). Expected was that it "
            f"transforms all {size:,}."
        )
        raise WrongPhases(msg, hint="What computes the spectrum that you return?")


def expect_no_other(evidence: Evidence, where: str) -> None:
    """
    Judge that no transform ran on the GPU beside nvmath's.

    Only the simulator tells: there each of nvmath's transforms is one kernel. On a GPU a
    transform may take several, and CuPy's are called the same.

    Args:
        evidence: What the call did.

        where: The case, for the message.

    Raises:
        WrongPhases: One did.
    """
    if evidence.recorded_on != "simulator":
        return
    kernels = [kernel for kernel in evidence.kernels if kernel.kind == "fft"]
    mine = [op for op in _executed(evidence) if op.library == "fft"]
    if len(kernels) > len(mine):
        msg = (
            f"{len(kernels)} transforms ran on the GPU, {len(mine)} of them nvmath's "
            f"({where}). Expected was that nvmath computes the spectrum, and nothing else "
            "does."
        )
        raise WrongPhases(msg, hint="Where is a function of cupy.fft called?")


def expect_untouched(evidence: Evidence, size: int, where: str) -> None:
    """
    Judge that no kernel wrote the operand or the spectrum again, element by element.

    Where one forward transform of all numbers ran, it takes the operand as it is and gives
    the spectrum as it is returned. A way of several transforms, or of an inverse one, has
    numbers to turn or to conjugate: of these nothing is judged. Nor is it of kernels that
    sum up or compare, as a program does that looks for NaN.

    Args:
        evidence: What the call did.

        size: The operand's length.

        where: The case, for the message.

    Raises:
        ExtraCopies: Some kernel did.
    """
    ran = _executed(evidence)
    if len(ran) != 1 or (ran[0].kind, ran[0].direction) != ("C2C", "forward"):
        return
    if max(ran[0].shape, default=0) != size:
        return
    for kernel in elementwise_kernels(evidence):
        makes_none = kernel.kind != "elementwise" or kernel.name.endswith("_bool")
        if makes_none or kernel.elements < size or kernel.reads_operand is False:
            continue
        msg = (
            f"Beside the transform, {kernel_names([kernel])} computed over "
            f"{kernel.elements:,} elements on the GPU ({where}). Expected was that the "
            "transform gets the operand as it is, and that its result is returned as it is."
        )
        hint = (
            "An expression such as x * 1 or x + 0 writes a new array, as a copy does. "
            "Which line computes with the whole operand or spectrum?"
        )
        raise ExtraCopies(msg, hint=hint)


def _executed(evidence: Evidence) -> list[Operation]:
    """Return nvmath's transforms, in either space."""
    return [
        op
        for op in require_evidence(evidence).operations
        if op.library in _LIBRARIES and op.phase == "execute"
    ]
