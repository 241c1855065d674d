"""Programs for ReLU(A B + b), right and wrong, that ``matches`` must tell apart.

Each is a function of NumPy arrays that runs in the grading process; the learner's code
sees it as a function of CuPy arrays. Every right one computes in the operands'
precision or better; every wrong one makes one mistake that the assignment's README
names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Program = Callable[[Array, Array, Array], Array]


@dataclass(frozen=True)
class Candidate:
    """
    One program to be judged by the learner's ``matches``.

    Attributes:
        name: Its name among the candidates.

        right: Whether it is right.

        what: What it does, in the words of a message: "a program that ...".

        program: The function of a, b and bias.
    """

    name: str
    right: bool
    what: str
    program: Program


RIGHT: list[Candidate] = []
WRONG: list[Candidate] = []


def _right(what: str) -> Callable[[Program], Program]:
    return _register(RIGHT, what)


def _wrong(what: str) -> Callable[[Program], Program]:
    return _register(WRONG, what)


def _register(candidates: list[Candidate], what: str) -> Callable[[Program], Program]:
    def register(program: Program) -> Program:
        name = program.__name__
        candidates.append(Candidate(name, candidates is RIGHT, what, program))
        return program

    return register


def _like(result: Array, a: Array) -> Array:
    """Return the result in the operands' dtype, as a right program does."""
    return result.astype(a.dtype, copy=False)


def _relu(array: Array) -> Array:
    return np.asarray(np.maximum(array, 0))


@_right("computes the three steps one after the other")
def three_steps(a: Array, b: Array, bias: Array) -> Array:
    """Product, bias, maximum: the plain CuPy program."""
    return _relu(a @ b + bias[:, None])


@_right("accumulates in double precision and rounds the result")
def wide_accumulator(a: Array, b: Array, bias: Array) -> Array:
    """More exact than it needs to be."""
    wide = a.astype(np.float64) @ b.astype(np.float64) + bias[:, None]
    return _like(_relu(wide), a)


@_right("returns its result in column-major order")
def column_major(a: Array, b: Array, bias: Array) -> Array:
    """As the result of nvmath's RELU_BIAS epilog is."""
    return np.asfortranarray(three_steps(a, b, bias))


@_right("replaces what is below zero instead of taking a maximum")
def masked(a: Array, b: Array, bias: Array) -> Array:
    """ReLU in another spelling."""
    biased: Array = a @ b + bias[:, None]
    biased[biased < 0] = 0
    return biased


@_right("adds up the product in slices of the inner dimension")
def sliced_sum(a: Array, b: Array, bias: Array) -> Array:
    """Another order of summation, so other rounding errors."""
    biased = np.repeat(bias[:, None], b.shape[1], axis=1).astype(a.dtype, copy=False)
    for start in range(0, a.shape[1], 5):
        part = slice(start, start + 5)
        biased = biased + a[:, part] @ b[part]
    return np.where(biased > 0, biased, np.zeros_like(biased))


@_right("computes the transposed product and returns a transposed view of it")
def transposed_product(a: Array, b: Array, bias: Array) -> Array:
    """(B^T A^T + b)^T."""
    return _relu(b.T @ a.T + bias).T


@_right("takes the bias as one more column of A")
def augmented(a: Array, b: Array, bias: Array) -> Array:
    """[A b] [B; 1]: the bias as a part of the product."""
    wider = np.concatenate([a, bias[:, None]], axis=1)
    taller = np.concatenate([b, np.ones((1, b.shape[1]), b.dtype)], axis=0)
    return _relu(wider @ taller)


@_wrong("leaves the bias out")
def no_bias(a: Array, b: Array, bias: Array) -> Array:
    """ReLU(A B)."""
    del bias
    return _relu(a @ b)


@_wrong("adds the bias along the wrong axis, which raises where m and n differ")
def bias_on_rows(a: Array, b: Array, bias: Array) -> Array:
    """NumPy broadcasts a vector along the last axis."""
    return _relu(a @ b + bias)


@_wrong("adds the bias along the wrong axis, for any shape")
def bias_on_rows_repeated(a: Array, b: Array, bias: Array) -> Array:
    """The same, cut or repeated to the length of a row."""
    return _relu(a @ b + np.resize(bias, b.shape[1]))


@_wrong("adds the bias after the ReLU")
def bias_after_relu(a: Array, b: Array, bias: Array) -> Array:
    """ReLU(A B) + b."""
    return np.asarray(_relu(a @ b) + bias[:, None])


