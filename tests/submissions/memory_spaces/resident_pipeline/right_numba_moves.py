# numba-cuda moves the data, CuPy multiplies in numba's arrays; warnings are errors.
# expect: passed

import warnings

import cupy as cp
from numba import cuda

warnings.simplefilter("error")


def pipeline(a, b, rounds):
    x = cp.asarray(cuda.to_device(a))
    w = cp.asarray(cuda.to_device(b))
    root = float(len(b)) ** 0.5
    for _ in range(rounds):
        x = cp.dot(x, w)
        cp.true_divide(x, root, out=x)
    cp.cuda.get_current_stream().synchronize()
    return cuda.as_cuda_array(x).copy_to_host()
