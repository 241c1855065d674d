# The epilog works out the response itself from the sizes and sigma in its user data.
# expect: passed

import math

import cupy as cp
import numpy as np
import nvmath


def multiply(out, offset, value, user, reserved):
    rows = int(user[0])
    columns = int(user[1])
    kept = columns // 2 + 1
    row = offset // kept
    column = offset - row * kept
    if row > rows // 2:
        row -= rows
    fy = row / user[0]
    fx = column / user[1]
    power = -2.0 * math.pi * math.pi * user[2] * user[2] * (fx * fx + fy * fy)
    out[offset] = value * (math.exp(power) / (user[0] * user[1]))


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float64")


def gaussian_blur(image, sigma):
    rows, columns = image.shape
    user = cp.asarray(np.array([rows, columns, sigma], dtype=np.float64))
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": EPILOG, "data": user.data.ptr})
    parity = ("even", "odd")[columns % 2]
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
