# Has line tables compiled into the kernel, as profilers want them: nvJitLink 13.5 links that, 13.0 does not.
# expect: passed
# devices: simulator

import functools
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT


@functools.lru_cache(maxsize=None)
def _kernel(n, dtype):
    precision = np.float32 if dtype == "complex64" else np.float64
    fwd = FFT(fft_type="c2c", size=n, precision=precision, direction="forward", execution="Block", ffts_per_block=1)
    inv = FFT(fft_type="c2c", size=n, precision=precision, direction="inverse", execution="Block", ffts_per_block=1, elements_per_thread=fwd.elements_per_thread)
    ept, stride, value_type = fwd.elements_per_thread, fwd.stride, fwd.value_type
    storage, shared = fwd.storage_size, max(fwd.shared_memory_size, inv.shared_memory_size)

    @cuda.jit(lineinfo=True)
    def kernel(out, signal, filt):
        thread = cuda.local.array(shape=(storage,), dtype=value_type)
        smem = cuda.shared.array(shape=(0,), dtype=value_type)
        row = cuda.blockIdx.x
        lane = cuda.threadIdx.x
        for i in range(ept):
            k = lane + i * stride
            if k < n:
                thread[i] = signal[row, k]
        fwd.execute(thread, smem)
        for i in range(ept):
            k = lane + i * stride
            if k < n:
                thread[i] = thread[i] * filt[row, k] / precision(n)
        inv.execute(thread, smem)
        for i in range(ept):
            k = lane + i * stride
            if k < n:
                out[row, k] = thread[i]

    return kernel, fwd.block_dim, shared


def convolve(signal, filter_data):
    batch, n = signal.shape
    kernel, block, shared = _kernel(n, signal.dtype.name)
    out = cp.empty_like(signal)
    stream = cuda.external_stream(cp.cuda.get_current_stream().ptr)
    kernel[batch, block, stream, shared](out, signal, filter_data)
    stream.synchronize()
    return out
