"""The operands of ``fused_linear``: rounding alone never fails a right program."""

from __future__ import annotations

import numpy as np
import pytest

from graders.kernel_fusion.products import Extents
from graders.kernel_fusion.test_fused_linear import _case


@pytest.mark.parametrize("extents", [Extents(1, 40, 17), Extents(17, 1, 26)], ids=str)
def test_enough_is_left_by_relu(extents: Extents) -> None:
    """Summed in float32 in any order, the result is within a fifth of the limit."""
    worst = 0.0
    for seed in range(200):
        case = _case(np.random.default_rng(seed), extents, "float32")
        single = np.zeros((extents.m, extents.n), np.float32)
        for column, row in zip(case.a.T, case.b, strict=True):
            single += np.outer(column, row)
        exact = case.a.astype(np.float64) @ case.b + case.bias[:, None]
        right = np.maximum(exact, 0)
        off = np.maximum(single + case.bias[:, None], 0) - right
        worst = max(worst, float(np.linalg.norm(off) / np.linalg.norm(right)))
    assert 0 < worst < 1e-6
