"""Copies of the tutorial's chapter 9.2 are graded for ``matmul_validation``."""

from __future__ import annotations

import time

import numpy as np
import pytest

from graders.harness.models import ExerciseResult
from graders.kernel_fusion.printed_arrays import read_arrays
from graders.kernel_fusion.printed_cases import Place, find_cases
from tests.graders.tutorial_grading import failures, grade, told
from tests.graders.tutorial_notebooks import fusion

OPERANDS = """
P = cp.array([[1.0, 2.0, -1.0], [0.0, -3.0, 2.0]])
Q = cp.array([[1.0, 0.0, 2.0, -1.0], [3.0, 1.0, 0.0, 2.0], [0.0, 4.0, 1.0, 1.0]])
v = cp.array([1.0, -2.0])
"""
SQUARE = """
P = cp.array([[1.0, 2.0, -1.0], [0.0, -3.0, 2.0]])
Q = cp.array([[1.0, 0.0], [3.0, 1.0], [0.0, 4.0]])
v = cp.array([1.0, -2.0])
"""
STEPS = """
step1 = cp.matmul(P, Q)
step2 = step1 + v.reshape(-1, 1)
step3 = relu(step2)
"""
PRINTED = """
for name, x in dict(P=P, Q=Q, v=v, product=step1, biased=step2, clipped=step3).items():
    print(f"{name}:\\n{x}")
"""
FUSED = """
epilog = nvmath.linalg.advanced.MatmulEpilog.RELU_BIAS
fused = nvmath.linalg.advanced.matmul(P, Q, epilog=epilog, epilog_inputs={"bias": v})
"""
FILLED = OPERANDS + STEPS + PRINTED
SHOWN = "print(fused)\n"
ROWS = """
for x in (P, Q, step1, step2, step3):
    for row in x:
        print("|", *(f"{e:.2f}" for e in row.tolist()), "|")
    print("-" * 20)
print(repr(v))
"""
RIGHT = {
    "printed": ([FILLED], [f"{FUSED}{SHOWN}print(cp.allclose(fused, step3))"]),
    "shown_by_the_cells": (
        [f"{OPERANDS}P", "Q", "v", f"{STEPS}step1", "step2", "step3"],
        [f"{FUSED}fused"],
    ),
    "lists_and_assertion": (
        [OPERANDS + STEPS + "print(*(x.tolist() for x in (P, Q, v, step1, step2, step3)))"],
        [f"{FUSED}cp.testing.assert_allclose(fused, step3)\nprint('the same')"],
    ),
    "rows_without_brackets": ([OPERANDS + STEPS + ROWS], [f"{FUSED}fused.tolist()"]),
    "operands_only_in_the_source": (
        [OPERANDS + STEPS + "print(step1, step2, step3, sep='\\n')"],
        [f"{FUSED}print(fused == step3)"],
    ),
    "kept_and_not_printed": (
        [FILLED], [f"{FUSED}print('off by', float(cp.abs(fused - step3).max()))"],
    ),
}  # fmt: skip
EVERY = ("case_consistent", "case_covers", "fused_agrees")
WRONG = {
    "unfilled": ([], [], dict.fromkeys(EVERY, "unimplemented")),
    "first_half": ([FILLED], [], {"fused_agrees": "unimplemented"}),
    "square": (
        [SQUARE + STEPS + PRINTED], [FUSED + SHOWN], {"case_covers": "wrong_value"},
    ),
    "nothing_clipped": (
        [FILLED.replace("-", "").replace("reshape(1,", "reshape(-1,")], [FUSED + SHOWN],
        {"case_covers": "wrong_value"},
    ),
    "all_clipped": (
        [FILLED.replace("[1.0, -2.0]", "[-99.0, -99.0]")], [FUSED + SHOWN],
        {"case_covers": "wrong_value"},
    ),
    "one_step_not_printed": (
        [FILLED.replace("biased=step2, ", "")], [FUSED + SHOWN],
        {"case_consistent": "wrong_value"},
    ),
    "relu_before_the_bias": (
        [FILLED.replace("step1 + v", "relu(step1) + v")], [FUSED + SHOWN],
        {"case_consistent": "wrong_value"},
    ),
    "a_digit_of_the_product": (
        [FILLED.replace("product=step1", "product='[[7 -2 1 2] [-9 5 2 -3]]'")],
        [FUSED + SHOWN], {"case_consistent": "wrong_value"},
    ),
    "fused_with_the_large_matrices": (
        [FILLED], [FUSED.replace("P, Q", "A, B").replace(": v", ": b") + "fused.shape"],
        {"fused_agrees": "unimplemented"},
    ),
    "epilog_without_relu": (
        [FILLED], [FUSED.replace("RELU_BIAS", "BIAS") + SHOWN],
        {"fused_agrees": "not_fused"},
    ),
    "fused_with_another_bias": (
        [FILLED], [FUSED.replace('"bias": v', '"bias": 2 * v') + SHOWN],
        {"fused_agrees": "wrong_value"},
    ),
    "compared_and_not_equal": (
        [FILLED],
        [FUSED.replace('"bias": v', '"bias": -v') + "print(cp.allclose(fused, step3))"],
        {"fused_agrees": "wrong_value"},
    ),
    "fused_and_not_looked_at": (
        [FILLED], [FUSED.replace("fused =", "_ =")], {"fused_agrees": "wrong_value"},
    ),
    "whole_numbers_do_not_fuse": (
        [FILLED.replace(".0", "")], [FUSED + SHOWN], {"fused_agrees": "crashed"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExerciseResult]:
    notebooks = {name: fusion(*cells) for name, cells in RIGHT.items()}
    notebooks |= {name: fusion(one, two) for name, (one, two, _) in WRONG.items()}
    name = "kernel_fusion/matmul_validation"
    return grade(tmp_path_factory.mktemp("n"), name, notebooks)


@pytest.mark.parametrize("name", RIGHT)
def test_right_notebooks_earn_all(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    found = results[name]
    assert failures(found) == {}, told(found)
    assert found.score == found.max_score == 10


@pytest.mark.parametrize("name", WRONG)
def test_wrong_notebooks_fail_where_they_are_wrong(
    name: str, results: dict[str, ExerciseResult]
) -> None:
    assert failures(results[name]) == WRONG[name][2], told(results[name])


def test_what_is_not_filled_in_is_named_with_its_cell(
    results: dict[str, ExerciseResult],
) -> None:
    assert "The first TODO, below code cell 1, is not done" in told(results["unfilled"])
    second = "The second TODO, below code cell 3, is not done"
    assert second in told(results["first_half"])


MATRIX = np.array([[1.5, -2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "text",
    [
        str(MATRIX),
        repr(MATRIX),
        f"A = {MATRIX.tolist()}, done",
        repr([[*row] for row in MATRIX]),
        "\n".join(f"row {i}: {row}" for i, row in enumerate(MATRIX)),
        "\n".join(" ".join(f"{x:8.3f}" for x in row) for row in MATRIX),
        "\n".join("| " + " | ".join(str(x) for x in row) + " |" for row in MATRIX),
        repr(MATRIX.astype(np.float32)),
    ],
)
def test_matrices_are_read_in_any_style(text: str) -> None:
    found = [array.values for array in read_arrays(text)]
    assert any(np.array_equal(values, MATRIX) for values in found), found


@pytest.mark.parametrize(
    "text",
    [
        "shape: (2000, 1000)", "<CUDA Device 0>", "[[1 2 ... 3]]", "[[1, 2], [3]]", "[",
        "[" * 100_000, "[1, 2" * 10_000, "[[[1, 2], [3, 4]]]", "[a, 2]",
    ],
)  # fmt: skip
def test_what_is_no_whole_matrix_is_passed_over(text: str) -> None:
    assert not any(array.values.ndim > 1 for array in read_arrays(text))


@pytest.mark.parametrize(
    "text",
    [
        "9" * 190_000, f"array({'9' * 190_000}", f"[{'9' * 190_000}", "1e" * 90_000,
        f"[1e{'9' * 5000}]", "1 " * 90_000, "[1,\n" * 40_000, "| " * 90_000,
        "[1]\n" * 40_000,
    ],
)  # fmt: skip
def test_a_strangers_text_is_read_in_no_time(text: str) -> None:
    started = time.process_time()
    read_arrays(text)
    assert time.process_time() - started < 2.0


def printed(*arrays: np.ndarray) -> list[Place]:
    text = "\n".join(np.array2string(x, precision=4) for x in arrays)
    return [Place(array, 1) for array in read_arrays(text)]


def test_rounded_prints_are_consistent_and_wrong_digits_are_not() -> None:
    rng = np.random.default_rng(1)
    a, b, bias = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=2)
    product = a @ b
    biased = product + bias[:, None]
    steps = [product, biased, np.maximum(biased, 0)]
    assert find_cases(printed(a, b, bias, *steps), [])[0].missing == []
    steps[0] = product + 0.01
    assert find_cases(printed(a, b, bias, *steps), [])[0].missing == ["product"]


def test_a_power_of_ten_is_as_exact_as_it_looks() -> None:
    """NumPy leaves zeros out; "1e0" is no number between a half and one and a half."""
    (array,) = read_arrays("[[1e0, -2.5e3], [1.e+00, 3e-2]]")
    assert array.resolution == pytest.approx(5.0)  # half of the last digit of -2.50e3
    (array,) = read_arrays("[[1e0, -2e0]]")
    assert array.resolution == pytest.approx(0.005)


def test_numbers_that_overflow_agree_with_nothing() -> None:
    """Where the allowance is infinite there is no case."""
    a, b = np.full((2, 3), 1e300), np.full((3, 4), -1e300)
    steps = [np.full((2, 4), x) for x in (1.5, 2.5, 0.0)]
    assert find_cases(printed(a, b, np.ones(2), *steps), []) == []
