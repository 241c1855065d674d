"""A stream of products, and how precise they are."""

import cupy as cp
import numpy as np


def show_autotuned_matmul(tuned_matmul):
    """Print the relative error of each product of a stream."""
    rng = np.random.default_rng(1)
    pairs = [
        (
            rng.standard_normal((64, 48), dtype=np.float32),
            rng.standard_normal((48, 32), dtype=np.float32),
        )
        for _ in range(4)
    ]
    stream = ((cp.asarray(a), cp.asarray(b)) for a, b in pairs)  # can be read only once
    for number, result in enumerate(tuned_matmul(stream)):
        a, b = pairs[number]
        expected = a.astype(float) @ b.astype(float)
        off = np.linalg.norm(cp.asnumpy(result) - expected) / np.linalg.norm(expected)
        print(f"product {number}: {result.shape}, relative error {off:.0e}")
