"""Matrix products: layouts, types, scalars, batches, and what does not fit."""

from __future__ import annotations

import warnings
from typing import Any

from nvmath.linalg import advanced
from operands import address, fortran, operand, refusal, runs

matmul = advanced.matmul
Compute = advanced.MatmulComputeType


@runs("cuda", "staged")
def row_major(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5, first=3))


@runs("cuda", "staged")
def column_major(space: str) -> Any:
    return matmul(fortran(space, 3, 4), fortran(space, 4, 5, first=3))


@runs("cuda", "staged")
def row_major_times_column_major(space: str) -> Any:
    return matmul(operand(space, 3, 4), fortran(space, 4, 5, first=3))


@runs("cuda", "staged")
def column_major_times_row_major(space: str) -> Any:
    return matmul(fortran(space, 3, 4), operand(space, 4, 5, first=3))


@runs("cuda")
def transposed_views(space: str) -> Any:
    return matmul(operand(space, 4, 3).T, operand(space, 5, 4, first=3).T)


@runs("cuda")
def windows(space: str) -> Any:
    return matmul(operand(space, 6, 8)[1:4, 2:6], operand(space, 6, 7)[1:5, :5])


@runs("cuda")
def every_second_row(space: str) -> Any:
    return matmul(operand(space, 6, 4)[::2], operand(space, 4, 5))


@runs("cuda")
def every_second_column(space: str) -> Any:
    return matmul(operand(space, 3, 8)[:, ::2], operand(space, 4, 5))


@runs("cuda", "staged")
def double(space: str) -> Any:
    return matmul(
        operand(space, 3, 4, dtype="float64"), operand(space, 4, 5, dtype="float64")
    )


@runs("cuda")
def half(space: str) -> Any:
    return matmul(
        operand(space, 8, 8, dtype="float16"), operand(space, 8, 8, dtype="float16")
    )


@runs("cuda")
def complex_numbers(space: str) -> Any:
    return matmul(
        operand(space, 3, 4, dtype="complex64"),
        operand(space, 4, 5, dtype="complex64", first=3),
    )


@runs("cuda")
def complex_double(space: str) -> Any:
    return matmul(
        operand(space, 3, 4, dtype="complex128"),
        operand(space, 4, 5, dtype="complex128", first=3),
    )


@runs("cuda")
def integers(space: str) -> Any:
    return matmul(
        operand(space, 3, 4, dtype="int32"), operand(space, 4, 5, dtype="int32")
    )


@runs("cuda")
def types_mixed(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5, dtype="float64"))


@runs("cuda")
def batch(space: str) -> Any:
    return matmul(operand(space, 2, 3, 4), operand(space, 2, 4, 5, first=3))


@runs("cuda")
def batch_of_column_major(space: str) -> Any:
    a = operand(space, 2, 4, 3).transpose(0, 2, 1)
    return matmul(a, operand(space, 2, 4, 5, first=3))


@runs("cuda")
def batch_times_one(space: str) -> Any:
    return matmul(operand(space, 2, 3, 4), operand(space, 4, 5, first=3))


@runs("cuda")
def batches_that_differ(space: str) -> Any:
    return matmul(operand(space, 2, 3, 4), operand(space, 3, 4, 5))


@runs("cuda")
def two_batch_axes(space: str) -> Any:
    return matmul(operand(space, 2, 2, 3, 4), operand(space, 2, 2, 4, 5))


@runs("cuda")
def batch_last(space: str) -> Any:
    a = operand(space, 3, 4, 2).transpose(2, 0, 1)
    return matmul(a, operand(space, 2, 4, 5))


@runs("cuda")
def vector_times_matrix(space: str) -> Any:
    return matmul(operand(space, 4), operand(space, 4, 5))


@runs("cuda")
def matrix_times_vector(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4))


@runs("cuda")
def vector_times_vector(space: str) -> Any:
    return matmul(operand(space, 4), operand(space, 4, first=3))


