# Multiplies with NumPy, one row on the GPU, and writes over an array that came down.
# exercise: memory_spaces/resident_pipeline
# devices: simulator
# expect: failed on_gpu wrong_memory_space

import cupy as cp


def pipeline(a, b, rounds):
    x, g = cp.asarray(a), cp.asarray(b)
    y = a
    for _ in range(rounds):
        _ = x[:1] @ g
        y = (y @ b) / a.dtype.type(b.shape[0] ** 0.5)
    show = x.get()
    show[...] = y
    return show
