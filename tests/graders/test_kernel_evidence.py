"""Which kernels count, and what a fused product must show, with names as on a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from graders.device_api.launches import numba_launches
from graders.harness.checks import (
    Observation,
    computing_kernels,
    device_copies,
    elementwise_kernels,
    expect_autotuned,
    expect_fused_matmul,
    expect_kernels_at_most,
    expect_no_device_copies,
    expect_no_elementwise,
    matmul_runs,
    operations_of,
    phases_of,
    product_kernels,
    transforms_begun,
    was_autotuned,
)
from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.device.kernel_names import kernel_kind
from graders.harness.errors import EnvironmentUnavailable, ExtraCopies, NotFused
from graders.kernel_fusion.gemm_forms import read_form
from graders.kernel_fusion.products import Extents
from graders.memory_spaces.products import products_on_gpu
from graders.memory_spaces.transforms import spaces_of
from graders.stateful_api.test_autotuned_matmul import execution_time

MATRIX = 200 * 311
LONGEST = 311
EPILOGS = ("RELU_BIAS", "RELU")
RUN = Operation(library="matmul", phase="execute", handle=0, kind="RELU_BIAS")

GEMM = (
    "sm90_xmma_gemm_f32f32_f32f32_f32_nn_n_tilesize128x128x8_execute_kernel__5x_cublas"
)
NVJET = "nvjet_sss_128x64_64x7_1x2_h_bz_splitK_TNT"
DGEMM = "void cutlass::Kernel2<cutlass_80_tensorop_d884gemm_64x64_16x4_nn_align1>"
SPLIT = "void cublasLt::splitKreduce_kernel<32, 16, int, float, float, float>"
EPILOG = "void cublasLt::epilogue::impl::globalKernel<8, 32, double, double, double>"
DOT_SUM = "void reduce_1Block_kernel<float, 128, 7, cublasGemvTensorStridedBatched>"


def kernel(name: str, elements: int = MATRIX, start: float = 1.0) -> Kernel:
    """A kernel as CUDA reports it: whole blocks, and what it read is not known."""
    blocks = -(-elements // 128)
    kind = kernel_kind(name)
    size = 128 * blocks
    return Kernel(name=name, kind=kind, start=start, seconds=1e-6, elements=size)


def ran(*names: str, operations: tuple[Operation, ...] = (RUN,)) -> Evidence:
    kernels = tuple(kernel(name, start=float(i)) for i, name in enumerate(names))
    return Evidence(kernels=kernels, operations=operations)


@pytest.mark.parametrize(
    "names",
    [
        (GEMM,),
        (DGEMM,),
        (NVJET, SPLIT),
        (DGEMM, EPILOG),
        (GEMM, DOT_SUM),
        (GEMM, "splitKreduce_kernel"),
        (GEMM, "_ZN8cublasLt19splitKreduce_kernelILi32ELi16EifffEEvv"),
        (GEMM, "_ZN8cublasLt8epilogue4impl12globalKernelILi8ELi32EEEvv"),
        (GEMM, "void scal_kernel<float, float, 1, true, 6, 5, 5, 3>"),
        ("simulated_gemm_float32_relu_bias",),
    ],
)
def test_what_a_library_adds_to_its_product_is_its_own_affair(
    names: tuple[str, ...],
) -> None:
    evidence = ran(*names)
    assert [k.name for k in product_kernels(evidence)] == [names[0]]
    assert not elementwise_kernels(evidence)
    expect_fused_matmul(evidence, epilogs=EPILOGS, beyond=LONGEST)
    expect_no_elementwise(evidence)
    expect_kernels_at_most(evidence, 1)


@pytest.mark.parametrize(
    "name",
    [
        "cupy_add__float32_float32_float32",
        "cupy_maximum__float32_float_float32",
        "cupy_clip__float32_float_float_float32",
        "relu",
        "cupy_getitem_mask",
        "cupy_max",
        "bias_relu_epilogue",
        "reduce_rows",
        "my_scal_kernel",
        "epilogue",
        "void bias_epilogue<float>",
        "_ZN6cudapy8__main__15reduce_epilogueB2v1E5ArrayIfLi2E1C7mutableE",
        "_ZN12fused_linear12splitkreduceB2v1B72cw51cXTLSUwv1sDUE",
    ],
)
def test_any_other_kernel_over_a_matrix_computes(name: str) -> None:
    with pytest.raises(NotFused, match=name.split("__")[0]):
        expect_fused_matmul(ran(GEMM, name), epilogs=EPILOGS, beyond=LONGEST)


@pytest.mark.parametrize("name", [SPLIT, EPILOG, DOT_SUM, "splitkreduce"])
def test_the_simulators_products_have_no_helpers(name: str) -> None:
    """A kernel that is called like one is a program's own."""
    found = replace(kernel(name, start=2.0), kind="elementwise")
    evidence = replace(
        ran(GEMM), kernels=(*ran(GEMM).kernels, found), recorded_on="simulator"
    )
    assert elementwise_kernels(evidence) == [found]
    with pytest.raises(NotFused, match="Expected"):
        expect_no_elementwise(evidence)


