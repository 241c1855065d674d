"""Finds a small case of ReLU(A B + b) among the arrays that a notebook's cells print.

No label is read: the operands are those arrays of which the product is printed as well.
Owns that search; it judges nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from graders.kernel_fusion.printed_arrays import PrintedArray, Reals

_AXES = 2
_ROUNDING = 1e-6  # of float32 arithmetic, relative to what is added up
_MOST_OPERANDS = 60
_MOST_BIASES = 12
_MOST_RESULTS = 40

STEPS = ("product", "biased", "activated")


@dataclass(frozen=True)
class Place:
    """
    An array, and the cell that printed it.

    Attributes:
        array: The array.

        cell: The code cell's number.
    """

    array: PrintedArray
    cell: int


@dataclass(frozen=True)
class Case:
    """
    Operands, and what was printed of the steps from them.

    Attributes:
        a, b, bias: The operands; the bias has one axis.

        tolerance: How far a printed entry may lie from what the operands give.

        product, biased, activated: What the steps should give.

        printed: The steps that are printed, by name, each where it first is.
    """

    a: Reals
    b: Reals
    bias: Reals
    tolerance: Reals
    product: Reals
    biased: Reals
    activated: Reals
    printed: dict[str, Place]

    @property
    def shape(self) -> tuple[int, int, int]:
        """The extents (m, n, k)."""
        return self.a.shape[0], self.b.shape[1], self.a.shape[1]

    @property
    def missing(self) -> list[str]:
        """The steps that are not printed."""
        return [step for step in STEPS if step not in self.printed]

    def is_step(self, step: str, array: PrintedArray) -> bool:
        """Return whether an array is what a step should give."""
        return not array.is_truth and _agree(array, getattr(self, step), self.tolerance)


def find_cases(printed: Sequence[Place], also: Sequence[PrintedArray]) -> list[Case]:
    """
    Return the cases of which at least the product, or the last result, is printed.

    Args:
        printed: What the cells print.

        also: Arrays that may be operands as well: such as the source writes down.

    Returns:
        The cases, those of which most is printed first.
    """
    operands = _distinct([place.array for place in printed] + [*also])
    matrices = [x for x in operands if x.values.ndim == _AXES][:_MOST_OPERANDS]
    found = [
        case
        for a in matrices
        for b in matrices
        if a.values.shape[1] == b.values.shape[0]
        for case in _of_product(a, b, operands, printed)
    ]
    return sorted(found, key=lambda case: len(case.missing))


def _of_product(
    a: PrintedArray,
    b: PrintedArray,
    operands: Sequence[PrintedArray],
    printed: Sequence[Place],
) -> Iterator[Case]:
    shape = (a.values.shape[0], b.values.shape[1])
    results = [
        p for p in printed if p.array.values.shape == shape and not p.array.is_truth
    ][:_MOST_RESULTS]
    if not results:
        return
    for bias in itertools.islice(_biases(operands, shape[0]), _MOST_BIASES):
        case = _case(a, b, bias, results)
        if case is not None:
            yield case


def _case(
    a: PrintedArray, b: PrintedArray, bias: PrintedArray, results: Sequence[Place]
) -> Case | None:
    vector = bias.values.reshape(-1)
    with np.errstate(all="ignore"):
        product = a.values @ b.values
        biased = product + vector[:, np.newaxis]
        scale = np.abs(a.values) @ np.abs(b.values) + np.abs(vector)[:, np.newaxis]
        spread = a.resolution * np.abs(b.values).sum(axis=0)[np.newaxis, :]
        spread = spread + b.resolution * np.abs(a.values).sum(axis=1)[:, np.newaxis]
        tolerance = _ROUNDING * scale + spread + bias.resolution
    if not (np.isfinite(biased).all() and np.isfinite(tolerance).all()):
        return None  # anything would agree
    values = dict(zip(STEPS, (product, biased, np.maximum(biased, 0.0)), strict=True))
    found: dict[str, Place] = {}
    for name, value in values.items():
        for place in results:
            if place.array is not a and _agree(place.array, value, tolerance):
                found[name] = place
                break
    if not {"product", "activated"} & set(found):
        return None
    return Case(a.values, b.values, vector, tolerance, **values, printed=found)


def _agree(array: PrintedArray, expected: Reals, tolerance: Reals) -> bool:
    if array.values.shape != expected.shape:
        return False
    off = np.abs(array.values - expected)
    return bool((off <= tolerance + array.resolution).all())


def _biases(operands: Iterable[PrintedArray], rows: int) -> Iterator[PrintedArray]:
    """Yield what may be a bias with one entry for each row: a row, or a column."""
    for array in operands:
        if array.values.shape in ((rows,), (rows, 1)):
            yield array


def _distinct(arrays: Sequence[PrintedArray]) -> list[PrintedArray]:
    """Return the numbers among arrays, each once."""
    kept: dict[tuple[object, ...], PrintedArray] = {}
    for array in arrays:
        if not array.is_truth and np.isfinite(array.values).all():
            kept.setdefault((array.values.shape, array.values.tobytes()), array)
    return list(kept.values())
