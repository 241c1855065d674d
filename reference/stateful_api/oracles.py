"""The truth about the stateful_api exercises, in float64, without a GPU."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Mistakes = dict[str, Callable[[], Array]]


def batched_relu(a: Array, b: Array, bias: Array) -> Array:
    """Return ReLU(A B + b) for each element of a batch, in float64."""
    right: Array = np.maximum(product(a, b) + bias.astype(np.float64), 0)
    return right


def batched_relu_mistakes(a: Array, b: Array, bias: Array) -> Mistakes:
    """Return what usual mistakes give, by the message that recognises them."""
    plain, wide = product(a, b), bias.astype(np.float64)
    right = batched_relu(a, b, bias)
    mistakes: Mistakes = {
        "Negative sums are not set to zero: where is the ReLU?": lambda: plain + wide,
        "The bias is missing.": lambda: np.maximum(plain, 0),
        "Bias and ReLU are missing: this is the product alone.": lambda: plain,
        "The ReLU came before the bias.": lambda: np.maximum(plain, 0) + wide,
        "The bias is subtracted.": lambda: np.maximum(plain - wide, 0),
    }
    if len(a) > 1:
        mistakes |= {
            "Every element has the bias of the first one: is all of it handed over, "
            "(batch, m, 1), or reset with a and b?": lambda: np.maximum(
                plain + wide[:1], 0
            ),
            "Every element of the batch holds the first one's answer. Are the operands "
            "reset before each execution?": lambda: right[:1].repeat(len(a), axis=0),
            "Every element of the batch holds the last one's answer.": (
                lambda: right[-1:].repeat(len(a), axis=0)
            ),
            "Each element of the batch holds its successor's answer, the last its own: "
            "are the operands reset too early?": (
                lambda: right[[*range(1, len(a)), len(a) - 1]]
            ),
            "Each element of the batch holds its predecessor's answer, the first its "
            "own: are the operands reset too late?": (
                lambda: right[[0, *range(len(a) - 1)]]
            ),
            "The elements of the batch come in reverse order.": lambda: right[::-1],
        }
        mistakes |= _with_one_missing(right)
    return mistakes


def product(a: Array, b: Array) -> Array:
    """Return A B in float64."""
    return a.astype(np.float64) @ b.astype(np.float64)


def spectra(batch: Array) -> Array:
    """Return the forward transform of each row, not normalised, in double precision."""
    return np.fft.fft(batch.astype(np.complex128), axis=-1)


def spectra_mistakes(batch: Array) -> Mistakes:
    """Return what usual mistakes give, by the message that recognises them."""
    wide = batch.astype(np.complex128)
    n = batch.shape[-1]
    return {
        "This is the inverse transform: look at the direction.": (
            lambda: np.fft.ifft(wide, axis=-1, norm="forward")
        ),
        "The columns are transformed, not the rows: look at axes.": (
            lambda: np.fft.fft(wide, axis=0)
        ),
        "Both axes are transformed: axes=None stands for all of them.": (
            lambda: np.fft.fft2(wide)
        ),
        "The batch comes back as it was: nothing was transformed.": lambda: wide,
        f"The result is divided by n = {n}: the transform is not normalised.": (
            lambda: np.fft.fft(wide, axis=-1, norm="forward")
        ),
        "The result is divided by sqrt(n): the transform is not normalised.": (
            lambda: np.fft.fft(wide, axis=-1, norm="ortho")
        ),
        "The batch is transformed twice.": (
            lambda: np.fft.fft(np.fft.fft(wide, axis=-1), axis=-1)
        ),
        "The zero frequency is in the middle: leave out fftshift.": (
            lambda: np.fft.fftshift(np.fft.fft(wide, axis=-1), axes=-1)
        ),
    }


def _with_one_missing(right: Array) -> Mistakes:
    found: Mistakes = {}
    for index, name in ((0, "first"), (-1, "last")):
        kept = np.ones((len(right), 1, 1))
        kept[index] = 0
        found[f"The {name} element of the batch is zero: does the loop reach it?"] = (
            functools.partial(np.multiply, right, kept)
        )
    return found
