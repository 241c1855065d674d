"""The generic matrix product, which runs where its operands are."""

from __future__ import annotations

from typing import Any

import nvmath
from operands import fortran, operand, refusal, runs

matmul = nvmath.linalg.matmul


@runs("cuda", "cpu")
def row_major(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5, first=3))


@runs("cuda", "cpu")
def column_major(space: str) -> Any:
    return matmul(fortran(space, 3, 4), fortran(space, 4, 5, first=3))


@runs("cuda", "cpu")
def orders_mixed(space: str) -> Any:
    return matmul(operand(space, 3, 4), fortran(space, 4, 5, first=3))


@runs("cuda", "cpu")
def double(space: str) -> Any:
    a, b = (operand(space, 4, 4, dtype="float64", first=k) for k in (0, 5))
    return matmul(a, b, alpha=0.5)


@runs("cuda", "cpu")
def complex_numbers(space: str) -> Any:
    a, b = (operand(space, 4, 4, dtype="complex128", first=k) for k in (0, 5))
    return matmul(a, b)


@runs("cuda", "cpu")
def batch(space: str) -> Any:
    return matmul(operand(space, 2, 3, 4), operand(space, 2, 4, 5, first=3))


@runs("cuda", "cpu")
def scalars(space: str) -> Any:
    a, b, c = operand(space, 3, 4), operand(space, 4, 5), operand(space, 3, 5, first=9)
    return [matmul(a, b, c, alpha=0.5, beta=-2.0), c]


@runs("cuda", "cpu")
def what_does_not_fit(space: str) -> Any:
    a = operand(space, 3, 4)
    return [
        refusal(matmul, a, operand(space, 5, 4)),
        refusal(matmul, a, operand(space, 4, 5, dtype="float64")),
        refusal(matmul, a, operand(space, 4, 5), operand(space, 3, 5)),
        refusal(matmul, a, None),
    ]


@runs("cuda", "cpu")
def phases(space: str) -> Any:
    a, b = operand(space, 3, 4), operand(space, 4, 5, first=3)
    product = nvmath.linalg.Matmul(a, b)
    early = refusal(product.execute)
    product.plan()
    first = product.execute()
    product.reset_operands(a=operand(space, 3, 4, first=8))
    second = product.execute()
    product.free()
    return [early, first, second, refusal(product.execute)]


@runs("staged")
def on_the_gpu(space: str) -> Any:
    return matmul(operand(space, 3, 4), operand(space, 4, 5), execution="cuda")
