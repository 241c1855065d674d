# Keeps the number of a row in eight bits.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT

kernels = {}


def make(size, dtype):
    precision = np.float32 if dtype == np.complex64 else np.float64
    common = dict(size=size, precision=precision, fft_type="c2c", execution="Block")
    forward = FFT(direction="forward", **common)
    inverse = FFT(direction="inverse", **common)
    share, stride = forward.elements_per_thread, forward.stride
    storage, value_type = forward.storage_size, forward.value_type

    @cuda.jit
    def kernel(signal, filter_data, result):
        mine = cuda.local.array(shape=(storage,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        row = cuda.blockIdx.x & 0xFF
        for i in range(share):
            k = cuda.threadIdx.x + i * stride
            if k < size:
                mine[i] = signal[row, k]
        forward.execute(mine, shared)
        for i in range(share):
            k = cuda.threadIdx.x + i * stride
            if k < size:
                mine[i] = mine[i] * filter_data[row, k]
        inverse.execute(mine, shared)
        for i in range(share):
            k = cuda.threadIdx.x + i * stride
            if k < size:
                result[row, k] = mine[i] / precision(size)

    return kernel, forward


def convolve(signal, filter_data):
    batch, size = signal.shape
    key = size, signal.dtype
    if key not in kernels:
        kernels[key] = make(*key)
    kernel, fft = kernels[key]
    result = cp.empty_like(signal)
    kernel[batch, fft.block_dim, 0, fft.shared_memory_size](signal, filter_data, result)
    return result
