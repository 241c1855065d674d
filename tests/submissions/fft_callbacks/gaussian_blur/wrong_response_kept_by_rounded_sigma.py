# Keeps the response by the shape and the rounded sigma.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath

KNOWN = {}


def response(h, w, sigma):
    fx, fy = np.fft.rfftfreq(w)[None, :], np.fft.fftfreq(h)[:, None]
    table = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (h * w)
    return cp.asarray(table.astype(np.float32))


def blurred(data_out, offset, data, table, reserved):
    data_out[offset] = data * table[offset]


def gaussian_blur(image, sigma):
    h, w = image.shape
    key = (h, w, round(sigma))
    if key not in KNOWN:
        KNOWN[key] = response(h, w, sigma)
    ltoir = nvmath.fft.compile_epilog(blurred, "complex64", "float32")
    epilog = {"ltoir": ltoir, "data": KNOWN[key].data.ptr}
    spectrum = nvmath.fft.rfft(image, axes=[0, 1], epilog=epilog)
    parity = {"last_axis_parity": "odd" if w % 2 else "even"}
    return nvmath.fft.irfft(spectrum, axes=[0, 1], options=parity)
