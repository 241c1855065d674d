"""The checks of ``gemm_fusion``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import (
    Learner,
    Observation,
    agreeing,
    describe,
    expect_faster,
    expect_number,
    expect_own_memory,
    expect_unchanged,
    gpu,
)
from graders.harness.checks.kernels import LARGEST_BLOCK
from graders.harness.errors import WrongDtype, WrongValue
from graders.kernel_fusion.flops import explanation, same_convention
from graders.kernel_fusion.gemm_forms import (
    expect_fused_form,
    expect_matmul_form,
    expect_operator_form,
)
from graders.kernel_fusion.products import (
    Extents,
    drawn,
    expect_on_gpu,
    expect_product,
    nearly_alike,
)

Array = npt.NDArray[Any]
Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]

FORMS = ("gemm_operator", "gemm_matmul", "gemm_fused")
COUNTED = ("operator", "matmul")
# Rows of the cases whose kernels are read: A, B and the result differ tenfold in size.
_ROWS = 1501
# Twice a block of threads: what prepares parameters fills one at most.
_LARGE = 2 * LARGEST_BLOCK


@dataclass(frozen=True)
class Case:
    """
    One set of arguments.

    Attributes:
        extents: Of the product.

        dtype: Of all matrices.

        a: The first operand.

        b: The second operand.

        c: The matrix that is added.

        alpha: The factor of the product.

        beta: The factor of ``c``.
    """

    extents: Extents
    dtype: str
    a: Array
    b: Array
    c: Array
    alpha: float
    beta: float

    @property
    def where(self) -> str:
        """The case in the words of a message."""
        factors = f"alpha {self.alpha:.3g}, beta {self.beta:.3g}"
        return f"{self.extents}, {self.dtype}, {factors}"

    @property
    def is_telling(self) -> bool:
        """Whether the sizes of kernels tell what they work on."""
        return self.extents.m == _ROWS

    @property
    def is_large(self) -> bool:
        """Whether kernels over any of the matrices are larger than those of parameters."""
        return all(x.size > _LARGE for x in (self.a, self.b, self.c))


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """Return the arguments, drawn once: calls with equal arguments are made once."""
    rng = draw("operands")
    p, q, r, s = (int(x) for x in rng.permutation([17, 26, 33, 40]))
    few, more = 15, int(rng.integers(150, 160))
    alpha, beta = (float(x) for x in rng.uniform([1.3, 0.3], [1.8, 0.8]))
    first = (p, q, r)
    wanted: list[tuple[tuple[int, int, int], str, float, float]] = [
        (first, "float32", alpha, beta),
        (first, "float32", -beta, alpha),
        (first, "float32", alpha, 0.0),
        (first, "float32", 0.0, -alpha),
        (first, "float32", 1.0, 1.0),
        # The same factors again, with other matrices, in old arrays and in new ones: each
        # of the three arrays is a new one in one of four calls at least.
        (first, "float32", 1.0, 1.0),
        (first, "float32", 1.0, 1.0),
        (first, "float32", 1.0, 1.0),
        (first, "float32", 1.0, 1.0),
        (first, "float32", 1.0, -beta),
        # Nothing of the product, and here all of C or nothing: still an array of its own.
        (first, "float32", 0.0, 1.0),
        (first, "float32", 0.0, 0.0),
        *((extents, "float32", alpha, -beta) for extents in nearly_alike(p, q, r, s)),
        ((r, q, p), "float32", -alpha, 1.0),
        ((s, s, s), "float32", beta, -alpha),
        ((1, r, s), "float32", alpha, -beta),
        ((s, r, 1), "float32", beta, alpha),
        ((q, 1, r), "float32", -alpha, beta),
        # Aligned as tensor cores like it: here coarse arithmetic is sure to be taken.
        ((128, 64, 96), "float32", alpha, beta),
        # Large enough to look at the kernels where a factor leaves less to do.
        ((96, 64, 128), "float32", alpha, 0.0),
        ((96, 128, 64), "float32", 1.0, 1.0),
        ((64, 96, 128), "float32", 0.0, -beta),
        # Wide, and just large enough that a kernel over it is none of parameters.
        ((49, 66, 57), "float32", -alpha, 1.0),
        ((_ROWS, few, more), "float32", -alpha, beta),
        ((_ROWS, more, few), "float32", alpha, -beta),
        (first, "float64", beta, -alpha),
        ((q, r, p), "float64", -alpha, beta),
        ((_ROWS, few, more), "float64", alpha, beta),
    ]
    return [
        _case(rng, Extents(*x), dtype, alpha, beta) for x, dtype, alpha, beta in wanted
    ]


def _case(
    rng: np.random.Generator, extents: Extents, dtype: str, alpha: float, beta: float
) -> Case:
    a, b = drawn(rng, extents.a, dtype), drawn(rng, extents.b, dtype)
    # As large as the product is: then neither of the two hides the other.
    c = drawn(rng, extents.result, dtype) * np.sqrt(extents.k).astype(dtype)
    return Case(extents, dtype, a, b, c, alpha, beta)


def test_operator_values(
    learner: Learner, cases: list[Case], oracles: ModuleType, limits: Limits
) -> None:
    """The operator form gives alpha A B + beta C, to the operands' precision."""
    _expect_values(learner, "gemm_operator", cases, oracles, limits)


