"""FFTs of operands in all layouts: values, and the strides of the results."""

from __future__ import annotations

from typing import Any

import nvmath
from operands import fortran, operand, runs

fft, ifft, rfft, irfft = (
    nvmath.fft.fft,
    nvmath.fft.ifft,
    nvmath.fft.rfft,
    nvmath.fft.irfft,
)


@runs("cuda", "cpu")
def one_vector(space: str) -> Any:
    return fft(operand(space, 12, dtype="complex64"))


@runs("cuda", "cpu")
def one_point(space: str) -> Any:
    return fft(operand(space, 1, dtype="complex64"))


@runs("cuda", "cpu")
def rows(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def rows_of_odd_length(space: str) -> Any:
    return fft(operand(space, 4, 9, dtype="complex128"), axes=[-1])


@runs("cuda", "cpu")
def rows_of_prime_length(space: str) -> Any:
    return fft(operand(space, 3, 13, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def columns(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=[0])


@runs("cuda", "cpu")
def all_axes(space: str) -> Any:
    return fft(operand(space, 6, 5, dtype="complex128"))


@runs("cuda", "cpu")
def axes_swapped(space: str) -> Any:
    return fft(operand(space, 6, 5, dtype="complex128"), axes=(1, 0))


@runs("cuda", "cpu")
def cube(space: str) -> Any:
    return fft(operand(space, 3, 4, 5, dtype="complex64"))


@runs("cuda", "cpu")
def batch_of_images(space: str) -> Any:
    return fft(operand(space, 2, 4, 5, dtype="complex64"), axes=(1, 2))


@runs("cuda", "cpu")
def batch_last(space: str) -> Any:
    return fft(operand(space, 4, 5, 3, dtype="complex64"), axes=(0, 1))


@runs("cuda", "cpu")
def batch_in_the_middle(space: str) -> Any:
    return fft(operand(space, 4, 3, 5, dtype="complex64"), axes=(0, 2))


@runs("cuda", "cpu")
def middle_axis(space: str) -> Any:
    return fft(operand(space, 4, 3, 5, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def two_batch_axes(space: str) -> Any:
    return fft(operand(space, 2, 3, 2, 5, dtype="complex64"), axes=[3])


@runs("cuda", "cpu")
def four_axes(space: str) -> Any:
    return fft(operand(space, 2, 3, 2, 5, dtype="complex64"))


@runs("cuda", "cpu")
def fortran_order(space: str) -> Any:
    return fft(fortran(space, 4, 6, dtype="complex64"))


@runs("cuda", "cpu")
def rows_of_fortran_order(space: str) -> Any:
    return fft(fortran(space, 4, 6, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def columns_of_fortran_order(space: str) -> Any:
    return fft(fortran(space, 4, 6, dtype="complex64"), axes=[0])


@runs("cuda", "cpu")
def transposed_view(space: str) -> Any:
    image = operand(space, 4, 5, 3, dtype="complex64")
    return fft(image.transpose(2, 0, 1), axes=(1, 2))


@runs("cuda", "cpu")
def every_second_column(space: str) -> Any:
    return fft(operand(space, 4, 12, dtype="complex64")[:, ::2], axes=[1])


@runs("cuda", "cpu")
def every_second_row(space: str) -> Any:
    return fft(operand(space, 8, 6, dtype="complex64")[::2], axes=[1])


@runs("cuda", "cpu")
def window(space: str) -> Any:
    return fft(operand(space, 6, 8, dtype="complex64")[1:5, 2:7])


@runs("cuda", "cpu")
def new_axis(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64")[None], axes=(1, 2))


@runs("cuda", "cpu")
def there_and_back(space: str) -> Any:
    return ifft(fft(operand(space, 4, 6, dtype="complex128")))


@runs("cuda", "cpu")
def real_even(space: str) -> Any:
    return rfft(operand(space, 3, 8), axes=[1])


@runs("cuda", "cpu")
def real_odd(space: str) -> Any:
    return rfft(operand(space, 3, 9), axes=[1])


@runs("cuda", "cpu")
def real_double(space: str) -> Any:
    return rfft(operand(space, 6, 10, dtype="float64"))


@runs("cuda", "cpu")
def real_columns(space: str) -> Any:
    return rfft(operand(space, 6, 4), axes=[0])


@runs("cuda", "cpu")
def real_interleaved(space: str) -> Any:
    return rfft(operand(space, 4, 6, 3), axes=(0, 1))


@runs("cuda", "cpu")
def real_transposed_view(space: str) -> Any:
    return rfft(operand(space, 4, 6, 3).transpose(2, 0, 1), axes=(1, 2))


@runs("cuda", "cpu")
def real_fortran_order(space: str) -> Any:
    return rfft(fortran(space, 6, 4), axes=[0])


@runs("cuda", "cpu")
def real_odd_window(space: str) -> Any:
    return rfft(operand(space, 5, 12)[:, 1:8], axes=[1])


@runs("cuda", "cpu")
def window_of_complex_double(space: str) -> Any:
    x = operand(space, 5, 12, dtype="complex128")[:, 1:8]
    return fft(x, axes=[1])


@runs("cuda", "cpu")
def half_spectrum_of_a_window(space: str) -> Any:
    x = operand(space, 5, 12, dtype="complex64")[:, 1:6]
    return irfft(x, axes=[1])


@runs("cuda", "cpu")
def real_axes_swapped(space: str) -> Any:
    return rfft(operand(space, 6, 4), axes=(1, 0))


@runs("cuda", "cpu")
def back_from_interleaved(space: str) -> Any:
    spectrum = rfft(operand(space, 4, 6, 3), axes=(0, 1))
    return [spectrum, irfft(spectrum, axes=(0, 1))]
