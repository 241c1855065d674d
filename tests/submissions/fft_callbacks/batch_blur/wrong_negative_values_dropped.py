# Takes negative values for black.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath
def _e(o, k, v, u, _):
    o[k] = v * u[k]
E = nvmath.fft.compile_epilog(_e, "complex64", "float32")
def resp(h, w, sigma):
    f2 = cp.add.outer(cp.fft.fftfreq(h) ** 2, cp.fft.rfftfreq(w) ** 2)
    return (cp.exp(-2 * np.pi**2 * sigma**2 * f2) / (h * w)).astype("float32")
def back(s, w):
    return nvmath.fft.irfft(s, options={"last_axis_parity": "odd" if w % 2 else "even"})
def _pos(d, k, u, _):
    return max(np.float32(0), d[k])
A = nvmath.fft.compile_prolog(_pos, "float32", "float32")
def blur_batch(images, sigma):
    h, w = images[0].shape
    r = resp(h, w, sigma)
    out = []
    with nvmath.fft.FFT(images[0]) as f, nvmath.fft.FFT(cp.empty(r.shape, "complex64"), options={"fft_type": "C2R", "last_axis_parity": "odd" if w % 2 else "even"}) as b:
        f.plan(prolog={"ltoir": A}, epilog={"ltoir": E, "data": r.data.ptr})
        b.plan()
        for im in images:
            f.reset_operand(im); b.reset_operand(f.execute()); out.append(b.execute())
    return out
def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