@pytest.mark.parametrize(
    ("name", "helps"),
    [
        ("cublasmemset", False),
        ("cublas_epilogue", False),
        ("cublaslt::own::epilogue", False),
        ("void cublasLt::cublasMemset<int>", True),
        ("_ZN8cublasLt12memsetKernelEv", True),
    ],
)
def test_a_part_of_cublas_is_named_as_one(name: str, helps: bool) -> None:
    """The word alone is anybody's: it follows a namespace, in full or mangled."""
    assert len(product_kernels(ran(GEMM, name))) == (1 if helps else 2)


def test_a_name_of_any_length_is_read_at_once() -> None:
    """A program may give its kernels any name."""
    started = time.process_time()
    for name in ("cublas1" * 9000, "cublas::" * 9000, "_zn8cublas" * 7000):
        assert elementwise_kernels(ran(GEMM, name)) is not None
    assert time.process_time() - started < 1.0


READERS: dict[str, Callable[[Evidence], object]] = {
    "computing_kernels": computing_kernels,
    "product_kernels": product_kernels,
    "elementwise_kernels": elementwise_kernels,
    "device_copies": device_copies,
    "matmul_runs": matmul_runs,
    "was_autotuned": was_autotuned,
    "transforms_begun": transforms_begun,
    "operations_of": lambda seen: operations_of(seen, "fft"),
    "phases_of": lambda seen: phases_of(seen, "solver"),
    "expect_kernels_at_most": lambda seen: expect_kernels_at_most(seen, 1),
    "expect_no_elementwise": expect_no_elementwise,
    "expect_no_device_copies": expect_no_device_copies,
    "expect_autotuned": expect_autotuned,
    "read_form": lambda seen: read_form(seen, Extents(2, 3, 4)),
    "spaces_of": spaces_of,
    "products_on_gpu": products_on_gpu,
    "execution_time": execution_time,
    "numba_launches": lambda seen: numba_launches(Observation(evidence=seen)),
}


@pytest.mark.parametrize("name", READERS)
def test_where_nothing_was_recorded_nothing_is_said(name: str) -> None:
    blind = Evidence(available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable, match="no CUPTI"):
        READERS[name](blind)


def test_small_kernels_prepare_parameters() -> None:
    small = kernel("cupy_multiply__float_float32_float32", LONGEST, 0.5)
    evidence = Evidence(kernels=(small, kernel(GEMM)), operations=(RUN,))
    expect_fused_matmul(evidence, epilogs=EPILOGS, beyond=LONGEST)
    with pytest.raises(NotFused, match="cupy_multiply over 384 elements"):
        expect_no_elementwise(evidence)


@pytest.mark.parametrize(
    ("names", "operations", "said"),
    [
        ((GEMM,), (), "ran no product"),
        ((), (RUN,), ""),
        ((GEMM,), (replace(RUN, kind="DEFAULT"),), "the epilog DEFAULT"),
        ((GEMM,), (replace(RUN, kind="GELU_BIAS"),), "the epilog GELU_BIAS"),
        ((GEMM, GEMM), (RUN, RUN), "ran 2 products"),
        ((GEMM, DGEMM), (RUN,), "2 kernels multiplied"),
        ((GEMM,), (replace(RUN, phase="plan"),), "ran no product"),
        ((GEMM,), (replace(RUN, library="fft"),), "ran no product"),
    ],
)
def test_products_are_counted(
    names: tuple[str, ...], operations: tuple[Operation, ...], said: str
) -> None:
    evidence = ran(*names, operations=operations)
    if not said:
        expect_fused_matmul(evidence, epilogs=EPILOGS)
        return
    with pytest.raises(NotFused, match=said):
        expect_fused_matmul(evidence, epilogs=EPILOGS)


