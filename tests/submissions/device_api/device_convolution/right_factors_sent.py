# Sends a table of factors, as long as a row.
# expect: passed
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT

store = {}


def factory(n, precision):
    make = lambda direction: FFT(
        size=n, precision=precision, fft_type="c2c", execution="Block", direction=direction,
        ffts_per_block=1, elements_per_thread="suggested",
    )
    forward, inverse = map(make, ("forward", "inverse"))
    value, storage, ept, stride = forward.value_type, forward.storage_size, forward.elements_per_thread, forward.stride

    @cuda.jit
    def kernel(signal, spectrum, scale, result):
        data = cuda.local.array(storage, value)
        shared = cuda.shared.array(0, value)
        row = cuda.blockIdx.x
        for e in range(ept):
            i = cuda.threadIdx.x + e * stride
            if i < n:
                data[e] = signal[row, i]
        forward.execute(data, shared)
        for e in range(ept):
            i = cuda.threadIdx.x + e * stride
            if i < n:
                data[e] = data[e] * (spectrum[row, i] * scale[i])
        inverse.execute(data, shared)
        for e in range(ept):
            i = cuda.threadIdx.x + e * stride
            if i < n:
                result[row, i] = data[e]

    return kernel, forward.block_dim, max(forward.shared_memory_size, inverse.shared_memory_size)


def convolve(signal, filter_data):
    n = signal.shape[1]
    key = n, signal.dtype.char
    if key not in store:
        store[key] = factory(n, np.float32 if key[1] == "F" else np.float64)
    kernel, block, shared = store[key]
    scale = cp.asarray(np.full(n, 1 / n))
    result = cp.empty_like(signal)
    kernel[signal.shape[0], block, 0, shared](signal, filter_data, scale, result)
    cuda.synchronize()
    return result
