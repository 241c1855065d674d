"""Options of FFTs: parity, layout of the result, in place, types, where it runs."""

from __future__ import annotations

import logging
import re
from typing import Any

import nvmath
from operands import address, fortran, operand, refusal, runs, same_everywhere

fft, ifft, rfft, irfft = (
    nvmath.fft.fft,
    nvmath.fft.ifft,
    nvmath.fft.rfft,
    nvmath.fft.irfft,
)


@runs("cuda", "cpu")
def parity_even_by_default(space: str) -> Any:
    return irfft(operand(space, 3, 5, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def parity_odd(space: str) -> Any:
    odd = {"last_axis_parity": "odd"}
    return irfft(operand(space, 3, 5, dtype="complex64"), axes=[1], options=odd)


@runs("cuda", "cpu")
def parity_odd_in_two_axes(space: str) -> Any:
    spectrum = rfft(operand(space, 4, 7, dtype="float64"))
    return irfft(spectrum, options={"last_axis_parity": "odd"})


@runs("cuda", "cpu")
def wrong_parity(space: str) -> Any:
    spectrum = rfft(operand(space, 4, 7, dtype="float64"), axes=[1])
    return irfft(spectrum, axes=[1])


@runs("cuda", "cpu")
def unknown_parity(space: str) -> Any:
    spectrum = operand(space, 3, 5, dtype="complex64")
    return irfft(spectrum, axes=[1], options={"last_axis_parity": "neither"})


@runs("cuda", "cpu")
def natural_layout(space: str) -> Any:
    image = operand(space, 4, 5, 3, dtype="complex64")
    natural = {"result_layout": "natural"}
    return [
        fft(image, axes=(0, 1), options=natural),
        fft(image.transpose(2, 0, 1), axes=(1, 2), options=natural),
        fft(fortran(space, 4, 6, dtype="complex64"), options=natural),
    ]


@runs("cuda", "cpu")
def natural_layout_of_real(space: str) -> Any:
    natural = {"result_layout": "natural"}
    return rfft(operand(space, 4, 6, 3), axes=(0, 1), options=natural)


@runs("cuda", "cpu")
def optimized_layout(space: str) -> Any:
    optimized = {"result_layout": "optimized"}
    return fft(operand(space, 4, 5, 3, dtype="complex64"), axes=[0], options=optimized)


@runs("cuda", "cpu")
def in_place(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    result = fft(x, axes=[1], options={"inplace": True})
    return [result, x, address(result) == address(x)]


@runs("cuda", "cpu")
def in_place_of_a_view(space: str) -> Any:
    x = operand(space, 4, 12, dtype="complex64")
    fft(x[:, ::2], axes=[1], options={"inplace": True})
    return x


@runs("cuda", "cpu")
def in_place_of_real(space: str) -> Any:
    return rfft(operand(space, 4, 6), axes=[1], options={"inplace": True})


@runs("cuda", "cpu")
def out_of_place_leaves_the_operand(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    result = irfft(x, axes=[1])
    return [x, result, address(result) == address(x)]


@runs("cuda", "cpu")
def blocking(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    return fft(x, axes=[1], options={"blocking": True})


@runs("cuda", "cpu")
def options_object(space: str) -> Any:
    options = nvmath.fft.FFTOptions(last_axis_parity="odd")
    result = irfft(operand(space, 3, 5, dtype="complex64"), axes=[1], options=options)
    return [result, str(options.fft_type), options.last_axis_parity]


@runs("cuda", "cpu")
def unknown_option(space: str) -> Any:
    return fft(operand(space, 6, dtype="complex64"), options={"in_place": True})


@runs("cuda", "cpu")
def type_named(space: str) -> Any:
    x = operand(space, 3, 5, dtype="complex64")
    options = {"fft_type": "C2R"}
    with nvmath.fft.FFT(x, axes=[1], options=options) as transform:
        transform.plan()
        return transform.execute()


@runs("cuda", "cpu")
def type_that_does_not_fit(space: str) -> Any:
    return nvmath.fft.FFT(operand(space, 3, 5), options={"fft_type": "C2C"})


@runs("cuda", "cpu")
def complex_transform_of_real(space: str) -> Any:
    return fft(operand(space, 3, 5))


@runs("cuda", "cpu")
def real_transform_of_complex(space: str) -> Any:
    return rfft(operand(space, 3, 5, dtype="complex64"))


@runs("cuda", "cpu")
def back_from_real(space: str) -> Any:
    return irfft(operand(space, 3, 5))


@runs("cuda", "cpu")
def integers(space: str) -> Any:
    return rfft(operand(space, 8, dtype="int32"))


@runs("cuda", "cpu")
def axis_out_of_bounds(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=[2])


@runs("cuda", "cpu")
def axis_named_twice(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=(1, -1))


@runs("cuda", "cpu")
def no_points(space: str) -> Any:
    return fft(operand(space, 4, 0, dtype="complex64"), axes=[1])


@runs("cuda", "cpu")
def directions(space: str) -> Any:
    x = operand(space, 2, 6, dtype="complex64")
    with nvmath.fft.FFT(x, axes=[1]) as transform:
        transform.plan()
        return [
            transform.execute(direction="forward"),
            transform.execute(direction=nvmath.fft.FFTDirection.INVERSE),
            refusal(transform.execute, direction="backward"),
        ]


@runs("cuda", "cpu")
def direction_of_real(space: str) -> Any:
    with nvmath.fft.FFT(operand(space, 2, 6), axes=[1]) as transform:
        transform.plan()
        return transform.execute(direction="inverse")


@runs("staged")
def cpu_operand_on_the_gpu(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=[1], execution="cuda")


@runs("staged")
def real_cpu_operand_on_the_gpu(space: str) -> Any:
    return rfft(fortran(space, 8, 3), axes=[0], execution="cuda")


@runs("staged")
def in_place_from_the_cpu(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    result = fft(x, axes=[1], execution="cuda", options={"inplace": True})
    return [result, address(result) == address(x)]


@runs("cuda", "cpu")
def execution_named(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), axes=[1], execution=space)


@runs("cuda", "cpu")
def execution_unknown(space: str) -> Any:
    return fft(operand(space, 4, 6, dtype="complex64"), execution="tpu")


@runs("cuda", "cpu")
def what_the_log_says(space: str) -> Any:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("conformance", logging.INFO)
    logger.addHandler(Kept())
    rfft(operand(space, 3, 8), axes=[1], options={"logger": logger})
    # Times differ, and so do names of libraries and numbers of threads.
    stated = [x for x in lines if not re.search(r"\d ms|threads|version|stream", x)]
    return [same_everywhere(line.strip()) for line in stated]
