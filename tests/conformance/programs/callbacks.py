"""Callbacks of FFTs: which offset belongs to which element, and what is refused."""

from __future__ import annotations

from typing import Any

import nvmath
from operands import first_line, fortran, operand, refusal, runs

compile_prolog, compile_epilog = nvmath.fft.compile_prolog, nvmath.fft.compile_epilog


def store_offset(
    out: Any, offset: Any, _value: Any, _info: Any, _reserved: Any
) -> None:
    out[offset] = offset


def load_times_three(values: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
    return values[offset] * 3


def store_times_info(
    out: Any, offset: Any, value: Any, info: Any, _reserved: Any
) -> None:
    out[offset] = value * info[offset % 4]


def load_times_info(values: Any, offset: Any, info: Any, _reserved: Any) -> Any:
    return values[offset] * info[offset % 4]


def offsets(x: Any, axes: Any, dtype: str = "complex64", **options: Any) -> Any:
    """Return a result in which every element is the offset that it was stored at."""
    epilog = {"ltoir": compile_epilog(store_offset, dtype, "float32")}
    forward = nvmath.fft.fft if x.dtype.kind == "c" else nvmath.fft.rfft
    return forward(x, axes=axes, epilog=epilog, options=options)


@runs("cuda")
def stored_rows(space: str) -> Any:
    return offsets(operand(space, 3, 8, dtype="complex64"), [1])


@runs("cuda")
def stored_columns(space: str) -> Any:
    return offsets(operand(space, 3, 8, dtype="complex64"), [0])


@runs("cuda")
def stored_fortran_order(space: str) -> Any:
    return offsets(fortran(space, 4, 6, dtype="complex64"), (0, 1))


@runs("cuda")
def stored_half_spectrum(space: str) -> Any:
    return offsets(operand(space, 3, 9), [1])


@runs("cuda")
def stored_interleaved(space: str) -> Any:
    return offsets(operand(space, 4, 6, 3), (0, 1))


@runs("cuda")
def stored_from_a_view(space: str) -> Any:
    return offsets(operand(space, 4, 6, 3).transpose(2, 0, 1), (1, 2))


@runs("cuda")
def stored_in_natural_layout(space: str) -> Any:
    return offsets(operand(space, 4, 6, 3), (0, 1), result_layout="natural")


@runs("cuda")
def stored_in_double(space: str) -> Any:
    return offsets(operand(space, 3, 8, dtype="complex128"), [1], "complex128")


def impulses(x: Any, axes: Any) -> Any:
    """Return the transform of offsets: the prolog replaces elements by their offsets."""

    def load_offset(_values: Any, offset: Any, _info: Any, _reserved: Any) -> Any:
        return offset

    prolog = {"ltoir": compile_prolog(load_offset, "float32", "float32")}
    return nvmath.fft.rfft(x, axes=axes, prolog=prolog)


@runs("cuda")
def loaded_rows(space: str) -> Any:
    return impulses(operand(space, 3, 8), [1])


@runs("cuda")
def loaded_fortran_order(space: str) -> Any:
    return impulses(fortran(space, 8, 3), [0])


@runs("cuda")
def loaded_interleaved(space: str) -> Any:
    return impulses(operand(space, 4, 6, 3), (0, 1))


@runs("cuda")
def loaded_every_second_column(space: str) -> Any:
    return impulses(operand(space, 3, 16)[:, ::2], [1])


@runs("cuda")
def prolog_and_epilog(space: str) -> Any:
    x = operand(space, 3, 8)
    info = operand(space, 4, first=2)
    given = {
        "prolog": {"ltoir": compile_prolog(load_times_three, "float32", "float32")},
        "epilog": {
            "ltoir": compile_epilog(store_times_info, "complex64", "float32"),
            "data": info.data.ptr,
        },
    }
    return [nvmath.fft.rfft(x, axes=[1], **given), x]


@runs("cuda")
def info_of_another_type(space: str) -> Any:
    info = operand(space, 4, dtype="float64")
    prolog = {
        "ltoir": compile_prolog(load_times_info, "complex64", "float64"),
        "data": info.data.ptr,
    }
    return nvmath.fft.fft(
        operand(space, 2, 8, dtype="complex64"), axes=[1], prolog=prolog
    )


@runs("cuda")
def back_with_a_prolog(space: str) -> Any:
    info = operand(space, 4)
    prolog = nvmath.fft.DeviceCallable(
        ltoir=compile_prolog(load_times_info, "complex64", "float32"),
        data=info.data.ptr,
    )
    odd = {"last_axis_parity": "odd"}
    x = operand(space, 3, 4, dtype="complex64")
    return [nvmath.fft.irfft(x, axes=[1], prolog=prolog, options=odd), x]


@runs("cuda")
def planned_and_reset(space: str) -> Any:
    epilog = {
        "ltoir": compile_epilog(store_times_info, "complex64", "float32"),
        "data": (info := operand(space, 4)).data.ptr,
    }
    with nvmath.fft.FFT(operand(space, 3, 8), axes=[1]) as transform:
        transform.plan(epilog=epilog)
        first = transform.execute()
        transform.reset_operand(operand(space, 3, 8, first=9))
        info *= 2
        return [first, transform.execute()]


@runs("cuda")
def in_place(space: str) -> Any:
    x = operand(space, 3, 8, dtype="complex64")
    epilog = {"ltoir": compile_epilog(store_offset, "complex64", "float32")}
    nvmath.fft.fft(x, axes=[1], epilog=epilog, options={"inplace": True})
    return x


@runs("cuda")
def types_refused(space: str) -> Any:
    del space
    return [
        refusal(compile_prolog, load_times_three, "float16", "float32"),
        refusal(compile_prolog, load_times_three, "float32", "int32"),
        refusal(
            compile_prolog,
            load_times_three,
            "float32",
            "float32",
            compute_capability=90,
        ),
    ]


@runs("cuda")
def arity_refused(space: str) -> Any:
    del space
    return refusal(compile_epilog, load_times_three, "float32", "float32")


@runs("cuda")
def nothing_returned(space: str) -> Any:
    del space

    def load(_values: Any, _offset: Any, _info: Any, _reserved: Any) -> Any:
        pass

    try:
        compile_prolog(load, "float32", "float32")
    except Exception as err:  # noqa: BLE001 - the observation
        return [type(err).__name__, first_line(str(err))]
    return "compiled"


@runs("cuda")
def made_for_another_type(space: str) -> Any:
    prolog = {"ltoir": compile_prolog(load_times_three, "float64", "float32")}
    return nvmath.fft.rfft(operand(space, 3, 8), axes=[1], prolog=prolog)


@runs("cuda")
def no_code(space: str) -> Any:
    x = operand(space, 3, 8)
    return [
        refusal(nvmath.fft.rfft, x, axes=[1], prolog={"data": 0}),
        refusal(nvmath.fft.rfft, x, axes=[1], prolog=b"code"),
        refusal(nvmath.fft.rfft, x, axes=[1], epilog={"code": b""}),
    ]


@runs("staged")
def on_the_cpu(space: str) -> Any:
    prolog = {"ltoir": compile_prolog(load_times_three, "float32", "float32")}
    return nvmath.fft.rfft(operand(space, 3, 8), axes=[1], prolog=prolog)
