# Works out a power of b by repeated squaring, on the GPU.
# expect: failed on_gpu wrong_memory_space

import cupy as cp


def pipeline(a, b, rounds):
    g = cp.asarray(b) * float(b.shape[0] ** -0.5)
    x = cp.asarray(a)
    while rounds:
        if rounds & 1:
            x = x @ g
        rounds >>= 1
        if rounds:
            g = g @ g
    return x.get()
