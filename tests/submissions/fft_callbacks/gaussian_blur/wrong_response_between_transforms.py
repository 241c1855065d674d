# Computes the response with CuPy between the two transforms.
# expect: failed fused not_fused
import cupy as cp
import numpy as np
import nvmath


def multiply(data_in, offset, user_info, reserved):
    return data_in[offset] * user_info[offset]


EPILOG = nvmath.fft.compile_prolog(multiply, "complex64", "float32")


def make_response(h, w, sigma):
    fy = np.fft.fftfreq(h)[:, None]
    fx = np.fft.rfftfreq(w)[None, :]
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (h * w)
    return cp.asarray(response.astype(np.float32))


def gaussian_blur(image, sigma):
    h, w = image.shape
    spectrum = nvmath.fft.rfft(image)
    fy = cp.fft.fftfreq(h)[:, None]
    fx = cp.fft.rfftfreq(w)[None, :]
    response = (cp.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2)) / (h * w)).astype(
        cp.float32
    )
    parity = "odd" if w % 2 else "even"
    return nvmath.fft.irfft(
        spectrum,
        prolog={"ltoir": EPILOG, "data": response.data.ptr},
        options={"last_axis_parity": parity},
    )
