"""What the evidence must show of complex transforms, also where CUDA cannot tell all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.errors import (
    EnvironmentUnavailable,
    ExtraCopies,
    Failure,
    NotFused,
)
from graders.kernel_fusion.transforms import (
    expect_filter_in_epilog,
    expect_no_other_work,
    expect_scaled_in_callback,
)

SIGNAL = np.zeros((20, 50), np.complex64)
SIZE = SIGNAL.size
FORWARD = Operation(
    library="fft",
    phase="execute",
    handle=0,
    kind="C2C",
    direction="forward",
    epilog=True,
)
INVERSE = replace(FORWARD, handle=1, direction="inverse", epilog=False)
PLAIN = replace(FORWARD, epilog=False)
LOADING = replace(INVERSE, prolog=True)


def kernel(
    kind: str, start: float, elements: int = SIZE, *, reads_operand: bool | None = None
) -> Kernel:
    return Kernel(
        name=f"cupy_{kind}",
        kind=kind,
        start=start,
        seconds=1e-6,
        elements=-(-elements // 128) * 128,
        reads_operand=reads_operand,
    )


def copy(start: float, elements: int = SIZE) -> Copy:
    return Copy(
        direction="device_to_device", nbytes=8 * elements, start=start, seconds=1e-6
    )


def evidence(*extra: Kernel | Copy) -> Evidence:
    transforms = (kernel("fft", 2.0), kernel("fft", 4.0))
    return Evidence(
        kernels=transforms + tuple(k for k in extra if isinstance(k, Kernel)),
        copies=tuple(c for c in extra if isinstance(c, Copy)),
        operations=(FORWARD, INVERSE),
    )


def filtered(*extra: Kernel | Copy, needs_copies: bool = False) -> None:
    expect_no_other_work(evidence(*extra), SIGNAL, "a batch", needs_copies=needs_copies)


@pytest.mark.parametrize(
    "free",
    [
        kernel("copy", 1.0),  # the filter, rearranged
        kernel("elementwise", 1.0),  # the filter, divided by n
        kernel("elementwise", 3.0, reads_operand=False),
        kernel("elementwise", 3.0, 1),  # a parameter
        kernel("copy", 3.0, 16),
        kernel("fill", 5.0),
        copy(1.0),
    ],
)
def test_what_prepares_the_filter_is_free(free: Kernel | Copy) -> None:
    filtered(free)


@pytest.mark.parametrize(
    ("intruder", "failure"),
    [
        (kernel("elementwise", 3.0), NotFused),  # the spectrum times the filter
        (kernel("elementwise", 5.0), NotFused),  # the result divided by n
        (kernel("gemm", 3.0), NotFused),
        (kernel("reduction", 5.0, 1), NotFused),
        (kernel("elementwise", 3.0, 7, reads_operand=True), NotFused),
        (kernel("copy", 3.0), ExtraCopies),  # the spectrum
        (kernel("copy", 5.0, reads_operand=True), ExtraCopies),  # the result
        (copy(3.0), ExtraCopies),
    ],
)
def test_what_works_on_the_spectrum_is_not(
    intruder: Kernel | Copy, failure: type[Failure]
) -> None:
    with pytest.raises(failure, match="a batch"):
        filtered(intruder)


def test_copies_row_by_row_add_up() -> None:
    with pytest.raises(ExtraCopies, match="20 copies"):
        filtered(*(copy(5.0 + row, 50) for row in range(20)))


def test_after_a_look_at_the_layout_the_filter_may_be_copied() -> None:
    looked = replace(evidence(copy(3.0)), operations=(PLAIN, FORWARD, INVERSE))
    expect_no_other_work(looked, SIGNAL, "a batch", needs_copies=False)


def test_where_orders_differ_copies_are_free_and_arithmetic_is_not() -> None:
    filtered(kernel("copy", 3.0), copy(5.0), needs_copies=True)
    with pytest.raises(NotFused):
        filtered(kernel("elementwise", 3.0), needs_copies=True)


@pytest.mark.parametrize(
    "ran",
    [
        (FORWARD, INVERSE),
        (FORWARD,),  # CuPy transforms back
        (PLAIN, FORWARD, INVERSE),  # a look at the layout first
        (FORWARD, INVERSE, FORWARD, INVERSE),
        (replace(FORWARD, prolog=True), replace(INVERSE, epilog=True)),
    ],
)
def test_the_filter_may_be_in_any_forward_epilog(ran: tuple[Operation, ...]) -> None:
    expect_filter_in_epilog(Evidence(operations=ran), "a batch")


@pytest.mark.parametrize(
    ("ran", "seen"),
    [
        ((), "no complex"),
        ((replace(FORWARD, phase="plan"),), "no complex"),
        ((replace(FORWARD, kind="R2C"),), "no complex"),
        ((replace(FORWARD, library="cpu_fft"),), "no complex"),
        ((INVERSE,), "C2C inverse"),
        ((PLAIN, INVERSE), "No epilog of the forward"),
        ((PLAIN, LOADING), "the prolog of the inverse transform was"),
        ((PLAIN, replace(INVERSE, epilog=True)), "the epilog of the inverse"),
        ((replace(PLAIN, prolog=True), LOADING), "the prolog of the forward"),
    ],
)
def test_a_missing_epilog_is_named(ran: tuple[Operation, ...], seen: str) -> None:
    with pytest.raises(NotFused, match=seen):
        expect_filter_in_epilog(Evidence(operations=ran), "a batch")


@pytest.mark.parametrize(
    "free",
    [
        kernel("elementwise", 1.0, 1),  # the factor
        kernel("elementwise", 3.0, 1),
        kernel("elementwise", 1.0, 50),  # a table of factors
        kernel("elementwise", 3.0, reads_operand=False),
        kernel("copy", 1.0),  # the operand, to work in place on
        kernel("copy", 3.0),
        kernel("fill", 1.0),
        copy(3.0),
    ],
)
def test_what_prepares_the_factor_is_free(free: Kernel | Copy) -> None:
    expect_scaled_in_callback(evidence(free), SIGNAL, "a batch")


@pytest.mark.parametrize(
    "intruder",
    [
        kernel("elementwise", 1.0),  # the operand divided
        kernel("elementwise", 5.0),  # the result divided
        kernel("reduction", 5.0, 1),
        kernel("gemm", 5.0),
        kernel("elementwise", 1.0, 7, reads_operand=True),
    ],
)
def test_what_scales_beside_the_callback_is_not(intruder: Kernel) -> None:
    with pytest.raises(NotFused, match=intruder.name):
        expect_scaled_in_callback(evidence(intruder), SIGNAL, "a batch")


def test_a_single_row_is_not_judged_by_the_size_of_earlier_kernels() -> None:
    row = np.zeros(50, np.complex128)
    expect_scaled_in_callback(evidence(kernel("elementwise", 1.0, 50)), row, "a row")


def test_a_transform_without_callback_does_not_scale() -> None:
    for ran, seen in (((), "no complex"), ((PLAIN,), "without prolog or epilog")):
        with pytest.raises(NotFused, match=seen):
            expect_scaled_in_callback(Evidence(operations=ran), SIGNAL, "a batch")


def test_without_evidence_nobody_is_judged() -> None:
    nothing = Evidence(available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable):
        expect_filter_in_epilog(nothing, "a batch")
    with pytest.raises(EnvironmentUnavailable):
        expect_scaled_in_callback(nothing, SIGNAL, "a batch")


def test_transforms_without_a_kernel_say_nothing() -> None:
    unseen = Evidence(kernels=(kernel("elementwise", 5.0),), operations=(FORWARD,))
    with pytest.raises(EnvironmentUnavailable, match="no kernel of a transform"):
        expect_no_other_work(unseen, SIGNAL, "a batch", needs_copies=False)
    with pytest.raises(EnvironmentUnavailable, match="no kernel of a transform"):
        expect_scaled_in_callback(unseen, SIGNAL, "a batch")
