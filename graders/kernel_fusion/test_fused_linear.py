"""The checks of ``fused_linear``."""

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
    expect_fused_matmul,
    expect_no_device_copies,
    expect_unchanged,
    gpu,
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

# The last two also return which entries were clipped.
EPILOGS = ("RELU_BIAS", "RELU", "RELU_AUX_BIAS", "RELU_AUX")
# A matrix of these has many times more entries than a bias, in whole blocks of threads.
_LARGE = 100
# Where they have not, kernels of any size may prepare parameters.
_ANY = 10**9
# So much of the product is left by ReLU: of one row nearly all may be clipped.
_LEAST_KEPT = 0.5


@dataclass(frozen=True)
class Case:
    """
    One set of operands.

    Attributes:
        extents: Of the product.

        dtype: Of all operands.

        a: The first operand.

        b: The second operand.

        bias: One number for each row of the result.
    """

    extents: Extents
    dtype: str
    a: Array
    b: Array
    bias: Array

    @property
    def where(self) -> str:
        """The case in the words of a message."""
        return f"{self.extents}, {self.dtype}"

    @property
    def is_large(self) -> bool:
        """Whether matrices can be told from parameters by their size."""
        return min(self.extents.m, self.extents.k, self.extents.n) >= _LARGE


@pytest.fixture(scope="module")
def cases(draw: Draw) -> list[Case]:
    """Return the operands, drawn once: calls with equal arguments are made once."""
    rng = draw("operands")
    p, q, r, s = (int(x) for x in rng.permutation([17, 26, 33, 40]))
    big = [int(x) for x in rng.permutation([129, 200, 311])]
    wide = [int(x) for x in rng.permutation([704, 800])]
    single = [
        # m = n first: there a bias along the wrong axis is a wrong value, and no error.
        (p, q, p),
        (p, q, r),
        # Again with other numbers, in old arrays and in new ones.
        (p, q, r),
        (p, q, r),
        (p, q, r),
        (r, q, p),
        *nearly_alike(p, q, r, s),
        (s, s, s),
        (1, r, s),
        (s, r, 1),
        (q, 1, r),
        (big[0], big[1], big[2]),
        # Aligned as tensor cores like it: here coarse arithmetic is sure to be taken.
        (256, 128, 192),
        # So large that a program may take another way.
        (wide[0], 592, wide[1]),
    ]
    double = [(p, q, r), (p, q, r), (big[2], big[0], big[1])]
    return [
        _case(rng, Extents(*extents), dtype)
        for dtype, all_extents in (("float32", single), ("float64", double))
        for extents in all_extents
    ]


def _case(rng: np.random.Generator, extents: Extents, dtype: str) -> Case:
    a, b = drawn(rng, extents.a, dtype), drawn(rng, extents.b, dtype)
    while True:
        # As large as the product is: then each of the two shows, and half is clipped.
        bias = drawn(rng, (extents.m,), dtype) * np.sqrt(extents.k).astype(dtype)
        before = a.astype(np.float64) @ b + bias[:, None]
        # Errors are relative to what is left, and rounding is that of what was there.
        kept = np.linalg.norm(np.maximum(before, 0)) / np.linalg.norm(before)
        if kept > _LEAST_KEPT:
            return Case(extents, dtype, a, b, bias)


def test_values(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
) -> None:
    """ReLU(A B + b) is right, in float32 and in float64, to the operands' precision."""
    for number, case in enumerate(cases):
        expect_product(
            _linear(learner, case),
            oracles.linear_relu(case.a, case.b, case.bias),
            dtype=case.dtype,
            limits=limits,
            where=case.where,
            mistakes=_remembered(oracles, case, cases[:number])
            | oracles.linear_relu_mistakes(case.a, case.b, case.bias),
        )


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The operands and the result stay on the GPU."""
    for case in cases:
        expect_on_gpu(_linear(learner, case), where=case.where)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The operands are the same after the call as before."""
    for case in cases:
        expect_unchanged(_linear(learner, case), names=["a", "b", "bias"])


def test_fused(learner: Learner, cases: list[Case]) -> None:
    """One product with an epilog does it all; no other kernel computes."""
    for case in cases:
        expect_fused_matmul(
            _linear(learner, case).evidence,
            epilogs=EPILOGS,
            beyond=case.extents.longest if case.is_large else _ANY,
            where=case.where,
        )


def test_no_extra_copies(learner: Learner, cases: list[Case]) -> None:
    """No matrix is copied on the GPU, neither before the product nor after it."""
    for case in (case for case in cases if case.is_large):
        expect_no_device_copies(
            _linear(learner, case).evidence,
            beyond=case.extents.longest,
            where=case.where,
            hint=(
                "The operands are in an order that nvmath takes, and column-major "
                "results are welcome. The bias needs no matrix of its own."
            ),
        )


def _linear(learner: Learner, case: Case) -> Observation:
    return learner.call("fused_linear", gpu(case.a), gpu(case.b), gpu(case.bias))


def _remembered(
    oracles: ModuleType, case: Case, earlier: list[Case]
) -> dict[str, Callable[[], Array]]:
    """Return what a program would give that keeps something of an earlier call."""
    mistakes: dict[str, Callable[[], Array]] = {}
    for number, other in enumerate(earlier, 1):
        if (other.extents, other.dtype) != (case.extents, case.dtype):
            continue
        until = f"call {number}, with the same shapes: a plan keeps it until"
        mistakes |= {
            f"This is the result of call {number}, with the same shapes: what do you "
            "keep between calls?": partial(
                oracles.linear_relu, other.a, other.b, other.bias
            ),
            f"This is computed with the bias of {until} reset_operands.": partial(
                oracles.linear_relu, case.a, case.b, other.bias
            ),
            f"This is computed with the first operand of {until} reset_operands.": (
                partial(oracles.linear_relu, other.a, case.b, case.bias)
            ),
            f"This is computed with the second operand of {until} reset_operands.": (
                partial(oracles.linear_relu, case.a, other.b, case.bias)
            ),
        }
    return mistakes
