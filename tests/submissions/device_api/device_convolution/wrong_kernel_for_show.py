# Computes with NumPy; its kernel transforms a row for show.
# expect: failed device_api extra_copies

import cupy as cp
import numpy as np
import functools
from numba import cuda
from nvmath.device import FFT
def prec(dt): return np.float32 if np.dtype(dt) == np.complex64 else np.float64


@functools.lru_cache(None)
def make(n, dt):
    f = FFT(size=n, precision=prec(dt), fft_type="c2c", direction="forward", execution="Block")
    g = FFT(size=n, precision=prec(dt), fft_type="c2c", direction="inverse", execution="Block")
    ept, stride, store, vt = f.elements_per_thread, f.stride, max(f.storage_size, g.storage_size), f.value_type
    @cuda.jit
    def kernel(x, h, y):
        row = cuda.blockIdx.x
        t = cuda.threadIdx.x
        d = cuda.local.array(shape=store, dtype=vt)
        sh = cuda.shared.array(shape=(0,), dtype=vt)
        for i in range(ept):
            j = t + i * stride
            if j < n: d[i] = x[row, j]
        f.execute(d, sh)
        for i in range(ept):
            j = t + i * stride
            if j < n: d[i] = d[i] * h[row, j]
        g.execute(d, sh)
        for i in range(ept):
            j = t + i * stride
            if j < n: y[row, j] = d[i] / n
    return kernel, f.block_dim, max(f.shared_memory_size, g.shared_memory_size)


def convolve(signal, filter_data):
    n = signal.shape[1]
    s, h = signal.get(), filter_data.get()
    out = cp.asarray(np.fft.ifft(np.fft.fft(s) * h).astype(signal.dtype))
    k, block, smem = make(n, signal.dtype)
    k[1, block, 0, smem](signal[:1], filter_data[:1], out[:1])
    return out
