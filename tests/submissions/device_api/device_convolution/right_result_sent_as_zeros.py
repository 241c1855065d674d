# Sends zeros for its result, which the kernel writes in full.
# expect: passed
# devices: simulator
import cupy as cp
import numpy as np
from numba import cuda
from nvmath.device import FFT


def convolve(signal, filter_data):
    batch = signal.shape[0]
    n = signal.shape[1]
    if signal.dtype == np.complex64:
        precision = np.float32
    else:
        precision = np.float64
    FFT_fwd = FFT(fft_type="c2c", size=n, precision=precision, direction="forward", execution="Block", ffts_per_block=1, elements_per_thread="suggested")
    FFT_inv = FFT(fft_type="c2c", size=n, precision=precision, direction="inverse", execution="Block", ffts_per_block=1, elements_per_thread="suggested")
    print("elements per thread:", FFT_fwd.elements_per_thread)
    print("stride:", FFT_fwd.stride)
    print("block dim:", FFT_fwd.block_dim)
    value_type = FFT_fwd.value_type
    storage_size = FFT_fwd.storage_size
    elements_per_thread = FFT_fwd.elements_per_thread
    stride = FFT_fwd.stride

    @cuda.jit
    def my_kernel(signal, filter_data, result):
        thread_data = cuda.local.array(shape=(storage_size,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        row = cuda.blockIdx.x
        for i in range(elements_per_thread):
            column = cuda.threadIdx.x + i * stride
            if column < n:
                thread_data[i] = signal[row, column]
        FFT_fwd.execute(thread_data, shared)
        for i in range(elements_per_thread):
            column = cuda.threadIdx.x + i * stride
            if column < n:
                thread_data[i] = thread_data[i] * filter_data[row, column] / n
        FFT_inv.execute(thread_data, shared)
        for i in range(elements_per_thread):
            column = cuda.threadIdx.x + i * stride
            if column < n:
                result[row, column] = thread_data[i]

    result = cuda.to_device(np.zeros(signal.shape, signal.dtype))
    shared_memory_size = max(FFT_fwd.shared_memory_size, FFT_inv.shared_memory_size)
    my_kernel[batch, FFT_fwd.block_dim, 0, shared_memory_size](signal, filter_data, result)
    cuda.synchronize()
    print("done")
    return cp.asarray(result)