@runs("cuda")
def one_by_one(space: str) -> Any:
    return matmul(operand(space, 1, 1), operand(space, 1, 1, first=4))


@runs("cuda")
def scalars(space: str) -> Any:
    a, b, c = operand(space, 3, 4), operand(space, 4, 5), operand(space, 3, 5, first=9)
    result = matmul(a, b, c, alpha=0.5, beta=-2.0)
    return [result, c, address(result) == address(c)]


@runs("cuda", "staged")
def added_in_column_major(space: str) -> Any:
    a, b, c = operand(space, 3, 4), operand(space, 4, 5), fortran(space, 3, 5, first=9)
    return matmul(a, b, c, beta=1.5)


@runs("cuda", "staged")
def added_in_place(space: str) -> Any:
    a, b, c = operand(space, 3, 4), operand(space, 4, 5), operand(space, 3, 5, first=9)
    result = matmul(a, b, c, beta=1.0, options={"inplace": True})
    return [result, c, address(result) == address(c)]


@runs("cuda")
def alpha_alone(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5), alpha=-0.25)


@runs("cuda")
def beta_without_c(space: str) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = matmul(operand(space, 3, 4), operand(space, 4, 5), beta=2.0)
    return [result, [str(w.message) for w in caught]]


@runs("cuda")
def c_without_beta(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5), operand(space, 3, 5))


@runs("cuda")
def c_that_does_not_fit(space: str) -> Any:
    a, b = operand(space, 3, 4), operand(space, 4, 5)
    return [
        refusal(matmul, a, b, operand(space, 2, 5), beta=1.0),
        refusal(matmul, a, b, operand(space, 3, 4), beta=1.0),
        refusal(matmul, a, b, operand(space, 5), beta=1.0),
        refusal(matmul, a, b, operand(space, 3, 5, dtype="float64"), beta=1.0),
        refusal(matmul, a, b, operand("cpu", 3, 5), beta=1.0),
    ]


@runs("cuda")
def scalars_that_do_not_fit(space: str) -> Any:
    a, b = operand(space, 3, 4), operand(space, 4, 5)
    return [refusal(matmul, a, b, alpha="one"), refusal(matmul, a, b, alpha=1j)]


@runs("cuda", "staged")
def inner_extents_that_differ(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 5, 4))


@runs("cuda")
def no_columns(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 0))


@runs("cuda")
def memory_spaces_mixed(space: str) -> Any:
    a, b = operand(space, 3, 4), operand("cpu", 4, 5)
    return [refusal(matmul, a, b), refusal(matmul, b.T, a.T)]


@runs("cuda")
def no_arrays(space: str) -> Any:
    a = operand(space, 2, 2)
    return [refusal(matmul, a, [[1.0, 2.0], [3.0, 4.0]]), refusal(matmul, a, None)]


@runs("cuda", tolerance=3e-3)
def tensor_floats(space: str) -> Any:
    options = {"compute_type": Compute.COMPUTE_32F_FAST_TF32}
    return matmul(operand(space, 16, 16), operand(space, 16, 16), options=options)


@runs("cuda", tolerance=2e-2)
def brain_floats_inside(space: str) -> Any:
    options = {"compute_type": Compute.COMPUTE_32F_FAST_16BF}
    return matmul(operand(space, 16, 16), operand(space, 16, 16), options=options)


@runs("cuda")
def compute_type_that_does_not_fit(space: str) -> Any:
    options = {"compute_type": Compute.COMPUTE_64F}
    return matmul(operand(space, 4, 4), operand(space, 4, 4), options=options)


@runs("cuda")
def unknown_option(space: str) -> Any:
    return matmul(operand(space, 4, 4), operand(space, 4, 4), options={"tf32": True})


@runs("cuda", "staged")
def result_type_named(space: str) -> Any:
    a, b = (operand(space, 8, 8, dtype="float16", first=k) for k in (0, 5))
    from nvmath import CudaDataType

    return matmul(a, b, options={"result_type": CudaDataType.CUDA_R_32F})
