"""The truth about the kernel_fusion exercises, in float64 or exactly, without a GPU."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Mistakes = dict[str, Callable[[], npt.NDArray[Any]]]


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


def linear_relu_mistakes(
    a: npt.NDArray[Any], b: npt.NDArray[Any], bias: npt.NDArray[Any]
) -> dict[str, Callable[[], Reals]]:
    """
    Return what the usual mistakes make of :func:`linear_relu`.

    Args:
        a: Shape (m, k).

        b: Shape (k, n).

        bias: Shape (m,).

    Returns:
        A function for each mistake, under a sentence that names it.
    """
    product = a.astype(np.float64) @ b.astype(np.float64)
    column, n = bias.astype(np.float64)[:, None], b.shape[1]
    biased = product + column

    def clipped(values: Reals) -> Callable[[], Reals]:
        return lambda: np.maximum(values, 0.0)

    mistakes: dict[str, Callable[[], Reals]] = {
        "The bias is missing.": clipped(product),
        "The ReLU is missing: entries below 0 become 0.": lambda: biased,
        "Bias and ReLU are missing: this is the product alone.": lambda: product,
        "The bias was added after the ReLU. It comes before it.": lambda: (
            np.maximum(product, 0.0) + column
        ),
        "The bias was added twice: in the epilog and as C, for instance.": clipped(
            biased + column
        ),
        "The bias was subtracted.": clipped(product - column),
        "The bias runs along the rows. It has one entry for each row of the result, and "
        "is added to every column.": clipped(
            product + np.resize(bias.astype(np.float64), n)
        ),
        "Every row got the bias of row 0: one entry of the bias, not all.": clipped(
            product + column[0]
        ),
        "What is above 0 was clipped, and what is below was kept.": lambda: np.minimum(
            biased, 0.0
        ),
        "The magnitude was taken in place of the ReLU.": lambda: np.abs(biased),
        "This is a GELU, not a ReLU.": lambda: _gelu(biased),
        "The result was capped at 6: that is ReLU6.": lambda: np.clip(biased, 0, 6),
        "The last of the k terms of each sum is missing.": lambda: linear_relu(
            a[:, :-1], b[:-1], bias
        ),
        "The bias lost its signs.": clipped(product + np.abs(column)),
        "The second operand was read column by column; it lies in memory row by row.": (
            lambda: linear_relu(a, _misread(b), bias)
        ),
        "The first operand was read column by column; it lies in memory row by row.": (
            lambda: linear_relu(_misread(a), b, bias)
        ),
    }
    if a.shape[0] == a.shape[1]:
        mistakes["The first operand was taken transposed."] = clipped(
            a.T.astype(np.float64) @ b.astype(np.float64) + column
        )
    if b.shape[0] == b.shape[1]:
        mistakes["The second operand was taken transposed."] = clipped(
            a.astype(np.float64) @ b.T.astype(np.float64) + column
        )
    return mistakes


def _misread(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the matrix that one finds who takes the other memory order for granted."""
    return np.ascontiguousarray(matrix).reshape(matrix.shape[::-1]).T


def _gelu(x: Reals) -> Reals:
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    result: Reals = 0.5 * x * (1 + np.tanh(inner))
    return result


def gemm(
    a: npt.NDArray[Any],
    b: npt.NDArray[Any],
    c: npt.NDArray[Any],
    alpha: float,
    beta: float,
) -> Reals:
    """Return alpha A B + beta C in float64."""
    a, b, c = (x.astype(np.float64) for x in (a, b, c))
    result: Reals = alpha * (a @ b) + beta * c
    return result + 0.0  # no -0 where both factors are 0: messages show it


