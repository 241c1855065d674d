# Takes every sigma below half a pixel for half a pixel.
# expect: failed values wrong_value
import cupy as cp
import numpy as np
import nvmath


def multiply(data_out, offset, data, user_info, reserved):
    data_out[offset] = data * user_info[offset]


EPILOG = nvmath.fft.compile_epilog(multiply, "complex64", "float32")


def make_response(h, w, sigma):
    fy = np.fft.fftfreq(h)[:, None]
    fx = np.fft.rfftfreq(w)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (h * w)
    return cp.asarray(response.astype(np.float32))


def gaussian_blur(image, sigma):
    h, w = image.shape
    sigma = max(sigma, 0.5)
    response = make_response(h, w, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    parity = "odd" if w % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
