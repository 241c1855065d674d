# Annotated with the types of cupy.typing, which do nothing when it runs.
# expect: passed

import cupy as cp
from cupy.exceptions import ComplexWarning
from cupy.typing import ArrayLike, DTypeLike, NDArray
from nvmath.linalg.advanced import MatmulEpilog, matmul

Matrix = NDArray[cp.float32]


def as_matrix(values: ArrayLike, dtype: DTypeLike) -> NDArray:
    return cp.asarray(values, dtype)


def fused_linear(a: NDArray, b: NDArray, bias: NDArray) -> NDArray:
    assert not issubclass(a.dtype.type, ComplexWarning)
    a: Matrix = as_matrix(a, a.dtype)
    return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
