# Makes kernels of every kind when it is loaded, and launches none of them.
# expect: passed

import cupy as cp
from cupyx import jit
from nvmath.linalg import advanced

CODE = 'extern "C" __global__ void relu(float* x) { x[threadIdx.x] *= 2; }'

relu = cp.RawKernel(CODE, "relu")
module = cp.RawModule(code=CODE)
same_relu = module.get_function("relu")
largest = cp.ReductionKernel("T x", "T y", "x", "max(a, b)", "y = a", "0", "largest")
loop = cp.ElementwiseKernel("T x", "T y", "for (int k = 0; k < 3; ++k) y += x;", "loop")
clipped = cp.vectorize(lambda x: max(x, 0))


@jit.rawkernel()
def in_python(x, size):
    i = jit.grid(1)
    if i < size:
        x[i] = max(x[i], 0)


@cp.memoize()
def epilog():
    return advanced.MatmulEpilog.RELU_BIAS


def fused_linear(a, b, bias):
    return advanced.matmul(a, b, epilog=epilog(), epilog_inputs={"bias": bias})
