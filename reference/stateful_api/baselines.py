"""The plain programs: a loop over planned products, products that nobody tuned, FFTs.

Right, and on the GPU throughout. The checks of speed compare learners' programs with
``sequence`` and ``tuned_matmul``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import cupy as cp
from nvmath.linalg.advanced import (
    Matmul,
    MatmulComputeType,
    MatmulEpilog,
    MatmulOptions,
)


def batched(a: Any, b: Any, bias: Any) -> Any:
    """Return ReLU(A B + b) for each element of a batch, in three kernels."""
    return cp.maximum(cp.matmul(a, b) + bias, 0)


def sequence(a: Any, b: Any, bias: Any) -> Any:
    """Return the same, one planned product after the other."""
    results = []
    with Matmul(a[0], b[0]) as product:
        product.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias[0]})
        for i in range(len(a)):
            product.reset_operands(a=a[i], b=b[i], epilog_inputs={"bias": bias[i]})
            results.append(product.execute())
    return cp.stack(results)


def tuned_matmul(pairs: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    """Multiply each pair with one planned product, which is not tuned."""
    remaining = iter(pairs)
    a, b = next(remaining)
    options = MatmulOptions(compute_type=MatmulComputeType.COMPUTE_32F_FAST_TF32)
    with Matmul(a, b, options=options) as product:
        product.plan()
        yield product.execute()
        for a, b in remaining:
            product.reset_operands(a=a, b=b)
            yield product.execute()


def transform_batches(batches: Iterable[Any]) -> list[Any]:
    """Transform each row of each batch, into new memory."""
    return [cp.fft.fft(batch, axis=-1) for batch in batches]
