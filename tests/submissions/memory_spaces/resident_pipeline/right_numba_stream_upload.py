# numba-cuda copies up on a stream of its own, into arrays that CuPy made.
# expect: passed

import cupy as cp
from numba import cuda


def pipeline(a, b, rounds):
    x, w = cp.empty(a.shape, a.dtype), cp.empty(b.shape, b.dtype)
    stream = cuda.stream()
    cuda.as_cuda_array(x).copy_to_device(a, stream=stream)
    cuda.as_cuda_array(w).copy_to_device(b, stream=stream)
    stream.synchronize()
    for _ in range(rounds):
        x = x @ w
        x /= float(len(w)) ** 0.5
    return x.get()
