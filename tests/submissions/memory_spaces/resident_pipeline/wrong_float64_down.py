# A root in float64 makes x float64 on the GPU; NumPy rounds what came down.
# expect: failed copies extra_copies

import cupy as cp


def pipeline(a, b, rounds):
    x, g = cp.asarray(a), cp.asarray(b)
    for _ in range(rounds):
        x = (x @ g) / cp.sqrt(cp.full((1, 1), b.shape[0], dtype=cp.float64))
    return x.get().astype(a.dtype)
