# The response is made for all frequencies in double precision, then cut to what R2C keeps.
# expect: passed

import cupy as cp
import nvmath


def epilog_impl(data_out, offset, data, h, unused):
    data_out[offset] = data * h[offset]


def gaussian_blur(image, sigma):
    height, width = image.shape
    fy = cp.fft.fftfreq(height)[:, None]
    fx = cp.fft.fftfreq(width)[None, :]
    h = cp.exp(-2 * cp.pi**2 * sigma**2 * (fx**2 + fy**2)) / (height * width)
    h = cp.ascontiguousarray(h[:, : width // 2 + 1].astype("f4"))
    epilog = nvmath.fft.compile_epilog(epilog_impl, "complex64", "float32")
    spectrum = nvmath.fft.rfft(image, epilog={"ltoir": epilog, "data": h.data.ptr})
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
