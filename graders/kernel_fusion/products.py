"""A matrix product's extents and operands, and the judgement of its values and place.

Values are judged to the operands' precision, the place is the GPU throughout. Shared by
the checks of ``fused_linear`` and ``gemm_fusion``; the form of the latter is read in
``gemm_forms``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks import (
    Observation,
    expect_array,
    expect_close,
    expect_ready,
    expect_settled,
    expect_stays_on_gpu,
)
from graders.harness.errors import WrongValue

Array = npt.NDArray[Any]
Mistakes = Mapping[str, Callable[[], Array]]

_A_NUMBER_OR_TWO = 16  # bytes; every operand has more
_MOST = 0.5  # of the elements
_COARSE = 2e-2  # relative errors beyond this are no matter of precision
_SINGLE = 2e-6  # a float64 result is this far off where float32 was on its way


@dataclass(frozen=True)
class Extents:
    """
    The extents of a product.

    Attributes:
        m: The rows of A and of the result.

        k: The columns of A, which are the rows of B.

        n: The columns of B and of the result.
    """

    m: int
    k: int
    n: int

    @property
    def a(self) -> tuple[int, int]:
        """The shape of A."""
        return self.m, self.k

    @property
    def b(self) -> tuple[int, int]:
        """The shape of B."""
        return self.k, self.n

    @property
    def result(self) -> tuple[int, int]:
        """The shape of the result."""
        return self.m, self.n

    @property
    def longest(self) -> int:
        """The longer side of the result: so many numbers may parameters have."""
        return max(self.m, self.n)

    def __str__(self) -> str:
        return f"{self.m} x {self.k} times {self.k} x {self.n}"


def drawn(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Return normal numbers of either sign."""
    return rng.standard_normal(shape).astype(dtype)


def nearly_alike(p: int, q: int, r: int, s: int) -> list[tuple[int, int, int]]:
    """
    Return ``(m, k, n)`` of products for which less than all extents tells too little.

    Three differ from ``(p, q, r)`` in one extent each; of two others, A is as large in
    one as in the other, and so is B. A plan that is kept by A's shape, by B's, by the
    result's or by sizes meets operands that it does not fit.
    """
    return [(p, q, s), (s, q, r), (p, s, r), (24, 18, 36), (12, 36, 18)]


def expect_product(
    observation: Observation,
    expected: Array,
    *,
    dtype: str,
    limits: Mapping[str, float],
    where: str,
    mistakes: Mistakes,
    name: str = "the result",
) -> None:
    """
    Judge a product's shape, dtype and values, wherever it lies.

    Args:
        observation: The call.

        expected: The oracle's answer.

        dtype: The operands' dtype, which is the result's.

        limits: The relative error allowed for each dtype.

        where: The case, for the message.

        mistakes: As for ``expect_close``.

        name: How the message calls the result.

    Raises:
        Failure: One of them is wrong; the message names the usual mistake behind it.
    """
    result = expect_array(
        observation.value, shape=expected.shape, dtype=dtype, name=name
    )
    expect_ready(observation)
    try:
        expect_close(
            result,
            expected,
            relative_error=limits[dtype],
            name=name,
            where=where,
            mistakes=mistakes,
        )
    except WrongValue as failure:
        coarse = _precision(result, expected, limits[dtype])
        if coarse and failure.hint not in mistakes:
            raise WrongValue(failure.message, hint=coarse) from None
        raise
    expect_settled(observation)


def _precision(result: Array, expected: Array, limit: float) -> str:
    """Return what to say of a result that is right to a few digits, or nothing."""
    difference = np.abs(result.astype(np.float64) - expected)
    scale = float(np.linalg.norm(expected))
    if not np.isfinite(difference).all() or not scale:
        return ""
    error = float(np.linalg.norm(difference)) / scale
    nonzero = expected != 0
    typical = limit * scale / np.sqrt(np.count_nonzero(nonzero))
    spread = float(np.mean(difference[nonzero] > typical / 3))
    if error > _COARSE or spread < _MOST:
        return ""
    seen = f"All entries are a little off, {error:.0e} on the whole"
    if result.dtype == np.float64 and error < _SINGLE:
        return f"{seen}: that is single precision. What became float32 on the way?"
    return (
        f"{seen}: so coarse are TF32, half precision (float16) and bfloat16. Look at "
        "the compute type, and for astype."
    )


def expect_on_gpu(
    observation: Observation, *, where: str, name: str = "the result"
) -> None:
    """
    Judge that the result is on the GPU, and that no operand or product left it.

    Single numbers may be read back.

    Raises:
        WrongMemorySpace: The result is not an array on the GPU.

        ExtraCopies: Something of the operands, or computed from them, was copied to the
            host.
    """
    expect_stays_on_gpu(
        observation, smallest=1, free=_A_NUMBER_OR_TWO, where=where, name=name
    )