@_wrong("leaves the ReLU out")
def no_relu(a: Array, b: Array, bias: Array) -> Array:
    """A B + b."""
    return np.asarray(a @ b + bias[:, None])


@_wrong("reads the second operand as if it were transposed")
def second_transposed(a: Array, b: Array, bias: Array) -> Array:
    """Its rows are taken for columns."""
    misread = np.ascontiguousarray(b).reshape(b.shape[::-1]).T
    return three_steps(a, misread, bias)


@_wrong("reads the first operand as if it were transposed")
def first_transposed(a: Array, b: Array, bias: Array) -> Array:
    """Its rows are taken for columns."""
    misread = np.ascontiguousarray(a).reshape(a.shape[::-1]).T
    return three_steps(misread, b, bias)


@_wrong("rounds its operands to half precision (float16)")
def half_operands(a: Array, b: Array, bias: Array) -> Array:
    """Half-precision operands, with a wider accumulator."""
    a16, b16 = a.astype(np.float16), b.astype(np.float16)
    product = a16.astype(np.float32) @ b16.astype(np.float32)
    return _like(_relu(product + bias[:, None]), a)


@_wrong("computes in half precision (float16) throughout")
def half_throughout(a: Array, b: Array, bias: Array) -> Array:
    """Half precision in every step."""
    half = three_steps(
        a.astype(np.float16), b.astype(np.float16), bias.astype(np.float16)
    )
    return _like(half, a)


@_wrong("returns the right numbers in the wrong places: column by column, as rows")
def misread_result(a: Array, b: Array, bias: Array) -> Array:
    """A column-major result that is taken for a row-major one."""
    right = three_steps(a, b, bias)
    return np.ravel(right, order="F").reshape(right.shape)


@_wrong("is right for square matrices only, and scrambles others")
def square_pitch(a: Array, b: Array, bias: Array) -> Array:
    """It takes the number of rows for the length of a row."""
    right = three_steps(a, b, bias)
    rows, columns = np.indices(right.shape)
    places = (rows * a.shape[0] + columns) % max(right.size, 1)
    return np.asarray(np.take(right, places))


@_wrong("is right for square matrices only, and raises for others")
def square_or_raise(a: Array, b: Array, bias: Array) -> Array:
    """It refuses what it cannot do."""
    if len({*a.shape, *b.shape}) > 1:
        msg = f"matrices of one size expected (got {a.shape} and {b.shape})"
        raise ValueError(msg)
    return three_steps(a, b, bias)


@_wrong("is right for positive inputs only: it takes negative ones for 0")
def positive_part(a: Array, b: Array, bias: Array) -> Array:
    """The ReLU at the wrong end."""
    return three_steps(np.maximum(a, 0), np.maximum(b, 0), np.maximum(bias, 0))


@_wrong("is right for positive inputs only: it drops their signs")
def magnitudes(a: Array, b: Array, bias: Array) -> Array:
    """It computes with absolute values."""
    return three_steps(np.abs(a), np.abs(b), np.abs(bias))


@_wrong("overwrites a after using it")
def scribbles_on_a(a: Array, b: Array, bias: Array) -> Array:
    """The right result, and a changed input."""
    result = three_steps(a, b, bias)
    a[...] = 1 - a
    return result


@_wrong("overwrites b after using it")
def scribbles_on_b(a: Array, b: Array, bias: Array) -> Array:
    """The right result, and a changed input."""
    result = three_steps(a, b, bias)
    b[...] = 1 - b
    return result


@_wrong("overwrites the bias after using it")
def scribbles_on_bias(a: Array, b: Array, bias: Array) -> Array:
    """The right result, and a changed input."""
    result = three_steps(a, b, bias)
    bias[...] = 1 - bias
    return result


@_wrong("changes the bias and then uses it")
def changed_bias(a: Array, b: Array, bias: Array) -> Array:
    """The result for another bias, which is now in the learner's array."""
    bias += 1
    return three_steps(a, b, bias)


@_wrong("raises a RuntimeError")
def raises(a: Array, b: Array, bias: Array) -> Array:
    """It never returns; others raise a ValueError, and this one does not."""
    msg = f"no algorithm found for {a.dtype}, {b.dtype}, {bias.dtype}"
    raise RuntimeError(msg)


@_wrong("raises a TypeError")
def raises_type_error(a: Array, b: Array, bias: Array) -> Array:
    """Nor does this one return."""
    msg = f"unsupported dtypes: {a.dtype}, {b.dtype}, {bias.dtype}"
    raise TypeError(msg)
