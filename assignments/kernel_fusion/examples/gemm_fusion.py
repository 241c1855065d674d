"""Three forms of one formula, and the operations that two of them take."""

import cupy as cp
import numpy as np


def show_gemm_fusion(gemm_operator, gemm_matmul, gemm_fused, gemm_flops):
    """Print how far each form is from float64, and a table of operations."""
    rng = np.random.default_rng(1)
    m, n, k = 1000, 40, 10
    a, b, c = (
        rng.standard_normal(shape, dtype=np.float32)
        for shape in ((m, k), (k, n), (m, n))
    )
    expected = 1.5 * (a.astype(float) @ b.astype(float)) - 0.5 * c.astype(float)
    for form in (gemm_operator, gemm_matmul, gemm_fused):
        operands = [cp.asarray(array) for array in (a, b, c)]
        apart = np.abs(cp.asnumpy(form(*operands, 1.5, -0.5)) - expected).max()
        print(f"{form.__name__:<14} largest error {apart:.1e}")

    print(f"\n{'m':>10} {'n':>6} {'k':>10} {'operator':>18} {'matmul':>18}")
    for m, n, k in ((1000, 1000, 1000), (10_000_000, 40, 10), (40, 10, 10_000_000)):
        flops = gemm_flops(m, n, k)
        print(f"{m:>10} {n:>6} {k:>10} {flops['operator']:>18,} {flops['matmul']:>18,}")
