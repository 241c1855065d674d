# Everything runs on a stream of its own, which the calls wait for.
# expect: passed

import cupy as cp
from nvmath.linalg import advanced


def on_stream(function, *arguments):
    stream = cp.cuda.Stream(non_blocking=True)
    stream.wait_event(cp.cuda.get_current_stream().record())
    with stream:
        result = function(*arguments)
    stream.synchronize()
    return result


def gemm_operator(a, b, c, alpha, beta):
    return on_stream(lambda: (alpha * a) @ b + beta * c)


def gemm_matmul(a, b, c, alpha, beta):
    return on_stream(lambda: alpha * (a @ b) + beta * c)


def gemm_fused(a, b, c, alpha, beta):
    return on_stream(lambda: advanced.matmul(a, b, c, alpha=alpha, beta=beta))


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
