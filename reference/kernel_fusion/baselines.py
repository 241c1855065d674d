"""The plain CuPy programs that would be written without kernel fusion."""

import cupy as cp


def linear_relu(a: cp.ndarray, b: cp.ndarray, bias: cp.ndarray) -> cp.ndarray:
    """Return ReLU(A B + b) in three kernels: product, bias, maximum."""
    product = a @ b
    biased = product + bias[:, None]
    return cp.maximum(biased, 0)


def fft_filter(signal: cp.ndarray, filter_data: cp.ndarray) -> cp.ndarray:
    """Filter each row: a transform, a product, a transform, a division."""
    spectrum = cp.fft.fft(signal)
    return cp.fft.ifft(spectrum * filter_data)


def unitary_fft(x: cp.ndarray) -> cp.ndarray:
    """Return the orthonormal FFT along the last axis: a transform, then a division."""
    return cp.fft.fft(x, norm="ortho")


def unitary_ifft(x: cp.ndarray) -> cp.ndarray:
    """Return the inverse of :func:`unitary_fft`."""
    return cp.fft.ifft(x, norm="ortho")


def gemm_operator(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """Return alpha A B + beta C in four kernels; the first scales A."""
    return alpha * a @ b + beta * c


def gemm_matmul(
    a: cp.ndarray, b: cp.ndarray, c: cp.ndarray, alpha: float, beta: float
) -> cp.ndarray:
    """Return alpha A B + beta C in four kernels; the second scales the product."""
    return alpha * cp.matmul(a, b) + beta * c
