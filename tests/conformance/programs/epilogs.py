"""Epilogs of matrix products: values, order of the result, shapes of the bias."""

from __future__ import annotations

from typing import Any

from nvmath.linalg import advanced
from operands import fortran, operand, refusal, runs

matmul = advanced.matmul
Epilog = advanced.MatmulEpilog


def factors(space: str, dtype: str = "float32") -> tuple[Any, Any]:
    return (
        operand(space, 8, 4, dtype=dtype),
        operand(space, 4, 16, dtype=dtype, first=3),
    )


def with_bias(space: str, bias: Any, epilog: Any = Epilog.BIAS, **options: Any) -> Any:
    inputs = {"bias": bias}
    return matmul(*factors(space), epilog=epilog, epilog_inputs=inputs, **options)


@runs("cuda", "staged")
def relu(space: str) -> Any:
    return matmul(*factors(space), epilog=Epilog.RELU)


@runs("cuda")
def relu_of_column_major(space: str) -> Any:
    a, b = fortran(space, 8, 4), fortran(space, 4, 16, first=3)
    return matmul(a, b, epilog=Epilog.RELU)


@runs("cuda", "staged")
def bias(space: str) -> Any:
    return with_bias(space, operand(space, 8))


@runs("cuda")
def bias_as_a_column(space: str) -> Any:
    return with_bias(space, operand(space, 8, 1))


@runs("cuda")
def bias_as_a_row(space: str) -> Any:
    return with_bias(space, operand(space, 1, 8))


@runs("cuda")
def bias_of_the_columns(space: str) -> Any:
    return with_bias(space, operand(space, 16))


@runs("cuda")
def bias_with_steps(space: str) -> Any:
    return with_bias(space, operand(space, 16)[::2])


@runs("cuda")
def bias_of_another_type(space: str) -> Any:
    return with_bias(space, operand(space, 8, dtype="float64"))


@runs("cuda")
def bias_in_cpu_memory(space: str) -> Any:
    return with_bias(space, operand("cpu", 8))


@runs("cuda")
def bias_missing(space: str) -> Any:
    return matmul(*factors(space), epilog=Epilog.RELU_BIAS)


@runs("cuda")
def bias_under_another_name(space: str) -> Any:
    inputs = {"b": operand(space, 8)}
    return matmul(*factors(space), epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def bias_without_epilog(space: str) -> Any:
    return matmul(*factors(space), epilog_inputs={"bias": operand(space, 8)})


@runs("cuda", "staged")
def relu_bias(space: str) -> Any:
    return with_bias(space, operand(space, 8), Epilog.RELU_BIAS)


@runs("cuda")
def relu_bias_of_views(space: str) -> Any:
    a, b = operand(space, 4, 8).T, operand(space, 16, 4, first=3).T
    inputs = {"bias": operand(space, 8)}
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def relu_bias_in_double(space: str) -> Any:
    inputs = {"bias": operand(space, 8, dtype="float64")}
    a, b = factors(space, "float64")
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def relu_bias_in_half(space: str) -> Any:
    a, b = (operand(space, 8, 8, dtype="float16", first=k) for k in (0, 5))
    inputs = {"bias": operand(space, 8, dtype="float16")}
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def relu_bias_and_scalars(space: str) -> Any:
    c = operand(space, 8, 16, first=9)
    bias = operand(space, 8)
    return with_bias(space, bias, Epilog.RELU_BIAS, c=c, alpha=0.5, beta=2.0)


@runs("cuda")
def relu_bias_added_to_column_major(space: str) -> Any:
    c = fortran(space, 8, 16, first=9)
    return with_bias(space, operand(space, 8), Epilog.RELU_BIAS, c=c, beta=2.0)


@runs("cuda")
def relu_bias_of_a_batch(space: str) -> Any:
    a, b = operand(space, 2, 8, 4), operand(space, 2, 4, 16, first=3)
    inputs = {"bias": operand(space, 2, 8, 1)}
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def one_bias_for_a_batch(space: str) -> Any:
    a, b = operand(space, 2, 8, 4), operand(space, 2, 4, 16, first=3)
    inputs = {"bias": operand(space, 8)}
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda", tolerance=1e-3)
def gelu(space: str) -> Any:
    return matmul(*factors(space), epilog=Epilog.GELU)


@runs("cuda", tolerance=1e-3)
def gelu_bias(space: str) -> Any:
    return with_bias(space, operand(space, 8), Epilog.GELU_BIAS)


@runs("cuda")
def relu_with_its_mask(space: str) -> Any:
    a, b = operand(space, 8, 4), operand(space, 4, 16, first=3)
    result, extra = matmul(a, b, epilog=Epilog.RELU_AUX)
    mask = extra["relu_aux"]
    # Which rows of the mask are padding is cuBLASLt's own business.
    return [result, sorted(extra), str(mask.dtype), mask.ndim]


@runs("cuda")
def relu_of_uneven_extents(space: str) -> Any:
    a, b = operand(space, 5, 3), operand(space, 3, 7, first=3)
    inputs = {"bias": operand(space, 5)}
    return matmul(a, b, epilog=Epilog.RELU_BIAS, epilog_inputs=inputs)


@runs("cuda")
def what_is_no_epilog(space: str) -> Any:
    a, b = factors(space)
    return [refusal(matmul, a, b, epilog="RELU"), refusal(matmul, a, b, epilog=99999)]