def test_a_call_that_ran_nothing_is_asked_what_it_keeps() -> None:
    with pytest.raises(NotFused) as caught:
        expect_fused_matmul(ran(operations=()), epilogs=EPILOGS)
    assert "that of an earlier call" in caught.value.hint
    with pytest.raises(NotFused) as caught:
        expect_fused_matmul(ran(GEMM, operations=()), epilogs=EPILOGS)
    assert caught.value.hint == "Epilogs belong to nvmath.linalg.advanced."


def test_autotuning_runs_the_product_many_times() -> None:
    operations = (replace(RUN, phase="autotune"), RUN)
    evidence = ran(*[GEMM, NVJET, SPLIT] * 20, operations=operations)
    expect_fused_matmul(evidence, epilogs=EPILOGS, beyond=LONGEST)


def test_kernels_of_one_tile_share_a_product() -> None:
    """CuBLASLt on an H100: one product, two kernels that differ behind the tile."""
    tile = "sm80_xmma_gemm_f32f32_f32f32_f32_tt_n_tilesize32x32x8_"
    one = f"{tile}stage3_warpsize1x2x1_ffma_execute_kernel__5x_cublas"
    other = f"{tile}stage3_warpsize1x2x1_ffma_aligna4_execute_split_k_kernel__5x_cublas"
    expect_fused_matmul(ran(one, other), epilogs=EPILOGS)
    wider = other.replace("32x32x8", "128x32x8")
    with pytest.raises(NotFused, match="2 kernels multiplied"):
        expect_fused_matmul(ran(one, wider), epilogs=EPILOGS)


def test_a_product_before_nvmaths_is_another() -> None:
    """CuPy may well take the same kernel; nvmath's own begins after its call."""
    later = ran(GEMM, GEMM, operations=(replace(RUN, start=0.5),))
    with pytest.raises(NotFused, match="2 kernels multiplied"):
        expect_fused_matmul(replace(later, recorded_on="cuda"), epilogs=EPILOGS)
    earlier = ran(GEMM, GEMM, operations=(replace(RUN, start=-0.5),))
    expect_fused_matmul(replace(earlier, recorded_on="cuda"), epilogs=EPILOGS)


def test_several_runs_may_be_expected() -> None:
    evidence = ran(GEMM, GEMM, GEMM, operations=(RUN, RUN, RUN))
    expect_fused_matmul(evidence, epilogs=EPILOGS, runs=3)
    with pytest.raises(NotFused, match=r"3 products.*Expected were 2"):
        expect_fused_matmul(evidence, epilogs=EPILOGS, runs=2)


def test_kernels_are_counted_by_kind() -> None:
    evidence = ran(GEMM, "cupy_add__float32_float32_float32", "cupy_copy__float32")
    expect_kernels_at_most(evidence, 2)
    expect_kernels_at_most(evidence, 1, kinds={"copy"})
    with pytest.raises(NotFused, match=r"2 kernels ran for this: .*cupy_add"):
        expect_kernels_at_most(evidence, 1, where="this")


def copied(nbytes: int, direction: str = "device_to_device") -> Copy:
    return Copy(
        direction=direction,  # type: ignore[arg-type]
        nbytes=nbytes,
        start=0.0,
        seconds=1e-6,
    )


def test_copies_of_matrices_are_told_from_those_of_parameters() -> None:
    free = Evidence(
        kernels=(kernel(GEMM), kernel("cupy_copy__float32_float32", LONGEST)),
        copies=(copied(4 * LONGEST), copied(4 * MATRIX, "host_to_device")),
    )
    assert not device_copies(free, beyond=LONGEST)
    expect_no_device_copies(free, beyond=LONGEST)
    for extra in (
        Evidence(kernels=(kernel("cupy_copy__float32_float32"),)),
        Evidence(kernels=(kernel("cupy_concatenate_same_size"),)),
        Evidence(copies=(copied(4 * MATRIX),)),
    ):
        with pytest.raises(ExtraCopies, match=r"62,2|248,800 bytes"):
            expect_no_device_copies(extra, beyond=LONGEST, where="this")
