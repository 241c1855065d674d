"""A convolution in one kernel: a block loads a row, and does all the rest in registers."""

import functools

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT

PRECISIONS = {"complex64": np.float32, "complex128": np.float64}


@functools.cache
def _compiled(size: int, dtype: str):
    """Return the kernel for rows of this length, and one of its transforms."""
    precision = PRECISIONS[dtype]
    common = {
        "size": size,
        "precision": precision,
        "fft_type": "c2c",
        "execution": "Block",
        "ffts_per_block": 1,
    }
    forward = FFT(**common, direction="forward")
    share = forward.elements_per_thread
    # Both transforms share the elements in the same way.
    inverse = FFT(**common, direction="inverse", elements_per_thread=share)
    storage, stride, value_type = (
        forward.storage_size,
        forward.stride,
        forward.value_type,
    )
    scale = precision(1 / size)

    @cuda.jit
    def kernel(signal, filter_data, result):
        mine = cuda.local.array(shape=(storage,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        row = cuda.blockIdx.x
        # A thread holds every stride-th element of the row, beginning with its own number.
        for i in range(share):
            column = cuda.threadIdx.x + i * stride
            if column < size:
                mine[i] = signal[row, column]
        forward.execute(mine, shared)
        for i in range(share):
            column = cuda.threadIdx.x + i * stride
            if column < size:
                mine[i] = mine[i] * (filter_data[row, column] * scale)
        inverse.execute(mine, shared)
        for i in range(share):
            column = cuda.threadIdx.x + i * stride
            if column < size:
                result[row, column] = mine[i]

    needed = max(forward.shared_memory_size, inverse.shared_memory_size)
    return kernel, forward.block_dim, needed


def convolve(signal: cp.ndarray, filter_data: cp.ndarray) -> cp.ndarray:
    """
    Filter each row of a batch of signals, in one kernel.

    Args:
        signal: CuPy array, complex64 or complex128, shape ``(batch, n)``.

        filter_data: The filters' spectra, of the same shape and dtype.

    Returns:
        A new CuPy array of the same shape and dtype.
    """
    batch, size = signal.shape
    kernel, block, shared = _compiled(size, signal.dtype.name)
    result = cp.empty_like(signal)
    kernel[batch, tuple(block), 0, shared](signal, filter_data, result)
    return result
