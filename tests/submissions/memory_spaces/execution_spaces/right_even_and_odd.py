# Transforms even and odd places apart, in one batch, and joins the halves.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def where_does_it_run(call, space):
    return ("cuda" if call == "advanced.matmul" else space), space


def spectrum_on(x, space):
    if x.size % 2:
        return nvmath.fft.fft(x, execution=space)
    xp = np if isinstance(x, np.ndarray) else cp
    half = x.size // 2
    parts = nvmath.fft.fft(x.reshape(half, 2), axes=[0], execution=space)
    places = xp.arange(half, dtype=x.real.dtype)
    turned = xp.exp(places * x.dtype.type(-2j * np.pi / x.size)) * parts[:, 1]
    spectrum = xp.empty_like(x)
    xp.add(parts[:, 0], turned, out=spectrum[:half])
    xp.subtract(parts[:, 0], turned, out=spectrum[half:])
    return spectrum