def gemm_mistakes(
    a: npt.NDArray[Any],
    b: npt.NDArray[Any],
    c: npt.NDArray[Any],
    alpha: float,
    beta: float,
) -> dict[str, Callable[[], Reals]]:
    """
    Return what the usual mistakes make of :func:`gemm`.

    Args:
        a: Shape (m, k).

        b: Shape (k, n).

        c: Shape (m, n).

        alpha: The factor of the product.

        beta: The factor of C.

    Returns:
        A function for each mistake that shows with these factors, under a sentence that
        names it.
    """

    def with_factors(new_alpha: float, new_beta: float) -> Callable[[], Reals]:
        return lambda: gemm(a, b, c, new_alpha, new_beta)

    factors = {
        "alpha is missing: the product was not scaled.": (1.0, beta),
        "beta is missing: C was added as it is.": (alpha, 1.0),
        "C is missing: this is alpha A B alone.": (alpha, 0.0),
        "The product is missing: this is beta C alone.": (0.0, beta),
        "alpha and beta are missing: this is A B + C.": (1.0, 1.0),
        "alpha and beta are exchanged.": (beta, alpha),
        "beta C was subtracted.": (alpha, -beta),
        "alpha was applied twice: to an operand and to the product.": (alpha**2, beta),
        "alpha scales C too: this is alpha (A B + beta C).": (alpha, alpha * beta),
        "This is alpha (A B + C).": (alpha, alpha),
        "beta scales the product too: this is beta (alpha A B + C).": (
            alpha * beta,
            beta,
        ),
        "The magnitude of alpha was taken.": (abs(alpha), beta),
        "The magnitude of beta was taken.": (alpha, abs(beta)),
        "alpha and beta were cut to whole numbers.": (int(alpha), int(beta)),
    }
    mistakes = {
        text: with_factors(*pair)
        for text, pair in factors.items()
        if pair != (alpha, beta)
    }
    mistakes["The last of the k terms of each sum is missing."] = lambda: gemm(
        a[:, :-1], b[:-1], c, alpha, beta
    )
    mistakes |= {
        "Only the first column of C was taken, and added to all.": lambda: gemm(
            a, b, np.broadcast_to(c[:, :1], c.shape), alpha, beta
        ),
        "Negative entries became 0: an epilog clips them.": lambda: np.maximum(
            gemm(a, b, c, alpha, beta), 0.0
        ),
    }
    if c.shape[0] == c.shape[1]:
        mistakes["C was taken transposed."] = lambda: gemm(a, b, c.T, alpha, beta)
    if a.shape == b.shape:
        mistakes["This is alpha B A + beta C: the operands are exchanged."] = lambda: (
            gemm(b, a, c, alpha, beta)
        )
    return mistakes


def gemm_flops(m: int, n: int, k: int) -> dict[str, tuple[int, int]]:
    """
    Return the floating-point operations of alpha A B + beta C, not fused, in two forms.

    Returns:
        ``"operator"``, where alpha scales A, and ``"matmul"``, where it scales the
        product: each the exact count, with k - 1 additions for an entry of the product,
        and the usual one, with k.
    """
    beta_c_and_sum = 2 * m * n
    products = (m * n * (2 * k - 1), 2 * m * n * k)
    return {
        form: (products[0] + rest, products[1] + rest)
        for form, rest in (
            ("operator", m * k + beta_c_and_sum),
            ("matmul", m * n + beta_c_and_sum),
        )
    }


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


def fft_filter(signal: npt.NDArray[Any], filter_data: npt.NDArray[Any]) -> Complexes:
    """Return each row filtered in the frequency domain, in complex128."""
    spectrum = np.fft.fft(signal.astype(np.complex128))
    result: Complexes = np.fft.ifft(spectrum * filter_data)
    return result


def unitary_fft(x: npt.NDArray[Any]) -> Complexes:
    """Return the orthonormal FFT along the last axis, in complex128."""
    result: Complexes = np.fft.fft(x.astype(np.complex128), norm="ortho")
    return result


def unitary_ifft(x: npt.NDArray[Any]) -> Complexes:
    """Return the inverse of :func:`unitary_fft`, in complex128."""
    result: Complexes = np.fft.ifft(x.astype(np.complex128), norm="ortho")
    return result


