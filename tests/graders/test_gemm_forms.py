"""Which form of alpha A B + beta C the kernels of a call show, with sizes as on a GPU."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import ArrayValue, Observation
from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.device.kernel_names import kernel_kind
from graders.harness.errors import (
    ExtraCopies,
    NotFused,
    WrongMemorySpace,
    WrongValue,
)
from graders.kernel_fusion.flops import explanation, formula, same_convention
from graders.kernel_fusion.gemm_forms import (
    expect_fused_form,
    expect_matmul_form,
    expect_operator_form,
)
from graders.kernel_fusion.products import Extents, expect_on_gpu, expect_product

GEMM = "void cutlass::Kernel2<cutlass_80_simt_sgemm_256x128_8x4_nn_align1>"
MULTIPLY = "cupy_multiply__float_float32_float32"
ADD = "cupy_add__float32_float32_float32"
FUSED_BY_CUPY = "scaled_sum"
CASES = [Extents(1501, 15, 155), Extents(1501, 155, 15)]
# One product in two parts, as cuBLASLt may divide it.
PARTS = [
    f"sm80_xmma_gemm_f32f32_f32f32_f32_tt_n_tilesize32x32x8_stage3_{name}"
    for name in ("ffma_execute_kernel_cublas", "aligna4_split_k_kernel_cublas")
]
Step = tuple[str, str]

OPERATOR = [(MULTIPLY, "a"), (GEMM, "c"), (MULTIPLY, "c"), (ADD, "c")]
MATMUL = [(GEMM, "c"), (MULTIPLY, "c"), (MULTIPLY, "c"), (ADD, "c")]


def evidence(extents: Extents, steps: list[Step], block: int = 128) -> Evidence:
    """What CUDA reports: launches of whole blocks, one after the other."""
    sizes = {
        "a": extents.m * extents.k,
        "b": extents.k * extents.n,
        "c": extents.m * extents.n,
        "half c": extents.m * extents.n // 2 - 1,
        "1": 1,
    }
    sizes["all"] = 8 * max(sizes.values())
    return Evidence(
        kernels=tuple(
            Kernel(
                name=name,
                kind=kernel_kind(name),
                start=float(i),
                seconds=1e-6,
                elements=-(-sizes[what] // block) * block,
            )
            for i, (name, what) in enumerate(steps)
        )
    )


@pytest.mark.parametrize("extents", CASES)
@pytest.mark.parametrize("block", [1, 128, 1024])
@pytest.mark.parametrize(
    "steps",
    [
        OPERATOR,
        [(MULTIPLY, "c"), *OPERATOR[:2], (ADD, "c")],  # beta C first
        [(MULTIPLY, "a"), (GEMM, "c"), (FUSED_BY_CUPY, "c")],
        [(FUSED_BY_CUPY, "a"), (GEMM, "c"), (ADD, "c")],  # beta is 1
        [("cupy_negative__float32_float32", "1"), *OPERATOR],
        [("cupy_copy__float32_float32", "a"), *OPERATOR],
        [OPERATOR[0], (PARTS[0], "c"), (PARTS[1], "c"), *OPERATOR[2:]],
        [("cudapy::gemm_fusion::scale(float)", "a"), *OPERATOR[1:]],
    ],
)
def test_the_operator_form_is_known(
    extents: Extents, steps: list[Step], block: int
) -> None:
    expect_operator_form(evidence(extents, steps, block), extents, "")
    if steps[0][0] != MULTIPLY or steps[0][1] != "c":
        with pytest.raises(WrongValue):
            expect_matmul_form(evidence(extents, steps, block), extents, "")
    with pytest.raises(NotFused):
        expect_fused_form(evidence(extents, steps, block), extents, "")


@pytest.mark.parametrize("extents", CASES)
@pytest.mark.parametrize("block", [1, 128, 1024])
@pytest.mark.parametrize(
    "steps",
    [
        MATMUL,
        [(MULTIPLY, "c"), (GEMM, "c"), (MULTIPLY, "c"), (ADD, "c")],
        [(GEMM, "c"), (FUSED_BY_CUPY, "c")],
        [(GEMM, "c"), (MULTIPLY, "c"), (FUSED_BY_CUPY, "c")],
        [("cupy_negative__float32_float32", "1"), *MATMUL],
        [*MATMUL[:2], ("cupy_negative__float32_float32", "1"), *MATMUL[2:]],
    ],
)
def test_the_matmul_form_is_known(
    extents: Extents, steps: list[Step], block: int
) -> None:
    expect_matmul_form(evidence(extents, steps, block), extents, "")
    with pytest.raises(WrongValue, match="no kernel scaled A"):
        expect_operator_form(evidence(extents, steps, block), extents, "")
    with pytest.raises(NotFused, match="over entries of a matrix"):
        expect_fused_form(evidence(extents, steps, block), extents, "")


@pytest.mark.parametrize("extents", CASES)
@pytest.mark.parametrize("block", [1, 128, 1024])
@pytest.mark.parametrize(
    "steps",
    [
        [(MULTIPLY, "a"), (GEMM, "c")],
        [(MULTIPLY, "b"), (GEMM, "c")],
        [(MULTIPLY, "c"), (GEMM, "c")],
        [(MULTIPLY, "all"), (GEMM, "c")],  # all operands in one buffer
        [(GEMM, "c"), (ADD, "all")],
        [(GEMM, "c"), (ADD, "a")],
        [(GEMM, "c"), (MULTIPLY, "half c"), (MULTIPLY, "half c")],
    ],
)
def test_what_computes_beside_the_fused_form_is_seen(
    extents: Extents, steps: list[Step], block: int
) -> None:
    with pytest.raises(NotFused, match="over entries of a matrix"):
        expect_fused_form(evidence(extents, steps, block), extents, "")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ([(MULTIPLY, "a"), (GEMM, "c")], "cupy_multiply over A's entries."),
        ([(MULTIPLY, "b"), (GEMM, "c")], "cupy_multiply over B's entries."),
        ([(MULTIPLY, "c"), (GEMM, "c")], "cupy_multiply over the result's entries."),
        ([(GEMM, "c"), (ADD, "c")], "cupy_add over the result's entries."),
    ],
)
def test_of_similar_matrices_the_nearest_is_named(step: list[Step], said: str) -> None:
    """No size is twice another here."""
    extents = Extents(128, 64, 96)
    with pytest.raises(NotFused) as caught:
        expect_fused_form(evidence(extents, step), extents, "")
    assert caught.value.message.endswith(f"1 product; {said}")


@pytest.mark.parametrize("extents", CASES)
@pytest.mark.parametrize(
    "steps",
    [
        [(GEMM, "c")],
        [(GEMM, "c"), (MULTIPLY, "1")],
        [(GEMM, "c"), ("void cublasLt::splitKreduce_kernel<32, 16>", "c")],
        [("cupy_copy__float32_float32", "c"), (GEMM, "c")],
        [(MULTIPLY, "1"), (GEMM, "c")],
    ],
)
def test_the_fused_form_is_known(extents: Extents, steps: list[Step]) -> None:
    expect_fused_form(evidence(extents, steps), extents, "")
    for expect in (expect_operator_form, expect_matmul_form):
        with pytest.raises(WrongValue):
            expect(evidence(extents, steps), extents, "")


def executed(extents: Extents, *rows: int) -> tuple[Operation, ...]:
    """What nvmath logs of products with so many rows."""
    return tuple(
        Operation(
            library="matmul",
            phase="execute",
            handle=0,
            shape=(m, extents.n, extents.k),
        )
        for m in rows
    )


@pytest.mark.parametrize("device", ["simulator", "cuda"])
@pytest.mark.parametrize("extents", CASES)
def test_a_second_whole_product_is_not_fused(extents: Extents, device: str) -> None:
    m, gemm = extents.m, [(GEMM, "c")]
    twice = replace(
        evidence(extents, 2 * gemm, 1),
        operations=executed(extents, m, m),
        recorded_on=device,
    )
    with pytest.raises(NotFused, match="2 products of all entries"):
        expect_fused_form(twice, extents, "")
    halves = evidence(extents, 2 * [(GEMM, "half c")], 1)
    rows = executed(extents, m // 2, m - m // 2)
    in_parts = replace(halves, operations=rows, recorded_on=device)
    expect_fused_form(in_parts, extents, "")
    # A library may take several launches, and tuning tries some.
    tuned = Operation(library="matmul", phase="autotune", handle=0)
    trials = replace(twice, operations=(tuned, *executed(extents, m)))
    expect_fused_form(trials, extents, "")


@pytest.mark.parametrize("extents", CASES)
def test_products_of_cupys_count_where_their_size_is_known(extents: Extents) -> None:
    seen = replace(
        evidence(extents, 2 * [(GEMM, "c")], 1), operations=executed(extents, extents.m)
    )
    with pytest.raises(NotFused, match="2 products of all entries"):
        expect_fused_form(replace(seen, recorded_on="simulator"), extents, "")
    expect_fused_form(replace(seen, recorded_on="cuda"), extents, "")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([(MULTIPLY, "b"), *MATMUL[:1], *MATMUL[2:]], "no kernel scaled A"),
        ([(MULTIPLY, "a"), (GEMM, "c")], "added beta C"),
        ([(MULTIPLY, "a"), (ADD, "c")], "0 kernels multiplied"),
        ([(MULTIPLY, "a"), (GEMM, "c"), (GEMM, "c"), (ADD, "c")], "2 kernels"),
    ],
)
def test_other_operator_forms_are_named(steps: list[Step], said: str) -> None:
    for extents in CASES:
        with pytest.raises(WrongValue, match=said):
            expect_operator_form(evidence(extents, steps), extents, "")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([(MULTIPLY, "b"), *MATMUL], "worked on B"),
        (OPERATOR, "worked on A"),
        ([(GEMM, "c"), (MULTIPLY, "c"), (ADD, "c")], "do not scale both"),
        ([(GEMM, "c")], "do not scale both"),
    ],
)
def test_other_matmul_forms_are_named(steps: list[Step], said: str) -> None:
    for extents in CASES:
        with pytest.raises(WrongValue, match=said):
            expect_matmul_form(evidence(extents, steps), extents, "")


SHAPES = [(3, 5, 11), (7, 2, 1), (119, 4000, 815), (13, 13, 13)]


def test_right_counts_follow_one_convention() -> None:
    exact = {x: x[0] * x[1] * (2 * x[2] - 1) for x in SHAPES}
    usual = {x: 2 * x[0] * x[1] * x[2] for x in SHAPES}
    for first, second in itertools.product((exact, usual), repeat=2):
        counts = {
            "operator": {
                (m, n, k): first[m, n, k] + m * k + 2 * m * n for m, n, k in SHAPES
            },
            "matmul": {(m, n, k): second[m, n, k] + 3 * m * n for m, n, k in SHAPES},
        }
        assert same_convention(counts) == (first is second)


def test_counts_are_explained() -> None:
    product = {x: 2 * x[0] * x[1] * x[2] for x in SHAPES}
    found = formula("operator", product)
    assert found == ("2 m n k", "nothing for alpha", "nothing for beta and the sum")
    text = explanation("operator", product)
    assert "which matrix does alpha multiply" in text
    assert "how many the sum" in text
    assert "step by step" in explanation("matmul", {x: 17 for x in SHAPES})


def observed(
    array: npt.NDArray[Any], *copies: Copy, space: str = "cuda"
) -> Observation:
    value = ArrayValue(array, space, array.strides, "cupy.ndarray")
    return Observation(value=value, evidence=Evidence(copies=copies))


@pytest.mark.parametrize(
    ("dtype", "noise", "said"),
    [
        ("float32", 2e-4, "TF32"),
        ("float32", 3e-3, "TF32"),
        ("float64", 7e-8, "single precision"),
        ("float64", 2e-4, "TF32"),
    ],
)
def test_coarse_arithmetic_is_recognised(dtype: str, noise: float, said: str) -> None:
    rng = np.random.default_rng(5)
    right = np.maximum(rng.standard_normal((40, 50)), 0)
    off = right * (1 + noise * rng.standard_normal(right.shape))
    limits = {"float32": 5e-6, "float64": 1e-12}
    with pytest.raises(WrongValue) as caught:
        expect_product(
            observed(off.astype(dtype)),
            right,
            dtype=dtype,
            limits=limits,
            where="a case",
            mistakes={},
        )
    assert said in caught.value.hint


def test_a_known_mistake_is_named_before_precision() -> None:
    """A function that comes close to the right one is no matter of rounding."""
    rng = np.random.default_rng(5)
    right = np.maximum(rng.standard_normal((40, 50)), 0)
    near = right * (1 + 3e-3 * rng.standard_normal(right.shape))
    with pytest.raises(WrongValue) as caught:
        expect_product(
            observed(near),
            right,
            dtype="float64",
            limits={"float64": 1e-12},
            where="a case",
            mistakes={"This is a GELU.": lambda: near},
        )
    assert caught.value.hint == "This is a GELU."


def test_one_wrong_entry_is_no_matter_of_precision() -> None:
    right = np.random.default_rng(5).standard_normal((40, 50))
    off = right.copy()
    off[-1, -1] += 1e-3
    with pytest.raises(WrongValue) as caught:
        expect_product(
            observed(off),
            right,
            dtype="float64",
            limits={"float64": 1e-12},
            where="a case",
            mistakes={},
        )
    assert "precision" not in caught.value.hint


def test_single_numbers_may_be_read_back() -> None:
    result = np.zeros((4, 5), np.float32)
    down = Copy(direction="device_to_host", nbytes=8, start=0.0, seconds=1e-6)
    up = Copy(direction="host_to_device", nbytes=8000, start=0.0, seconds=1e-6)
    expect_on_gpu(observed(result, down, up), where="a case")
    bias = Copy(direction="device_to_host", nbytes=132, start=0.0, seconds=1e-6)
    with pytest.raises(ExtraCopies, match="132 bytes"):
        expect_on_gpu(observed(result, bias), where="a case")
    value = ArrayValue(result, "cpu", result.strides, "numpy.ndarray")
    on_host = Observation(value=value, evidence=Evidence())
    with pytest.raises(WrongMemorySpace, match="numpy"):
        expect_on_gpu(on_host, where="a case")


def test_kernels_on_scratch_are_no_part_of_a_form() -> None:
    """Where it is known that they read nothing made of the operands (in the simulator)."""
    seen = evidence(CASES[0], OPERATOR)
    idle = tuple(replace(kernel, reads_operand=False) for kernel in seen.kernels)
    read = tuple(replace(kernel, reads_operand=True) for kernel in seen.kernels)
    expect_operator_form(replace(seen, kernels=read), CASES[0], "here")
    with pytest.raises(WrongValue, match="no kernel scaled A's"):
        expect_operator_form(replace(seen, kernels=idle), CASES[0], "here")
