# The response is built for all frequencies, then cut to the half that R2C keeps.
# expect: passed

import cupy as cp
import nvmath


def epilog_impl(data_out, offset, data, h, unused):
    data_out[offset] = data * h[offset]


def gaussian_blur(image, sigma):
    height, width = image.shape
    fy = cp.fft.fftfreq(height).reshape(-1, 1)
    fx = cp.fft.fftfreq(width).reshape(1, -1)
    kept = width // 2 + 1
    gy = cp.exp(-2 * (cp.pi * sigma * fy) ** 2) / height
    gx = cp.exp(-2 * (cp.pi * sigma * fx[:, :kept]) ** 2) / width
    h = cp.ascontiguousarray((gy * gx).astype(cp.float32))
    epilog = nvmath.fft.compile_epilog(epilog_impl, "complex64", "float32")
    with nvmath.fft.FFT(image) as forward:
        forward.plan(epilog={"ltoir": epilog, "data": h.data.ptr})
        spectrum = forward.execute()
    parity = "odd" if width % 2 else "even"
    options = {"fft_type": "C2R", "last_axis_parity": parity}
    with nvmath.fft.FFT(spectrum, options=options) as inverse:
        inverse.plan()
        return inverse.execute()