def fft_filter_mistakes(
    signal: npt.NDArray[Any], filter_data: npt.NDArray[Any]
) -> Mistakes:
    """
    Return what the usual mistakes make of :func:`fft_filter`.

    Args:
        signal: Shape ``(batch, n)``.

        filter_data: The same shape.

    Returns:
        A function for each mistake, under a sentence that names it.
    """
    batch, n = signal.shape

    def scaled(factor: float) -> Callable[[], Complexes]:
        return lambda: factor * fft_filter(signal, filter_data)

    def filtered(other: npt.NDArray[Any]) -> Callable[[], Complexes]:
        return lambda: fft_filter(signal, np.broadcast_to(other, signal.shape))

    mistakes: Mistakes = {
        f"The factor 1/n is missing: nvmath normalises neither transform, so that "
        f"there and back multiplies by n = {n}.": scaled(n),
        "The result is divided by n twice.": scaled(1 / n),
        "The result is divided by the square root of n, not by n.": scaled(n**0.5),
        f"The result is divided by all {batch * n} elements. Each row is a transform "
        f"of its own, of n = {n} elements.": scaled(1 / batch),
        "The result is divided by the number of rows, not by n.": scaled(n / batch),
        "The filter lies in memory column by column, the spectrum row by row: the same "
        "offset is another element.": filtered(
            filter_data.ravel(order="F").reshape(signal.shape)
        ),
        "The filter lies in memory row by row, the spectrum column by column: the same "
        "offset is another element.": filtered(
            filter_data.ravel().reshape(signal.shape, order="F")
        ),
        "Every row was multiplied by the first row of the filter.": filtered(
            filter_data[:1]
        ),
        "The filter was not applied.": lambda: signal.astype(np.complex128),
        "The filter was applied twice.": filtered(filter_data**2),
        "Only the real part of the filter was applied.": filtered(filter_data.real),
        "The filter's complex conjugate was applied.": filtered(filter_data.conj()),
        "The filter was added to the spectrum, not multiplied by it.": lambda: (
            signal + np.fft.ifft(filter_data.astype(np.complex128))
        ),
        "The filter was transformed as well: it is a spectrum already.": filtered(
            np.fft.fft(filter_data.astype(np.complex128))
        ),
        "This is the filtered spectrum: the inverse transform is missing.": lambda: (
            np.fft.fft(signal.astype(np.complex128)) * filter_data
        ),
        "The same, divided by n: the inverse transform is missing.": lambda: (
            np.fft.fft(signal.astype(np.complex128)) * filter_data / n
        ),
        "Both transforms went forward: the second must be an inverse one.": lambda: (
            np.fft.fft(np.fft.fft(signal.astype(np.complex128)) * filter_data) / n
        ),
        "The two transforms are exchanged: the inverse one came first.": lambda: (
            fft_filter(signal, np.roll(filter_data[:, ::-1], 1, axis=1))
        ),
        "All axes were transformed: each row is a transform of its own. Which axes "
        "does fft transform if you name none?": lambda: np.fft.ifft2(
            np.fft.fft2(signal.astype(np.complex128)) * filter_data
        ),
        "All axes were transformed forth, and one back: each row is a transform of its "
        "own. Which axes does fft transform if you name none?": lambda: np.fft.ifft(
            np.fft.fft2(signal.astype(np.complex128)) * filter_data
        ),
        "The filter was read with frequency zero in the middle. Its order is that of "
        "np.fft.fftfreq, zero first.": filtered(np.fft.ifftshift(filter_data, axes=1)),
        "The columns were transformed, not the rows.": lambda: np.fft.ifft(
            np.fft.fft(signal.astype(np.complex128), axis=0) * filter_data, axis=0
        ),
    }
    mistakes |= _too_coarse(fft_filter(signal, filter_data), 1 / n, signal.dtype)
    if signal.dtype == np.complex128:
        mistakes["The filter was rounded to single precision."] = filtered(
            filter_data.astype(np.complex64)
        )
    return mistakes


def unitary_mistakes(x: npt.NDArray[Any], *, inverse: bool) -> Mistakes:
    """
    Return what the usual mistakes make of :func:`unitary_fft` and its inverse.

    Args:
        x: The operand.

        inverse: Whether the inverse was asked for.

    Returns:
        A function for each mistake, under a sentence that names it.
    """
    ours, other = unitary_fft, unitary_ifft
    if inverse:
        ours, other = other, ours
    n, axes = x.shape[-1], list(range(x.ndim))
    every = np.fft.ifftn if inverse else np.fft.fftn

    def scaled(factor: float) -> Callable[[], Complexes]:
        return lambda: factor * ours(x)

    mistakes: Mistakes = {
        f"Nothing was scaled: the factor 1/sqrt(n) is missing, n = {n}.": scaled(
            n**0.5
        ),
        "The factor is 1/n. It is 1/sqrt(n), the same in both directions.": scaled(
            n**-0.5
        ),
        "The factor is the square root of n, not one over it.": scaled(float(n)),
        "The direction is the opposite one.": lambda: other(x),
        "The result is conjugated.": lambda: ours(x).conj(),
    }
    if x.ndim > 1:
        mistakes |= {
            f"The factor is that of all {x.size} elements. Only the last axis is "
            f"transformed, n = {n}.": scaled((n / x.size) ** 0.5),
            f"The factor is that of the first axis, of length {x.shape[0]}. The last "
            f"one is transformed, n = {n}.": scaled((n / x.shape[0]) ** 0.5),
            "All axes were transformed. Which axes does fft transform if you name "
            "none?": lambda: every(x.astype(np.complex128), axes=axes, norm="ortho"),
            "All axes were transformed, and scaled for the last one alone.": lambda: (
                every(x.astype(np.complex128), axes=axes, norm="ortho")
                * (x.size / n) ** 0.5
            ),
            "The first axis was transformed, not the last.": lambda: every(
                x.astype(np.complex128), axes=axes[:1], norm="ortho"
            ),
        }
    return mistakes | _too_coarse(ours(x), n**-0.5, x.dtype)


def _too_coarse(expected: Complexes, factor: float, dtype: npt.DTypeLike) -> Mistakes:
    """Return what becomes of a result with a step in it that is coarser than a dtype."""

    def scaled(coarse: type[np.floating[Any]]) -> Callable[[], Complexes]:
        return lambda: float(coarse(factor)) / factor * expected

    mistakes: Mistakes = {
        "The factor was rounded to half precision (float16).": scaled(np.float16)
    }
    if dtype == np.complex128:
        mistakes |= {
            "Something was rounded to single precision on the way, and the operands are "
            "in double precision.": lambda: expected.astype(np.complex64),
            "The factor was rounded to single precision (float32), and the operand is "
            "in double precision.": scaled(np.float32),
        }
    return mistakes