def test_matmul_values(
    learner: Learner, cases: list[Case], oracles: ModuleType, limits: Limits
) -> None:
    """The matmul form gives alpha A B + beta C, to the operands' precision."""
    _expect_values(learner, "gemm_matmul", cases, oracles, limits)


def test_fused_values(
    learner: Learner, cases: list[Case], oracles: ModuleType, limits: Limits
) -> None:
    """The fused form gives alpha A B + beta C, to the operands' precision."""
    _expect_values(learner, "gemm_fused", cases, oracles, limits)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """All three forms keep operands and result on the GPU."""
    for function in FORMS:
        for case in cases:
            expect_on_gpu(
                _gemm(learner, function, case),
                where=case.where,
                name=f"the result of {function}",
            )


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The operands are the same after each call as before, and none is the result."""
    names = ["a", "b", "c"]
    for function in FORMS:
        for case in cases:
            observation = _gemm(learner, function, case)
            expect_unchanged(observation, names=names)
            expect_own_memory(observation, names, where=f"{function}, {case.where}")


def test_operator_form(learner: Learner, cases: list[Case]) -> None:
    """The operator form scales A before the product."""
    for case in (case for case in cases if case.is_telling):
        evidence = _gemm(learner, "gemm_operator", case).evidence
        expect_operator_form(evidence, case.extents, case.where)


def test_matmul_form(learner: Learner, cases: list[Case]) -> None:
    """The matmul form scales the product, after it was computed."""
    for case in (case for case in cases if case.is_telling):
        evidence = _gemm(learner, "gemm_matmul", case).evidence
        expect_matmul_form(evidence, case.extents, case.where)


def test_fused_form(learner: Learner, cases: list[Case]) -> None:
    """The fused form computes all three terms in the product's kernel."""
    for case in (case for case in cases if case.is_large):
        evidence = _gemm(learner, "gemm_fused", case).evidence
        expect_fused_form(evidence, case.extents, case.where)


def test_flops(learner: Learner, draw: Draw, oracles: ModuleType) -> None:
    """Every operation of both unfused forms is counted."""
    seen: dict[str, dict[tuple[int, int, int], int]] = {form: {} for form in COUNTED}
    extents = _counted_extents(draw("counts"))
    for m, n, k in extents:
        counts = _counts(learner, m, n, k)
        for form in COUNTED:
            seen[form][m, n, k] = counts[form]
    for form in COUNTED:
        for m, n, k in extents:
            exact, usual = oracles.gemm_flops(m, n, k)[form]
            count = seen[form][m, n, k]
            if count not in (exact, usual):
                msg = (
                    f"The {form} form takes {count:,} operations by gemm_flops({m}, "
                    f"{n}, {k}). Expected were {exact:,}, or {usual:,} if a sum of k "
                    "products counts as 2k."
                )
                raise WrongValue(msg, hint=explanation(form, seen[form]))
    if not same_convention(seen):
        m, n, k = extents[0]
        msg = (
            f"gemm_flops({m}, {n}, {k}) says {seen['operator'][m, n, k]:,} operations "
            f"for the operator form and {seen['matmul'][m, n, k]:,} for the matmul "
            "form. Both fit only if the product counts as m n (2k - 1) in one of them "
            "and as 2 m n k in the other. Expected was one of the two in both."
        )
        hint = (
            "The product is the same in both forms. Or is a step missing, such as the "
            "m n multiplications by alpha?"
        )
        raise WrongValue(msg, hint=hint)


