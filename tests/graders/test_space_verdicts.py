"""What learners are told of transforms in spaces, of pipelines, and of transfers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Copy, Direction, Evidence, Kernel, Operation
from graders.harness.errors import Failure, NotRun
from graders.harness.models import Reason
from graders.memory_spaces import agreement
from graders.memory_spaces import test_resident_pipeline as pipeline
from graders.memory_spaces import test_transfer_cost as transfers
from graders.memory_spaces.products import Products, read_products
from graders.memory_spaces.trace import Recipe, Sizes, plans_on_gpu
from graders.memory_spaces.transforms import (
    expect_no_other,
    expect_untouched,
    expect_whole,
)

M, K = 70, 130


def told(action: Callable[[], Any]) -> str:
    """Return what a learner is told, the hint included."""
    with pytest.raises(Failure) as caught:
        action()
    return f"{caught.value.message} {caught.value.hint}"


def kernel(kind: str, elements: int = 0) -> Kernel:
    return Kernel(name=kind, kind=kind, start=0.0, seconds=1e-6, elements=elements)


# --------------------------------------------------------------------- execution_spaces


def transform(*shape: int, batch: int = 1, library: str = "fft") -> Operation:
    return Operation(
        library=library, phase="execute", handle=0, shape=shape, batch=batch
    )


@pytest.mark.parametrize(
    "ran",
    [
        (transform(1200),),
        (transform(1200, library="cpu_fft"),),
        (transform(600, batch=2),),
        (transform(600), transform(600)),
        (transform(30, 40),),
        (transform(2400),),
        # A length that was not recorded says nothing.
        (transform(),),
        (transform(2), transform()),
    ],
)
def test_whole_transforms_pass(ran: tuple[Operation, ...]) -> None:
    expect_whole(Evidence(operations=ran), 1200, "")


def test_a_transform_of_a_few_numbers_is_no_alibi() -> None:
    few = Evidence(operations=(transform(2),))
    seen = told(lambda: expect_whole(few, 1200, "a case"))
    assert "a transform of 2 numbers (a case)" in seen
    assert "all 1,200" in seen
    ran = (transform(2, library="cpu_fft"), transform(3, batch=4))
    several = Evidence(operations=ran)
    seen = told(lambda: expect_whole(several, 1200, "a case"))
    assert "2 transforms, together of 14 numbers" in seen


def test_transforms_of_others_are_counted_where_each_is_one_kernel() -> None:
    one, two = (kernel("fft"),), (kernel("fft"), kernel("fft"))
    ran = (transform(1200),)

    def judge(kernels: tuple[Kernel, ...], device: str, *operations: Operation) -> None:
        evidence = Evidence(kernels=kernels, operations=operations, recorded_on=device)
        expect_no_other(evidence, "a case")

    judge(one, "simulator", *ran)
    judge((), "simulator", transform(1200, library="cpu_fft"))
    judge(two, "cuda", *ran)  # cuFFT may take several kernels
    assert "1 of them nvmath's" in told(lambda: judge(two, "simulator", *ran))
    on_cpu = transform(1200, library="cpu_fft")
    assert "0 of them nvmath's" in told(lambda: judge(one, "simulator", on_cpu))


FORWARD = replace(transform(1200), kind="C2C", direction="forward")


def named(name: str, elements: int = 1280, reads: bool | None = None) -> Kernel:
    made = kernel("elementwise", elements)
    return replace(made, name=f"cupy_{name}", reads_operand=reads)


def test_a_copy_by_another_name_is_told() -> None:
    ran = Evidence(kernels=(named("multiply__complex64_int"),), operations=(FORWARD,))
    seen = told(lambda: expect_untouched(ran, 1200, "a case"))
    assert "cupy_multiply computed over 1,280 elements on the GPU (a case)" in seen
    assert "x * 1" in seen


@pytest.mark.parametrize(
    "other",
    [
        named("isfinite__complex64_bool"),
        named("multiply__float32_float32", elements=1024),  # a table's
        named("multiply__float32_float32", reads=False),
        kernel("reduction", 1280),
        kernel("fft", 1280),
    ],
)
def test_kernels_that_copy_nothing_pass(other: Kernel) -> None:
    expect_untouched(Evidence(kernels=(other,), operations=(FORWARD,)), 1200, "")


@pytest.mark.parametrize(
    "ran",
    [
        (),
        (replace(FORWARD, direction="inverse"),),  # between two conjugations
        (replace(FORWARD, shape=(600,), batch=2),),  # even and odd places
        (replace(FORWARD, shape=(30, 40)),),
        (replace(FORWARD, kind="R2C"),),
        (replace(FORWARD, shape=()),),
        (FORWARD, FORWARD),  # of the real and of the imaginary part
    ],
)
def test_ways_that_need_more_than_a_transform_pass(ran: tuple[Operation, ...]) -> None:
    beside = (named("multiply__complex64_complex64"),)
    expect_untouched(Evidence(kernels=beside, operations=ran), 1200, "")


# -------------------------------------------------------------------- resident_pipeline


def case(rounds: int, dtype: str = "float32") -> pipeline.Case:
    a, b = np.ones((M, K), dtype), np.ones((K, K), dtype)
    return pipeline.Case("a case", a, b, rounds)


def products(*sizes: int, device: str = "simulator") -> Products:
    kernels = tuple(kernel("gemm", size) for size in sizes)
    return read_products(Evidence(kernels=kernels, recorded_on=device), M, K)


def judged(found: Products, rounds: int) -> Callable[[], None]:
    return lambda: pipeline.expect_products(found, case(rounds))


def test_products_in_blocks_and_products_on_cuda_pass() -> None:
    judged(products(*[M * K] * 5), 5)()
    judged(products(*[M * K // 2] * 10), 5)()  # in two blocks of rows
    judged(products(*[2 * M * K] * 5), 5)()  # more than needed
    # On CUDA a kernel's work items say nothing of the numbers it computes.
    judged(products(*[K] * 5, device="cuda"), 5)()
    judged(Products(count=5), 5)()


def test_missing_products_are_told_by_what_ran() -> None:
    assert "NumPy multiplies NumPy arrays" in told(judged(products(), 5))
    seen = told(judged(products(*[M * K] * 4), 5))
    assert "4 products ran on the GPU (a case" in seen
    assert "with NumPy on the CPU, or left out" in seen
    seen = told(judged(products(M * K, K * K, K * K, M * K), 5))
    assert "4 products ran on the GPU, 2 of them k x k" in seen
    assert "power of b" in seen
    seen = told(judged(products(*[K] * 5), 5))
    assert f"{5 * K:,} numbers in all" in seen
    assert f"Expected were {5 * M * K:,}" in seen


def test_copies_are_judged_where_the_result_is_the_gpus() -> None:
    def judge(found: Products, rounds: int) -> None:
        pipeline.expect_result_of_gpu(found, case(rounds))

    judge(products(*[M * K] * 5), 5)
    judge(products(M * K, K * K, M * K, K * K, K * K, M * K), 11)  # 1 + 2 + 8
    too_few = (products(*[M * K] * 4), products(*[K] * 5), products())
    for found in (*too_few, products(M * K, K * K), products(K * K, K * K, K * K)):
        with pytest.raises(NotRun) as caught:
            judge(found, 5)
        assert caught.value.reason is Reason.PREREQUISITE


def test_numbers_that_grow_too_large_are_told_from_unwritten_memory() -> None:
    broken = np.full((M, K), np.nan, np.float32)
    seen = told(lambda: pipeline.expect_no_overflow(broken, case(40)))
    assert "With 40 rounds" in seen
    assert "3.4e+38" in seen
    assert "before the next one" in seen
    # So few rounds outgrow nothing, and float64 takes three hundred.
    pipeline.expect_no_overflow(broken, case(11))
    pipeline.expect_no_overflow(broken.astype(float), case(40, "float64"))
    pipeline.expect_no_overflow(np.ones((M, K), np.float32), case(40))


def moved(direction: Direction, *sizes: int) -> Evidence:
    copies = [
        Copy(direction=direction, nbytes=size, start=at, seconds=1e-6)
        for at, size in enumerate(sizes)
    ]
    return Evidence(copies=tuple(copies))


def test_a_wider_dtype_is_told_from_a_second_copy() -> None:
    a, b = M * K * 4, K * K * 4

    def hint(evidence: Evidence, dtype: str = "float32") -> str:
        return pipeline.copies_hint(evidence, case(5, dtype))

    assert "x became float64" in hint(moved("device_to_host", 2 * a))
    assert "before they went up" in hint(moved("host_to_device", 2 * a, 2 * b))
    assert "in the loop" in hint(moved("device_to_host", a, a))
    assert "in the loop takes" in hint(moved("host_to_device", a, b, a, b))
    assert "in the loop takes" in hint(moved("device_to_host", 4 * a), "float64")


def test_pieces_and_single_numbers_are_told_from_copies_in_the_loop() -> None:
    def hint(*sizes: int) -> str:
        return pipeline.copies_hint(moved("device_to_host", *sizes), case(5))

    a = M * K * 4
    assert f"in {M} pieces" in hint(*[4 * K] * M)
    assert "Single numbers came down" in hint(*[4] * 5, a)
    assert "in the loop takes" in hint(*[4 * K] * 5, a)


def test_operands_that_went_up_for_nothing_are_told() -> None:
    def judge() -> None:
        pipeline.expect_products(products(), case(5), went_up=True)

    assert "how often does the loop run" in told(judge)


# ------------------------------------------------------------------------ transfer_cost

OWN = {
    "matmul_cpu_operands": 2e-3,
    "matmul_gpu_operands": 1e-3,
    "host_to_device": 9e-4,
    "device_to_host": 1e-4,
}


def test_a_cold_call_is_told_by_its_figure() -> None:
    def hint(**figures: float) -> str:
        return agreement.slow_hint({**OWN, **figures}, OWN, 3.0)

    assert hint() == ""
    assert hint(matmul_cpu_operands=5e-3) == ""
    assert hint(host_to_device=1e-6) == ""
    seen = hint(matmul_cpu_operands=6e-2)
    assert "matmul_cpu_operands is 30.0 times" in seen
    assert "first call is cold" in seen
    assert "milliseconds" in hint(device_to_host=0.1)


def test_pinned_copies_are_named() -> None:
    sizes = Sizes(a=1000, b=100, result=10)
    copy = {"nbytes": 1000, "start": 0.0, "seconds": 1e-6}
    up = Copy(direction="host_to_device", pinned=True, **copy)  # type: ignore[arg-type]
    seen = Evidence(copies=(up,))
    assert "page-locked" in transfers._pinned_hint(seen, sizes, "simulator")
    # There cupy.asarray itself goes through such memory.
    assert transfers._pinned_hint(seen, sizes, "cuda") == ""


def recipe(**counts: int) -> Recipe:
    usual = dict.fromkeys(Recipe.__dataclass_fields__, 12)
    clean = {"kept_operands": 0, "fed_from_host": 0, "sent_to_host": 0}
    return Recipe(**{**usual, **clean, **counts})


def test_copies_made_by_hand_are_told_from_a_gpu_product_that_is_fed() -> None:
    transfers._expect_own_copies(recipe(), 6)
    by_hand = recipe(cpu_products=0, gpu_products=24, fed_from_host=12, sent_to_host=12)
    seen = told(lambda: transfers._expect_own_copies(by_hand, 6))
    assert "ran 0 times; 12 products of arrays in GPU memory stand between" in seen
    assert "takes NumPy arrays" in seen
    fed = recipe(fed_from_host=12)
    transfers._expect_own_copies(fed, 6)
    seen = told(lambda: transfers._expect_resident_operands(fed, 6))
    assert "leave them there" in seen


def test_plans_are_told_from_products() -> None:
    sizes = Sizes(a=1000, b=100, result=10, extents=(4, 2, 3))
    plan = Operation(
        library="matmul", phase="plan", handle=1, shape=(4, 3, 2), operands="cuda"
    )
    others = (replace(plan, phase="execute"), replace(plan, operands="cpu"))
    plans = plans_on_gpu(Evidence(operations=(plan, *others, plan)), sizes)
    assert plans == 2
    transfers._expect_executed(recipe(), 12, 6)
    transfers._expect_executed(recipe(gpu_products=1), plans, 6)
    seen = told(lambda: transfers._expect_executed(recipe(gpu_products=1), 14, 6))
    assert "was planned 14 times and ran 1 time" in seen


def test_one_copy_in_place_of_two_is_told() -> None:
    agreement.expect_both_operands({**OWN, "host_to_device": 8e-4}, OWN, 1.5)
    less = {**OWN, "host_to_device": 4.8e-4}
    seen = told(lambda: agreement.expect_both_operands(less, OWN, 1.5))
    assert "host_to_device is 0.00048 s" in seen
    assert "both operands" in seen
    more = {**OWN, "device_to_host": 1.6e-4}
    seen = told(lambda: agreement.expect_both_operands(more, OWN, 1.5))
    assert "timed beside the copy" in seen
