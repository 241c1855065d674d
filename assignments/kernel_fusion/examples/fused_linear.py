"""A few shapes, beside NumPy's float64."""

import cupy as cp
import numpy as np


def show_fused_linear(fused_linear):
    """Print how far results are from float64, and how much of each the ReLU clipped."""
    rng = np.random.default_rng(1)
    for m, k, n in ((4, 3, 5), (60, 40, 20), (64, 200, 128)):
        shapes = ((m, k), (k, n), (m,))
        a, b, bias = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        result = cp.asnumpy(
            fused_linear(cp.asarray(a), cp.asarray(b), cp.asarray(bias))
        )
        product = a.astype(float) @ b.astype(float)
        off = np.abs(result - np.maximum(product + bias[:, np.newaxis], 0)).max()
        clipped = f"{100 * np.mean(result == 0):.0f}% of the entries are 0"
        print(f"{result.shape}: largest error {off:.0e}, {clipped}")
