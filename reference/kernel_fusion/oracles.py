"""The truth about the kernel_fusion exercises, in float64 or exactly, without a GPU."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """
    ReLU(A B + b) after each of its steps, and the scale of rounding errors.

    Attributes:
        product: A B.

        biased: A B + b, with b added to every column.

        activated: The same with negative entries replaced by 0.

        scale: The sum of the magnitudes of all that was added up in each entry.
    """

    product: npt.NDArray[Any]
    biased: npt.NDArray[Any]
    activated: npt.NDArray[Any]
    scale: npt.NDArray[Any]


def linear_relu(
    a: npt.NDArray[Any], b: npt.NDArray[Any], bias: npt.NDArray[Any]
) -> Reals:
    """Return ReLU(A B + b) in float64."""
    product = a.astype(np.float64) @ b.astype(np.float64)
    return np.maximum(product + bias.astype(np.float64)[:, None], 0.0)


def exact_steps(
    a: npt.NDArray[Any], b: npt.NDArray[Any], bias: npt.NDArray[Any]
) -> Steps:
    """
    Return each step without any rounding, for small matrices.

    Args:
        a: Shape (m, k), finite.

        b: Shape (k, n), finite.

        bias: Shape (m,), finite.

    Returns:
        Arrays of :class:`fractions.Fraction`.
    """
    a, b, column = _fractions(a), _fractions(b), _fractions(bias)[:, None]
    product = a.dot(b)
    biased = product + column
    activated = biased * (biased > 0)
    scale = np.abs(a).dot(np.abs(b)) + np.abs(column)
    return Steps(product, biased, activated, scale)


def _fractions(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    exact = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        exact[index] = Fraction(value.item())
    return exact
