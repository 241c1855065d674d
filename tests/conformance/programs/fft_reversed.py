"""FFTs of views with negative strides.

Apart from the others: what a library does with them may take the process's GPU down.
"""

from __future__ import annotations

from typing import Any

import nvmath
from operands import operand, runs


@runs("cuda", "cpu")
def reversed_rows(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    return nvmath.fft.fft(x[:, ::-1], axes=[1])


@runs("cuda", "cpu")
def reversed_batch(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    return nvmath.fft.fft(x[::-1], axes=[1])
