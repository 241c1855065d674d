# Turns the factors into numbers of the operands' dtype.
# expect: passed

from nvmath.linalg import advanced


def gemm_operator(a, b, c, alpha, beta):
    alpha, beta = (a.dtype.type(x) for x in (alpha, beta))
    return alpha * a @ b + beta * c


def gemm_matmul(a, b, c, alpha, beta):
    alpha, beta = (a.dtype.type(x) for x in (alpha, beta))
    product = a @ b
    return product * alpha + c * beta


def gemm_fused(a, b, c, alpha, beta):
    alpha, beta = (a.dtype.type(x) for x in (alpha, beta))
    return advanced.matmul(a, b, c, alpha=alpha, beta=beta)


def gemm_flops(m, n, k):
    product = m * n * (2 * k - 1)
    return {
        "operator": m * k + product + 2 * m * n,
        "matmul": product + 3 * m * n,
    }
