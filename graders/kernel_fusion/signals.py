"""The signals that transforms are tried on, and what a program returns that remembers.

Owns what is drawn, and why; judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Draw = Callable[[str], np.random.Generator]
Array = npt.NDArray[Any]
Mistakes = dict[str, Callable[[], Array]]

# Lengths in which no prime factor is above 127, where cuFFT refuses callbacks, and whose
# 1/n and 1/sqrt(n) lie between the float16 and float32 numbers: a coarse factor shows.
EVEN = (46, 48, 50, 54, 56, 60, 70, 76, 80, 82, 84, 88)
ODD = (39, 45, 49, 53, 55, 61, 67, 69, 73, 81, 83, 87, 89, 91)
BATCHES = (12, 14, 19, 20, 21, 22, 25, 26)
LARGE = (486, 500, 539, 625, 720, 875, 960, 1001)
# A power of two, but of 4 neither: its square root is rounded.
POWERS = (32, 128)


@dataclass(frozen=True, kw_only=True)
class Filtering:
    """
    A batch of signals and a filter for it.

    Attributes:
        name: What is special about them, for messages.

        signal: ``(batch, n)``, complex64 or complex128.

        filter_data: The same shape and dtype.
    """

    name: str
    signal: Array
    filter_data: Array

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        batch, n = self.signal.shape
        orders = (
            f"signal in {_order(self.signal)}, filter in {_order(self.filter_data)}"
        )
        return f"{self.name}, {batch} x {n} {self.signal.dtype}, {orders}"

    @property
    def row_by_row(self) -> bool:
        """Whether both lie in C order."""
        both = (self.signal, self.filter_data)
        return all(x.flags.c_contiguous for x in both)


@dataclass(frozen=True, kw_only=True)
class Operand:
    """
    An array to transform along its last axis.

    Attributes:
        name: What is special about it, for messages.

        x: One to three dimensions, complex64 or complex128.
    """

    name: str
    x: Array

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        shape = " x ".join(str(length) for length in self.x.shape)
        kind = " elements of" if self.x.ndim == 1 else ""
        return f"{self.name}, {shape}{kind} {self.x.dtype} in {_order(self.x)}"


def filterings(draw: Draw) -> list[Filtering]:
    """
    Return the cases for ``fft_filter``.

    Some share the shape and differ in the signal, in the filter, in both, in the memory
    orders or in the dtype; one swaps batch and n, and two share but one of them. One
    filter has a band of zeros. Whatever a program keeps between calls, by shape, by one
    extent, address or dtype, it meets a call for which that is wrong.
    """
    rng = draw("filterings")
    even = [int(n) for n in rng.choice(EVEN, size=2, replace=False)]
    odd = [int(n) for n in rng.choice(ODD, size=3, replace=False)]
    batches = [int(n) for n in rng.choice(BATCHES, size=4, replace=False)]
    first = (batches[0], even[0])

    def case(
        name: str, shape: tuple[int, int], dtype: str = "complex64", orders: str = "CC"
    ) -> Filtering:
        return Filtering(
            name=name,
            signal=noise(rng, shape, dtype, orders[0]),
            filter_data=noise(rng, shape, dtype, orders[1]),
        )

    start = case("a batch", first)
    other = case("another signal and filter of the first shape", first)
    large = case(
        "a large batch, filters with a band of zeros",
        (int(rng.integers(100, 140)), int(rng.choice(LARGE))),
    )
    band = int(rng.integers(20, 200))
    large.filter_data[:, band : band + 100] = 0
    double = "complex128"
    return [
        start,
        other,
        _mixed("the first signal, another filter", start.signal, other.filter_data),
        # The worker puts every other argument where one of the last call's lay: here,
        # and in the next call, the filter comes where a filter has been before.
        case("a signal in Fortran order", first, orders="FC"),
        _mixed("another signal, the first filter", other.signal, start.filter_data),
        case("a third signal and filter of the first shape", first),
        case("a fourth signal and filter of the first shape", first),
        case("batch and n exchanged", first[::-1]),
        case("a filter in Fortran order", first, orders="CF"),
        case(
            "the first length, another number of rows",
            (batches[1], first[1]),
            orders="CF",
        ),
        case("as many rows as first, another length", (first[0], even[1]), orders="CF"),
        case("both in Fortran order", first, orders="FF"),
        case("the first shape in double precision", first, double),
        case("an odd length", (batches[1], odd[0])),
        case("an odd length in double precision", (batches[2], odd[1]), double, "CF"),
        case("a signal in Fortran order", (batches[3], even[1]), double, "FC"),
        case("a power of two", (batches[1], int(rng.choice(POWERS))), double, "FF"),
        case("one row", (1, odd[2])),
        case("a square batch", (odd[2], odd[2]), double),
        large,
    ]


def operands(draw: Draw, name: str) -> list[Operand]:
    """
    Return the cases for one of the unitary transforms.

    Args:
        draw: Draws them.

        name: The transform's name: each has shapes of its own.
    """
    rng = draw(f"operands of {name}")
    # Each transform draws from one half of the lengths, so that none is in both.
    inverse = int(name == "unitary_ifft")

    def some(pool: tuple[int, ...], count: int) -> list[int]:
        return [int(n) for n in rng.choice(pool[inverse::2], count, replace=False)]

    even, odd, batches = some(EVEN, 3), some(ODD, 3), some(BATCHES, 4)
    large = (int(rng.integers(100, 140)), some(LARGE, 1)[0])
    first = (batches[0], even[0])

    def case(
        name: str, shape: tuple[int, ...], dtype: str = "complex64", order: str = "C"
    ) -> Operand:
        return Operand(name=name, x=noise(rng, shape, dtype, order))

    double = "complex128"
    # One kernel transforms the shorter rows; of the longer ones, several kernels may store
    # what lies between them in the result, zeros too.
    silent = [
        case("a batch with a row of zeros", (batches[3], even[1])),
        case("a large batch with a row of zeros", large),
    ]
    for each in silent:
        each.x[1] = 0
    return [
        case("a batch", first),
        case("another batch of the same shape", first),
        case("the same shape in Fortran order", first, order="F"),
        case("a third batch of the same shape", first),
        case("the two lengths exchanged", first[::-1]),
        case("other rows of the first length", (batches[1], even[0])),
        case("the first shape in double precision", first, double),
        case("another length in double precision", (batches[1], odd[0]), double),
        case("one signal", (odd[1],)),
        case("one signal in double precision", (even[1],), double),
        case("three dimensions", (3, batches[2], odd[2])),
        case("three dimensions in double precision", (batches[3], 4, even[2]), double),
        case("three dimensions in Fortran order", (batches[0], 3, odd[1]), order="F"),
        case("a batch of one", (1, even[2])),
        case("a batch in Fortran order", (batches[2], odd[1]), order="F"),
        case("a square batch", (odd[0], odd[0]), double, "F"),
        case("a power of two", (batches[1], POWERS[inverse]), double),
        *silent,
    ]


def round_trips(draw: Draw) -> list[Operand]:
    """
    Return the operands for the way there and back.

    Shape and dtype of each were transformed in neither direction before, so that what
    one direction keeps by them meets the other.
    """
    rng = draw("round trips")
    dtypes = ("complex64", "complex128")
    return [
        Operand(
            name="there and back",
            x=noise(rng, (batch, int(rng.choice(lengths))), dtype, "C"),
        )
        for batch, lengths, dtype in zip((7, 8), (EVEN, ODD), dtypes, strict=True)
    ]


def noise(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: str, order: str = "C"
) -> Array:
    """Draw complex noise, every element away from zero, in a memory order."""
    length = 0.5 + rng.random(shape)
    angle = rng.uniform(0.0, 2.0 * np.pi, shape)
    values = (length * np.exp(1j * angle)).astype(dtype)
    return np.asfortranarray(values) if order == "F" else values


def remembered(
    oracle: Callable[[Array, Array], Array],
    case: Filtering,
    earlier: Sequence[Filtering],
) -> Mistakes:
    """
    Return what programs return that remember earlier cases.

    Args:
        oracle: The oracle's ``fft_filter``.

        case: The case at hand.

        earlier: The cases that were tried before.

    Returns:
        A function for each such mistake, under a sentence that names it.
    """
    mistakes: Mistakes = {}
    batch, n = case.signal.shape
    expected = oracle(case.signal, case.filter_data)
    for other in earlier:
        length = other.signal.shape[1]
        if length != n:
            factor = n / length
            mistakes[
                f"The result is divided by the length of an earlier call, {length}, not "
                f"by this one's, {n}: a number in a callback is frozen when it is "
                "compiled."
            ] = partial(np.multiply, expected, factor)
        if other.signal.shape != (batch, n):
            continue
        mistakes |= {
            f"This is the result of an earlier call ({other.where}): what do you keep "
            "between calls?": partial(oracle, other.signal, other.filter_data),
            f"The filter is that of an earlier call ({other.where}): what do you keep "
            "between calls?": partial(oracle, case.signal, other.filter_data),
            f"The signal is that of an earlier call ({other.where}): a plan keeps its "
            "operand until reset_operand.": partial(
                oracle, other.signal, case.filter_data
            ),
        }
    return mistakes


def remembered_operands(
    oracle: Callable[[Array], Array], case: Operand, earlier: Sequence[Operand]
) -> Mistakes:
    """Return what programs return that remember earlier operands of a transform."""
    mistakes: Mistakes = {}
    n = case.x.shape[-1]
    expected = oracle(case.x)
    for other in earlier:
        length = other.x.shape[-1]
        if length != n:
            factor = (n / length) ** 0.5
            mistakes[
                f"The factor is that of an earlier call, for n = {length}, not for "
                f"{n}: a number in a callback is frozen when it is compiled."
            ] = partial(np.multiply, expected, factor)
        if other.x.shape == case.x.shape:
            mistakes[
                f"This is the result of an earlier call ({other.where}): what do you "
                "keep between calls?"
            ] = partial(oracle, other.x)
    return mistakes


def _mixed(name: str, signal: Array, filter_data: Array) -> Filtering:
    return Filtering(name=name, signal=signal, filter_data=filter_data)


def _order(array: Array) -> str:
    return "C order" if array.flags.c_contiguous else "Fortran order"