def test_faster(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Limits,
    note: Callable[[str, Any], None],
) -> None:
    """The fused form is faster than either of the others, on long, narrow matrices."""
    rng = draw("speed")
    extents = Extents(
        int(limits["speed_m"]), int(limits["speed_k"]), int(limits["speed_n"])
    )
    a, b, c = (
        rng.random(shape, dtype=np.float32)
        for shape in (extents.a, extents.b, extents.result)
    )
    for form in ("gemm_operator", "gemm_matmul"):
        expect_faster(
            learner,
            baseline,
            "gemm_fused",
            (gpu(a), gpu(b), gpu(c), 1.5, -0.5),
            threshold=limits["speedup"],
            rng=rng,
            note=note,
            key=f"ratio_{form}",
            other_name=f"{form}, written in CuPy",
            baseline_function=form,
            verify=agreeing(2 * limits["float32"]),  # each may be off by as much
        )


def _gemm(learner: Learner, function: str, case: Case) -> Observation:
    operands = (gpu(case.a), gpu(case.b), gpu(case.c))
    return learner.call(function, *operands, case.alpha, case.beta)


def _expect_values(
    learner: Learner,
    function: str,
    cases: list[Case],
    oracles: ModuleType,
    limits: Limits,
) -> None:
    for number, case in enumerate(cases):
        arguments = (case.a, case.b, case.c, case.alpha, case.beta)
        expect_product(
            _gemm(learner, function, case),
            oracles.gemm(*arguments),
            dtype=case.dtype,
            limits=limits,
            where=case.where,
            mistakes=_remembered(oracles, case, cases[:number])
            | oracles.gemm_mistakes(*arguments),
            name=f"the result of {function}",
        )


def _remembered(
    oracles: ModuleType, case: Case, earlier: list[Case]
) -> dict[str, Callable[[], Array]]:
    """Return what a program would give that keeps something of an earlier call."""
    gemm, factors = oracles.gemm, (case.alpha, case.beta)
    mistakes: dict[str, Callable[[], Array]] = {}
    for number, other in enumerate(earlier, 1):
        if (other.extents, other.dtype) != (case.extents, case.dtype):
            continue
        kept = (other.alpha, other.beta)
        call = f"call {number}, with matrices of the same shapes"
        mistakes |= {
            f"This is the result of {call}: what do you keep between calls?": partial(
                gemm, other.a, other.b, other.c, *kept
            ),
            f"These are the matrices of {call}: a plan keeps its operands until "
            "reset_operands.": partial(gemm, other.a, other.b, other.c, *factors),
            f"This is the C of {call}: a plan keeps its operands until "
            "reset_operands.": partial(gemm, case.a, case.b, other.c, *factors),
        }
        if {0.0, 1.0} & set(kept):  # a factor that is missing looks the same
            continue
        mistakes |= {
            f"These are the alpha and beta of {call}: a plan keeps them until "
            "reset_operands.": partial(gemm, case.a, case.b, case.c, *kept),
            f"This is the alpha of {call}.": partial(
                gemm, case.a, case.b, case.c, other.alpha, case.beta
            ),
            f"This is the beta of {call}.": partial(
                gemm, case.a, case.b, case.c, case.alpha, other.beta
            ),
        }
    return mistakes


def _counted_extents(rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Draw extents of many sizes; the last are those of the lesson."""
    small = [int(x) for x in rng.permutation([2, 3, 5, 7, 11, 13])]
    large = [int(x) for x in rng.integers(100, 5000, 3)]
    return [
        (small[0], small[1], small[2]),
        (small[3], small[4], 1),
        (large[0], large[1], large[2]),
        (small[5], small[5], small[5]),
        (10_000_000, 40, 10),
    ]


def _counts(learner: Learner, m: int, n: int, k: int) -> dict[str, int]:
    value = learner.call("gemm_flops", m, n, k).value
    if not isinstance(value, dict) or not set(COUNTED) <= set(value):
        shown = (
            f"a dict with the keys {sorted(map(str, value))}"
            if isinstance(value, dict)
            else describe(value)
        )
        msg = f"gemm_flops returned {shown}. Expected was a dict with the keys "
        msg += "'operator' and 'matmul'."
        raise WrongDtype(msg, hint="The docstring says what belongs to each.")
    counts = {}
    for form in COUNTED:
        number = expect_number(value[form], f"the count of the {form} form")
        if not number.is_integer():
            msg = f"The {form} form takes {number} operations by gemm_flops({m}, {n}, "
            msg += f"{k}). Expected was a whole number."
            raise WrongValue(msg, hint="/ gives a fraction; do you need it?")
        counts[form] = int(number)
    return counts
