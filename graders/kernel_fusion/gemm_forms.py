"""Which form of alpha A B + beta C a call computed, read from the sizes of its kernels.

A scales (m, k) numbers, the product (m, n). Cases are chosen so that these sizes lie far
apart: then the number of work items tells what was scaled, on both devices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from graders.harness.checks import (
    Evidence,
    Kernel,
    count_products,
    elementwise_kernels,
    matmul_runs,
    product_kernels,
    was_autotuned,
)
from graders.harness.checks.kernels import LARGEST_BLOCK, kernel_names
from graders.harness.errors import NotFused, WrongValue
from graders.kernel_fusion.products import Extents

# Sizes lie more than twice as far apart as this; a launch rounds up to whole blocks.
_NEAR = 2.0
# What CuPy's operators launch: each does one thing. Others may do several at once.
_SINGLE_STEPS = frozenset(
    f"cupy_{name}"
    for name in ("add", "multiply", "subtract", "negative", "true_divide", "positive")
)
_SCALING = frozenset({"cupy_multiply", "cupy_true_divide"})


@dataclass(frozen=True)
class Form:
    """
    The kernels of a call that is not fused, by what they work on.

    Attributes:
        products: Those that multiply matrices.

        on_a: Elementwise ones before the product over as many numbers as A has.

        on_b: The same for B.

        on_result: Elementwise ones over as many numbers as the result has.

        other: Elementwise ones before the product over some other number, larger than
            that of B: smaller ones prepare parameters.

        later: Elementwise ones after the product's start over some other number than
            the result's, larger than a block of threads: smaller ones prepare
            parameters.
    """

    products: list[Kernel]
    on_a: list[Kernel]
    on_b: list[Kernel]
    on_result: list[Kernel]
    other: list[Kernel]
    later: list[Kernel]

    @property
    def scalings_of_result(self) -> int:
        """How many of ``on_result`` may multiply by a factor."""
        return sum(_may_scale(kernel) for kernel in self.on_result)

    def describe(self) -> str:
        """Say what ran, in the order of the attributes."""
        parts = [
            f"{kernel_names(kernels)} over {what}"
            for kernels, what in (
                (self.on_a, "A's entries"),
                (self.on_b, "B's entries"),
                (self.on_result, "the result's entries"),
                (self.other, "some other number of entries"),
                (self.later, "some other number of entries after the product"),
            )
            if kernels
        ]
        count = len(self.products)
        return "; ".join([f"{count} product{'' if count == 1 else 's'}", *parts])


def read_form(evidence: Evidence, extents: Extents) -> Form:
    """
    Sort the kernels of a call by what they work on.

    Those that are known to have read nothing made of the operands are left out: they are
    no part of any form, whatever their size.
    """
    products = product_kernels(evidence)
    begun = min((kernel.start for kernel in products), default=math.inf)
    form = Form(products, [], [], [], [], [])
    sizes = {
        math.prod(extents.a): form.on_a,
        math.prod(extents.b): form.on_b,
        math.prod(extents.result): form.on_result,
    }
    for kernel in elementwise_kernels(evidence):
        if kernel.reads_operand is False:
            continue
        seen = max(kernel.elements, 1)
        # Of small matrices several are near.
        size = min(sizes, key=lambda size: abs(math.log(seen / size)))
        is_near = size / _NEAR < seen < size * _NEAR
        is_early = kernel.start < begun
        if is_near and (is_early or sizes[size] is form.on_result):
            sizes[size].append(kernel)
        elif is_early and kernel.elements > math.prod(extents.b):
            form.other.append(kernel)
        elif not is_early and kernel.elements > LARGEST_BLOCK:
            form.later.append(kernel)
    return form


def expect_operator_form(evidence: Evidence, extents: Extents, where: str) -> None:
    """
    Judge that alpha scaled A, and that beta C was added afterwards.

    Raises:
        WrongValue: The kernels are those of another form.
    """
    form = read_form(evidence, extents)
    _expect_product(form, where)
    m, k, n = extents.m, extents.k, extents.n
    if not form.on_a and not form.other:
        msg = (
            f"Before the product no kernel scaled A's {m * k:,} entries ({where}). What "
            f"ran: {form.describe()}."
        )
        hint = (
            "Python works alpha * a @ b out from left to right. Which of the two "
            "operators comes first, and what does it apply to?"
        )
        if form.on_b:
            hint = f"It was B, with its {k * n:,} entries, that was scaled."
        raise WrongValue(msg, hint=hint)
    if not form.on_result:
        msg = (
            f"No kernel added beta C over the result's {m * n:,} entries ({where}). "
            f"What ran: {form.describe()}."
        )
        raise WrongValue(msg, hint="Each operator is a step, and a kernel, of its own.")


def expect_matmul_form(evidence: Evidence, extents: Extents, where: str) -> None:
    """
    Judge that alpha scaled the product, in a kernel of its own.

    Raises:
        WrongValue: The kernels are those of another form.
    """
    form = read_form(evidence, extents)
    _expect_product(form, where)
    m, k, n = extents.m, extents.k, extents.n
    if form.on_a or form.on_b:
        what, count = ("A", m * k) if form.on_a else ("B", k * n)
        msg = (
            f"Before the product a kernel worked on {what}'s {count:,} entries "
            f"({where}). Expected was that alpha scales the product's {m * n:,}. What "
            f"ran: {form.describe()}."
        )
        raise WrongValue(msg, hint="First the product, then the factor.")
    # One kernel may do several steps, if it is no plain operator of CuPy's.
    if form.scalings_of_result < 2 and not _has_several_steps(form):  # noqa: PLR2004
        msg = (
            f"The kernels do not scale both the product and C, each of {m * n:,} entries "
            f"({where}). What ran: {form.describe()}."
        )
        hint = "This form leaves alpha, beta and the sum to kernels beside the product."
        raise WrongValue(msg, hint=hint)


def expect_fused_form(evidence: Evidence, extents: Extents, where: str) -> None:
    """
    Judge that one product did it all.

    Copies are free, and cost time.

    Raises:
        NotFused: Another kernel computed with a matrix, or with a part of one; or there
            was no product, or another whole one.
    """
    form = read_form(evidence, extents)
    beside = form.on_a + form.on_b + form.on_result + form.other + form.later
    if beside:
        msg = (
            f"Beside the product there ran {kernel_names(beside)} over entries of a matrix "
            f"({where}). Expected was one kernel for all of alpha A B + beta C. What "
            f"ran: {form.describe()}."
        )
        hint = "nvmath.linalg.advanced.matmul takes more arguments than a and b."
        raise NotFused(msg, hint=hint)
    if not form.products:
        msg = f"No kernel multiplied matrices ({where}). What ran: {form.describe()}."
        raise NotFused(msg, hint="Fusing means: inside the product's kernel.")
    count = _whole_products(evidence, form, extents)
    if count > 1:
        msg = (
            f"{count} products of all entries were computed ({where}). Expected was one "
            "for all of alpha A B + beta C. Products in parts are free."
        )
        hint = "How often is the product executed, and which result is returned?"
        raise NotFused(msg, hint=hint)


def _whole_products(evidence: Evidence, form: Form, extents: Extents) -> int:
    """
    Return how many products were as large as the whole one; trying algorithms out is none.

    Only the simulator launches a work item for each entry: on CUDA nvmath's count alone.
    """
    wanted = sorted((extents.m, extents.k, extents.n))
    # Which operand comes first is nvmath's to choose: compare extents by size.
    runs = [
        run
        for run in matmul_runs(evidence)
        if len(run.shape) == len(wanted)
        and all(x >= y for x, y in zip(sorted(run.shape), wanted, strict=True))
    ]
    if evidence.recorded_on != "simulator" or was_autotuned(evidence):
        return len(runs)
    entries = extents.m * extents.n
    return max(len(runs), sum(kernel.elements >= entries for kernel in form.products))


def _expect_product(form: Form, where: str) -> None:
    count = count_products(form.products)
    if count != 1:
        msg = (
            f"{count} kernels multiplied matrices ({where}). Expected was "
            f"one. What ran: {form.describe()}."
        )
        raise WrongValue(msg, hint="a @ b and cupy.matmul(a, b) are one kernel.")


def _operation(kernel: Kernel) -> str:
    return kernel.name.split("__")[0]


def _may_scale(kernel: Kernel) -> bool:
    return _operation(kernel) in _SCALING or _operation(kernel) not in _SINGLE_STEPS


def _has_several_steps(form: Form) -> bool:
    return any(_operation(kernel) not in _SINGLE_STEPS for kernel in form.on_result)
