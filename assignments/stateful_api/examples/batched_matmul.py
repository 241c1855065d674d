"""Each element of a batch, beside NumPy's float64."""

import cupy as cp
import numpy as np


def show_batched_matmul(batched, sequence):
    """Print the largest error of each product, for both ways to compute them."""
    rng = np.random.default_rng(1)
    shapes = ((4, 32, 24), (4, 24, 16), (4, 32, 1))
    a, b, bias = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
    expected = np.maximum(a.astype(float) @ b.astype(float) + bias, 0)
    for way in (batched, sequence):
        result = cp.asnumpy(way(cp.asarray(a), cp.asarray(b), cp.asarray(bias)))
        errors = np.abs(result - expected).max(axis=(1, 2))
        print(f"{way.__name__:<10}" + "".join(f"{error:>10.0e}" for error in errors))
