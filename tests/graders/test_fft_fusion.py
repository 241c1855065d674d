"""What the evidence must show of fused transforms, also where CUDA cannot tell all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graders.fft_callbacks.fusion import (
    expect_no_other_kernel,
    expect_transforms,
    too_small_for_an_image,
    until_failure,
)
from graders.fft_callbacks.pictures import Case
from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.errors import Crashed, EnvironmentUnavailable, NotFused

CASE = Case(name="an image", image=np.zeros((50, 41, 3), np.float32), sigma=2.0)
PIXELS = 50 * 41
KEPT = 50 * 21

FORWARD = Operation(library="fft", phase="execute", handle=0, kind="R2C", prolog=True)
INVERSE = Operation(library="fft", phase="execute", handle=1, kind="C2R", prolog=True)


def kernel(
    kind: str, start: float, elements: int, *, reads_operand: bool | None = None
) -> Kernel:
    return Kernel(
        name=f"cupy_{kind}",
        kind=kind,
        start=start,
        seconds=1e-6,
        elements=-(-elements // 128) * 128,
        reads_operand=reads_operand,
    )


def evidence(*kernels: Kernel) -> Evidence:
    transforms = (kernel("fft", 2.0, 4096), kernel("fft", 4.0, 4096))
    return Evidence(kernels=transforms + kernels)


@pytest.mark.parametrize(
    "allowed",
    [
        kernel("elementwise", 1.0, KEPT),  # the response
        kernel("elementwise", 1.0, 3 * KEPT),  # three copies of it
        kernel("copy", 1.0, 3 * PIXELS),  # the image, plane by plane
        kernel("copy", 5.0, 3 * PIXELS),  # the result, rearranged
        kernel("fill", 3.0, PIXELS),
        kernel("elementwise", 1.0, PIXELS, reads_operand=False),
    ],
)
def test_kernels_beside_the_image_are_free(allowed: Kernel) -> None:
    expect_no_other_kernel(evidence(allowed), CASE)


@pytest.mark.parametrize("start", [3.0, 5.0])
def test_the_response_has_to_be_ready(start: float) -> None:
    """No kernel computes between the transforms or after them, whatever it reads."""
    late = kernel("elementwise", start, KEPT, reads_operand=False)
    with pytest.raises(NotFused, match="ran after the transforms had begun") as caught:
        expect_no_other_kernel(evidence(late), CASE)
    assert "before the first transform" in caught.value.hint


@pytest.mark.parametrize(
    "intruder",
    [
        kernel("elementwise", 1.0, 3 * PIXELS),  # sepia before the transform
        kernel("elementwise", 1.0, PIXELS),  # one channel of it
        kernel("gemm", 1.0, 3 * PIXELS),
        kernel("elementwise", 3.0, 3 * KEPT),  # the spectrum times the response
        kernel("elementwise", 5.0, 3 * PIXELS),  # the result divided
        kernel("reduction", 5.0, 1),
        kernel("elementwise", 1.0, 7, reads_operand=True),
    ],
)
def test_kernels_over_the_image_are_not(intruder: Kernel) -> None:
    with pytest.raises(NotFused, match=intruder.name):
        expect_no_other_kernel(evidence(intruder), CASE)


def named(name: str, elements: int) -> Kernel:
    """A kernel before the transforms, of which CUDA tells no more than this."""
    return replace(kernel("elementwise", 1.0, 1), name=name, elements=elements)


@pytest.mark.parametrize(
    "allowed",
    [
        named("cupy_add__float64_float64_float64", -(-PIXELS // 128) * 128),
        named("cupy_exp__float64_float64", -(-PIXELS // 128) * 128),
        named("cudapy::sepia_blur::response(float)", 56 * 24),  # in blocks of 8 x 8
    ],
)
def test_a_response_for_all_frequencies_is_free(allowed: Kernel) -> None:
    """In double precision it is no image; and one for half of them is smaller."""
    expect_no_other_kernel(evidence(allowed), CASE)


@pytest.mark.parametrize(
    "intruder",
    [
        named("cupy_true_divide__float32_float_float32", -(-PIXELS // 128) * 128),
        named("cupy_multiply__float64_float32_float64", -(-PIXELS // 128) * 128),
        named("cudapy::sepia_blur::sepia(float)", 56 * 48),  # in blocks of 8 x 8
        named("sepia", -(-PIXELS // 256) * 256),
    ],
)
def test_blocks_of_other_shapes_hide_nothing(intruder: Kernel) -> None:
    """A program's own kernel launches as it likes; CuPy's names tell their types."""
    with pytest.raises(NotFused, match="worked on the image"):
        expect_no_other_kernel(evidence(intruder), CASE)


WIDE = Case(name="a wide one", image=np.zeros((46, 64), np.float32), sigma=2.0)
LARGE = Case(name="a large one", image=np.zeros((96, 200), np.float32), sigma=2.0)


def in_blocks(name: str, case: Case, columns: int) -> Kernel:
    """A kernel that has a block of 32 for up to so many columns of each row."""
    return named(name, case.height * -(-columns // 32) * 32)


def of_half(name: str, case: Case) -> Kernel:
    return in_blocks(name, case, case.width // 2 + 1)


def test_a_response_in_blocks_may_be_as_large_as_an_image() -> None:
    """33 of 64 columns are 64 work items; for a larger image there are too few."""
    calls = [(evidence(of_half("fill", case)), case) for case in (WIDE, LARGE)]
    with pytest.raises(NotFused, match="2,944 elements"):
        expect_no_other_kernel(*calls[0])
    cleared = too_small_for_an_image(calls)
    assert cleared == {"fill"}
    for seen, case in calls:
        expect_no_other_kernel(seen, case, cleared=cleared)


def test_a_kernel_that_works_on_the_image_as_well_is_not_cleared() -> None:
    both = [
        (evidence(of_half("scale", case), in_blocks("scale", case, case.width)), case)
        for case in (WIDE, LARGE)
    ]
    by_cupy = [
        (evidence(in_blocks("cupy_multiply__float32_float32", case, 32)), case)
        for case in (WIDE, LARGE)
    ]
    assert too_small_for_an_image([*both, *by_cupy]) == set()


def test_what_calls_show_is_told_before_one_that_fails() -> None:
    judged = []

    def call(case: Case) -> Evidence:
        if case is LARGE:
            msg = "it crashed"
            raise Crashed(msg)
        return evidence()

    with (
        pytest.raises(Crashed, match="it crashed"),
        until_failure((CASE, WIDE, LARGE, CASE), call) as calls,
    ):
        judged = [case for _, case in calls]
    assert judged == [CASE, WIDE]
    late = replace(of_half("fill", WIDE), start=3.0)
    with pytest.raises(NotFused), until_failure((LARGE,), call):
        expect_no_other_kernel(evidence(late), WIDE)


def test_what_is_cleared_may_not_run_between_the_transforms() -> None:
    late = replace(of_half("fill", WIDE), start=3.0)
    with pytest.raises(NotFused):
        expect_no_other_kernel(evidence(late), WIDE, cleared={"fill"})


def test_an_image_in_double_precision_is_no_response() -> None:
    """It was made so by a copy of its size."""
    blocks = -(-PIXELS // 128) * 128
    widened = replace(named("cupy_copy__float32_float64", blocks), kind="copy")
    divided = named("cupy_true_divide__float64_float_float64", blocks)
    with pytest.raises(NotFused, match="worked on the image"):
        expect_no_other_kernel(evidence(widened, divided), CASE)


def test_transforms_without_a_kernel_say_nothing() -> None:
    blind = Evidence(kernels=(kernel("elementwise", 5.0, 7),), operations=(FORWARD,))
    with pytest.raises(EnvironmentUnavailable, match="executed 1 transform"):
        expect_no_other_kernel(blind, CASE)


@pytest.mark.parametrize(
    "ran",
    [
        (FORWARD, INVERSE),
        (replace(FORWARD, epilog=True), replace(INVERSE, prolog=False)),
        (FORWARD, INVERSE, FORWARD, INVERSE, FORWARD, INVERSE),
        (FORWARD, FORWARD, FORWARD, INVERSE, INVERSE, INVERSE),
        (replace(FORWARD, phase="plan"), FORWARD, INVERSE),
    ],
)
def test_either_place_will_do_for_the_response(ran: tuple[Operation, ...]) -> None:
    expect_transforms(Evidence(operations=ran), CASE, sepia=True)


@pytest.mark.parametrize(
    ("ran", "seen"),
    [
        ((), "no transform"),
        ((FORWARD,), "R2C"),
        ((INVERSE, FORWARD), "C2R"),
        ((replace(FORWARD, kind="C2C"), INVERSE), "C2C"),
        ((replace(FORWARD, prolog=False), INVERSE), "without a prolog"),
        ((FORWARD, replace(INVERSE, prolog=False)), "Neither the epilog"),
        ((FORWARD, FORWARD, INVERSE, replace(INVERSE, prolog=False)), "Neither"),
        ((replace(FORWARD, phase="plan"), replace(INVERSE, phase="plan")), "no tran"),
    ],
)
def test_missing_parts_are_named(ran: tuple[Operation, ...], seen: str) -> None:
    with pytest.raises(NotFused, match=seen):
        expect_transforms(Evidence(operations=ran), CASE, sepia=True)


def test_a_call_that_ran_nothing_is_asked_what_it_keeps() -> None:
    """No kernel at all: the result is an earlier call's, and callbacks are no matter."""
    with pytest.raises(NotFused) as caught:
        expect_transforms(Evidence(), CASE, sepia=True)
    assert "the image, or an earlier call's" in caught.value.hint
    other = Evidence(kernels=(kernel("fft", 0.0, PIXELS),))
    with pytest.raises(NotFused) as caught:
        expect_transforms(other, CASE, sepia=True)
    assert "Callbacks belong to" in caught.value.hint


def test_a_call_that_took_the_image_to_the_host_is_asked_what_it_does_there() -> None:
    down = Copy(direction="device_to_host", nbytes=4 * PIXELS, start=0.0, seconds=1e-6)
    with pytest.raises(NotFused) as caught:
        expect_transforms(Evidence(copies=(down,)), CASE, sepia=True)
    assert "went to the host" in caught.value.hint


def test_an_inverse_that_is_missing_is_asked_for() -> None:
    with pytest.raises(NotFused) as caught:
        expect_transforms(Evidence(operations=(FORWARD,)), CASE, sepia=True)
    assert "What transforms back?" in caught.value.hint


def test_a_gray_image_needs_no_prolog() -> None:
    plain = replace(FORWARD, prolog=False, epilog=True)
    ran = (plain, replace(INVERSE, prolog=False))
    expect_transforms(Evidence(operations=ran), CASE, sepia=False)
