# Keeps plans by shape, and one sigma for all of them.
# expect: failed values wrong_value

"""Base program."""
import cupy as cp
import numpy as np
import nvmath


def epi(o, i, z, info, r):
    o[i] = z * info[i]


E = nvmath.fft.compile_epilog(epi, "complex64", "float32")


def response(H, W, sigma):
    fy = cp.fft.fftfreq(H)[:, None]
    fx = cp.fft.rfftfreq(W)[None, :]
    return (cp.exp(-2 * cp.pi**2 * sigma**2 * (fy**2 + fx**2)) / (H * W)).astype(cp.float32)


class Plans:
    sigma = None

    def __init__(self, H, W):
        self.H, self.W = H, W
        self.resp = response(H, W, 1.0)
        x = cp.empty((H, W), cp.float32)
        s = cp.empty((H, W // 2 + 1), cp.complex64)
        self.f = nvmath.fft.FFT(x)
        self.f.plan(epilog={"ltoir": E, "data": self.resp.data.ptr})
        self.g = nvmath.fft.FFT(s, options={"fft_type": "C2R", "last_axis_parity": "odd" if W % 2 else "even"})
        self.g.plan(direction="inverse")
        Plans.sigma = None


kept = {}


def blur_batch(images, sigma):
    key = images[0].shape
    if key not in kept:
        kept[key] = Plans(*key)
    p = kept[key]
    if sigma != Plans.sigma:
        p.resp[...] = response(*key, sigma)
        Plans.sigma = sigma
    results = []
    for image in images:
        p.f.reset_operand(image)
        p.g.reset_operand(p.f.execute())
        results.append(p.g.execute())
    return results


def cost_per_image(n, costs):
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
