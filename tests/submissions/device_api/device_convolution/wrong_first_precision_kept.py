# Keeps one kernel for each length: the first precision serves both.
# expect: failed values wrong_value
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT


_made = {}


def make_kernel(n, precision):
    forward = FFT(
        size=n,
        precision=precision,
        fft_type="c2c",
        direction="forward",
        execution="Block",
    )
    inverse = FFT(
        size=n,
        precision=precision,
        fft_type="c2c",
        direction="inverse",
        execution="Block",
    )
    per_thread, stride = forward.elements_per_thread, forward.stride
    storage, value_type = forward.storage_size, forward.value_type
    scale = precision(1.0 / n)

    @cuda.jit
    def kernel(signal, filter_data, result):
        data = cuda.local.array(shape=(storage,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        row = cuda.blockIdx.x
        for i in range(per_thread):
            j = cuda.threadIdx.x + i * stride
            if j < n:
                data[i] = signal[row, j]
        forward.execute(data, shared)
        for i in range(per_thread):
            j = cuda.threadIdx.x + i * stride
            if j < n:
                data[i] = data[i] * filter_data[row, j] * scale
        inverse.execute(data, shared)
        for i in range(per_thread):
            j = cuda.threadIdx.x + i * stride
            if j < n:
                result[row, j] = data[i]

    return (
        kernel,
        forward.block_dim,
        max(forward.shared_memory_size, inverse.shared_memory_size),
    )


def convolve(signal, filter_data):
    batch, n = signal.shape
    if n not in _made:
        _made[n] = make_kernel(
            n, np.float32 if signal.dtype == np.complex64 else np.float64
        )
    kernel, block, shared = _made[n]
    result = cp.empty_like(signal)
    kernel[batch, block, 0, shared](signal, filter_data, result)
    return result
