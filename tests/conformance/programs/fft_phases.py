"""The phases of a planned FFT, in order and out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import nvmath
from operands import address, fortran, operand, refusal, runs

FFT = nvmath.fft.FFT


@runs("cuda", "cpu")
def in_order(space: str) -> Any:
    transform = FFT(operand(space, 4, 6, dtype="complex64"), axes=[1])
    transform.plan()
    first = transform.execute()
    transform.reset_operand(operand(space, 4, 6, dtype="complex64", first=7))
    second = transform.execute()
    transform.free()
    return [first, second, address(first) == address(second)]


@runs("cuda", "cpu")
def operand_changed_in_place(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    with FFT(x, axes=[1]) as transform:
        transform.plan()
        first = transform.execute()
        x *= 2
        return [first, transform.execute()]


@runs("cuda", "cpu")
def planned_for_another_array(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    with FFT(x, axes=[1], options={"inplace": True}) as transform:
        transform.plan(direction="forward")
        y = operand(space, 4, 6, dtype="complex64", first=5)
        transform.reset_operand(y)
        result = transform.execute(direction="forward")
        return [x, y, address(result) == address(y)]


@runs("cuda", "cpu")
def execute_before_plan(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64")) as transform:
        return transform.execute()


@runs("cuda", "cpu")
def after_free(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    transform = FFT(x)
    transform.plan()
    transform.free()
    return [
        refusal(transform.execute),
        refusal(transform.plan),
        refusal(transform.reset_operand, x),
        refusal(transform.free),
    ]


@runs("cuda", "cpu")
def after_the_context(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64")) as transform:
        transform.plan()
    return transform.execute()


@runs("cuda", "cpu")
def planned_twice(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64")) as transform:
        transform.plan()
        transform.plan()
        return transform.execute()


@runs("cuda", "cpu")
def half_spectrum_twice(space: str) -> Any:
    x = operand(space, 3, 5, dtype="complex64")
    with FFT(x, axes=[1], options={"fft_type": "C2R"}) as transform:
        transform.plan()
        first = transform.execute()
        again = refusal(transform.execute)
        transform.reset_operand(x)
        return [first, again, transform.execute()]


@runs("cuda", "cpu")
def reset_to_what_does_not_fit(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64"), axes=[1]) as transform:
        transform.plan()
        return [
            refusal(transform.reset_operand, operand(space, 4, 8, dtype="complex64")),
            refusal(transform.reset_operand, operand(space, 5, 6, dtype="complex64")),
            refusal(transform.reset_operand, operand(space, 4, 6, dtype="complex128")),
            refusal(transform.reset_operand, fortran(space, 4, 6, dtype="complex64")),
            refusal(transform.reset_operand, [1, 2]),
            refusal(transform.reset_operand, None),
            refusal(transform.reset_operand),
        ]


@runs("cuda")
def reset_to_another_memory_space(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64"), axes=[1]) as transform:
        transform.plan()
        transform.reset_operand(operand("cpu", 4, 6, dtype="complex64"))
        return transform.execute()


@runs("staged")
def reset_in_cpu_memory(space: str) -> Any:
    x = operand(space, 4, 6, dtype="complex64")
    with FFT(x, axes=[1], execution="cuda") as transform:
        transform.plan()
        first = transform.execute()
        transform.reset_operand(operand(space, 4, 6, dtype="complex64", first=7))
        return [first, transform.execute()]


@runs("cuda", "cpu")
def layouts(space: str) -> Any:
    with FFT(operand(space, 4, 6, 3), axes=(0, 1)) as transform:
        transform.plan()
        before, after = transform.get_input_layout(), transform.get_output_layout()
        return [[list(x) for x in before], [list(x) for x in after]]


@runs("cuda", "cpu")
def scalar(space: str) -> Any:
    return FFT(operand(space, dtype="complex64"))


@runs("cpu")
def no_array(space: str) -> Any:
    del space
    return [refusal(FFT, [1.0, 2.0]), refusal(FFT, None), refusal(FFT, np.float32(1))]


@runs("cuda")
def two_plans_interleaved(space: str) -> Any:
    a = operand(space, 4, 6, dtype="complex64")
    b = operand(space, 3, 8)
    with FFT(a, axes=[1]) as one, FFT(b, axes=[1]) as other:
        other.plan()
        one.plan()
        return [one.execute(), other.execute(), one.execute()]


@runs("cuda")
def on_a_stream(space: str) -> Any:
    import cupy as cp

    x = operand(space, 4, 6, dtype="complex64")
    cp.cuda.get_current_stream().synchronize()
    stream = cp.cuda.Stream(non_blocking=True)
    result = nvmath.fft.fft(x, axes=[1], stream=stream)
    stream.synchronize()
    return result


@runs("cuda")
def workspace_released(space: str) -> Any:
    with FFT(operand(space, 4, 6, dtype="complex64"), axes=[1]) as transform:
        transform.plan()
        first = transform.execute(release_workspace=True)
        return [first, transform.execute()]
