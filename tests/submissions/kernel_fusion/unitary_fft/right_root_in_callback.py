# The epilog takes the root itself, of a length that it finds in user_info.
# expect: passed

import math

import cupy as cp
import nvmath


def divide(out, offset, value, length, _):
    out[offset] = value / math.sqrt(length[0])


EPILOGS = {
    "complex64": nvmath.fft.compile_epilog(divide, "complex64", "float64"),
    "complex128": nvmath.fft.compile_epilog(divide, "complex128", "float64"),
}


def unitary_fft(x):
    length = cp.array([x.shape[-1]], dtype="float64")
    epilog = {"ltoir": EPILOGS[x.dtype.name], "data": length.data.ptr}
    return nvmath.fft.fft(x, axes=[-1], epilog=epilog)


def unitary_ifft(x):
    length = cp.array([x.shape[-1]], dtype="float64")
    epilog = {"ltoir": EPILOGS[x.dtype.name], "data": length.data.ptr}
    return nvmath.fft.ifft(x, axes=[-1], epilog=epilog)
