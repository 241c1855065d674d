# Works on the transposes on a stream of its own; an elementwise kernel in C++ scales.
# expect: passed

import cupy as cp

scale = cp.ElementwiseKernel("T x, float64 s", "T y", "y = (T)(x * s)", "scale_by")


def pipeline(a, b, rounds):
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        x = cp.asarray(a).T
        matrix = cp.asarray(b).T
        for _ in range(rounds):
            x = scale(cp.matmul(matrix, x), b.shape[0] ** -0.5)
        answer = cp.ascontiguousarray(x.T).get(stream=stream)
    stream.synchronize()
    return answer
