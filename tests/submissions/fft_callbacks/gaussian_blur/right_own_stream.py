# Both transforms run on a stream of the program's own, which it waits for.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def prolog_impl(data_in, offset, h, _):
    return data_in[offset] * h[offset]


PROLOG = nvmath.fft.compile_prolog(prolog_impl, "complex64", "float32")
STREAM = None


def gaussian_blur(image, sigma):
    global STREAM
    if STREAM is None:
        STREAM = cp.cuda.Stream(non_blocking=True)
    cp.cuda.get_current_stream().synchronize()
    n, m = image.shape
    with STREAM:
        gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(n)) ** 2) / n
        gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(m)) ** 2) / m
        h = cp.asarray(np.outer(gy, gx).astype(np.float32))
        spectrum = nvmath.fft.rfft(image, stream=STREAM)
        blurred = nvmath.fft.irfft(
            spectrum,
            options={"last_axis_parity": "odd" if m % 2 else "even"},
            prolog={"ltoir": PROLOG, "data": h.data.ptr},
            stream=STREAM,
        )
    STREAM.synchronize()
    return blurred
