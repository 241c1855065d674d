"""Which transforms made a notebook's result, and what worked on it beside them.

A notebook has more in its cells than one call: trials, benchmarks, comparisons. So the last
forward and inverse transforms of three planes are taken for the ones that made the result.
In the simulator it is known which kernel computed an operand; on CUDA the order and the
size of the kernels must do.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from graders.fft_callbacks.fusion import PASSIVE, expect_transforms
from graders.fft_callbacks.pictures import Case
from graders.harness.checks import Evidence, Kernel, Operation, launched
from graders.harness.errors import ExtraCopies, NotFused

_PLANES = 3
_DIGITS = 9  # of a time in seconds
_HOST = "host"  # as the maker of what was copied up
# What may be done with an image before the first transform (its values are brought to
# [0, 1]), and with the result (it is kept there, for display).
_SCALES = re.compile(r"cupy_(?:true_)?(?:divide|multiply)")
_LIMITS = re.compile(r"cupy_(?:clip|minimum|maximum|fmin|fmax)")
_HINT = (
    "Which line outside the callbacks computes with the image, the spectrum or the "
    "result? Its work belongs in a callback."
)


@dataclass(frozen=True)
class Chain:
    """
    The transforms that made the result.

    Attributes:
        evidence: All that the exercise's cells did.

        case: The photograph.

        steps: The transforms, in order.

        began: When the first of them started, in seconds of the device's clock.

        ended: When the last of them was done.
    """

    evidence: Evidence
    case: Case
    steps: Sequence[Operation]
    began: float
    ended: float

    def expect_resident(self, made_by: str) -> None:
        """
        Judge that nothing came down to the host while the result was made.

        Args:
            made_by: The kernel that computed the result; empty where it is not known.

        Raises:
            ExtraCopies: Something as large as a plane did, or the result is from the host.
        """
        if made_by == _HOST:
            msg = (
                "The result was copied from the host. Expected was that it stays on the "
                "GPU from the transform on."
            )
            raise ExtraCopies(msg, hint="Look for .get(), asnumpy and asarray.")
        if not self.steps:
            return  # said by the check on the transforms
        for copy in self.evidence.copies:
            down = (
                copy.direction == "device_to_host" and copy.nbytes >= self.case.pixels
            )
            if down and self.began <= copy.start < self.ended:
                msg = (
                    f"{copy.nbytes:,} bytes were copied to the host between the "
                    "transforms. Expected was that spectrum and result stay on the GPU."
                )
                raise ExtraCopies(msg, hint="Look for .get(), asnumpy and float().")

    def expect_fused(self, made_by: str) -> None:
        """
        Judge that the callbacks did all the work that the transforms do not do.

        Args:
            made_by: The kernel that computed the result; empty where it is not known.

        Raises:
            NotFused: A callback is missing or idle, or another kernel did its work.
        """
        # Where the chain is not whole, all transforms are looked at: it is said what lacks.
        steps = tuple(self.steps) or tuple(_executed(self.evidence))
        expect_transforms(
            replace(self.evidence, operations=steps), self.case, sepia=True
        )
        self._expect_busy_prolog()
        if all(step.made_by for step in self.steps):
            self._expect_makers(made_by)
            return
        for kernel in self._intruders():
            raise _not_fused(kernel.name, f"{kernel.elements:,} elements")

    def _expect_busy_prolog(self) -> None:
        loads = sum(op.kind == "R2C" and op.prolog for op in _executed(self.evidence))
        idle = int(self.evidence.notes.get("idle_prologs_R2C", 0))
        if loads and idle >= loads:
            msg = (
                "The prolog of the forward transform returns what it loads, unchanged. "
                "Expected was that it applies sepia: each channel of a pixel from its red, "
                "green and blue."
            )
            raise NotFused(msg, hint="Where is sepia applied, if not in the prolog?")

    def _expect_makers(self, made_by: str) -> None:
        for step in self.steps:
            if step.kind == "R2C":
                allowed = bool(_SCALES.match(step.made_by))
                what = "the operand of the forward transform"
            else:
                allowed = step.made_by.startswith("simulated_fft_r2c")
                what = "the operand of the inverse transform"
            if not allowed and step.made_by != _HOST:  # copies are another check's
                raise _not_fused(step.made_by, what)
        limited = made_by.startswith("simulated_fft_c2r") or _LIMITS.match(made_by)
        if not limited and made_by not in ("", _HOST):
            raise _not_fused(made_by, "the result")

    def _intruders(self) -> list[Kernel]:
        """Return the kernels that CUDA lets us suspect, by their place and size."""
        kernels = sorted(self.evidence.kernels, key=lambda kernel: kernel.start)
        computing = [kernel for kernel in kernels if kernel.kind not in PASSIVE]
        between = [k for k in computing if self.began <= k.start < self.ended]
        between = self._without_response(between)
        sizes = {launched(count * self.case.pixels) for count in (1, _PLANES)}
        after = []
        for kernel in kernels:
            if kernel.start < self.ended or kernel.kind in ("copy", "fill"):
                continue
            if kernel.kind != "elementwise":
                break  # another transform or product: a comparison has begun
            if kernel.elements in sizes and _SCALES.match(kernel.name):
                after.append(kernel)
        return between + after

    def _without_response(self, between: list[Kernel]) -> list[Kernel]:
        """
        Leave out what makes a response: kernels over no more than one plane's spectrum.

        Where a transform takes one plane at a time, they may work on its spectrum; and
        where there are as many products as planes, on one plane's after the other.
        """
        plane = launched(self.case.height * (self.case.width // 2 + 1))
        small = [k for k in between if k.elements <= plane]
        at_once = all(step.batch >= _PLANES for step in self.steps)
        if not at_once or sum(bool(_SCALES.match(k.name)) for k in small) >= _PLANES:
            return between
        return [k for k in between if k not in small]


def read_chain(evidence: Evidence, case: Case) -> Chain:
    """
    Return the transforms that made the result: the last ones, of three planes each way.

    It has no steps where nvmath ran no transform, or none one way.

    Args:
        evidence: What the cells of the exercise did.

        case: The photograph.
    """
    steps: list[Operation] = []
    planes = {"R2C": 0, "C2R": 0}
    for op in reversed(_executed(evidence)):
        if min(planes.values()) >= _PLANES:
            break
        steps.insert(0, op)
        if op.kind in planes:
            planes[op.kind] += op.batch
    if not min(planes.values()):
        return Chain(evidence, case, (), 0.0, 0.0)
    kernels = [_kernel_of(op, evidence) for op in steps]
    starts = [k.start for k in kernels if k is not None] or [op.start for op in steps]
    ends = [k.start + k.seconds for k in kernels if k is not None] or starts
    return Chain(evidence, case, steps, min(starts), max(ends))


def _executed(evidence: Evidence) -> list[Operation]:
    return [
        op for op in evidence.operations if (op.library, op.phase) == ("fft", "execute")
    ]


def _kernel_of(op: Operation, evidence: Evidence) -> Kernel | None:
    """Return the kernel that a transform ran as, the first one where there are several."""
    kernels = sorted(
        (k for k in evidence.kernels if k.kind == "fft"), key=lambda k: k.start
    )
    # The simulator notes the kernel's end; CUDA the call, which the kernel follows.
    for kernel in kernels:
        if round(kernel.start + kernel.seconds, _DIGITS) == round(op.start, _DIGITS):
            return kernel
    index = bisect.bisect_left([k.start for k in kernels], op.start)
    return kernels[index] if index < len(kernels) else None


def _not_fused(kernel: str, what: str) -> NotFused:
    msg = (
        f"Beside the callbacks, the kernel {kernel} computed {what}. Expected were the "
        "transforms with their callbacks alone, and copies that rearrange the image."
    )
    return NotFused(msg, hint=_HINT)
