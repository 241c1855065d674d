# The response is in one callback, the normalisation in two of the inverse.
# expect: passed

import functools

import cupy as cp
import numpy as np
import nvmath

to_prolog = functools.partial(nvmath.fft.compile_prolog, user_info_dtype="float32")
to_epilog = functools.partial(nvmath.fft.compile_epilog, user_info_dtype="float32")


def respond(out, offset, value, response, _):
    out[offset] = value * response[offset]


def divide_by_rows(data, offset, lengths, _):
    return data[offset] / lengths[0]


def divide_by_columns(out, offset, value, lengths, _):
    out[offset] = value / lengths[1]


RESPOND = to_epilog(respond, "complex64")
ROWS = to_prolog(divide_by_rows, "complex64")
COLUMNS = to_epilog(divide_by_columns, "float32")


def gaussian_blur(image, sigma):
    lengths = cp.asarray(np.array(image.shape, dtype=np.float32))
    fy = cp.fft.fftfreq(image.shape[0])
    fx = cp.fft.rfftfreq(image.shape[1])
    radius = cp.add.outer(fy * fy, fx * fx)
    response = cp.exp(radius * (-2 * np.pi**2 * sigma**2)).astype("float32")
    spectrum = nvmath.fft.rfft(
        image, epilog=dict(ltoir=RESPOND, data=response.data.ptr)
    )
    return nvmath.fft.irfft(
        spectrum,
        options={"last_axis_parity": "odd" if image.shape[1] & 1 else "even"},
        prolog=dict(ltoir=ROWS, data=lengths.data.ptr),
        epilog=dict(ltoir=COLUMNS, data=lengths.data.ptr),
    )
