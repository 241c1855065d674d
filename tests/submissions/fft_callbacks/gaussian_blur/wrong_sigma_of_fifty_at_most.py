# Takes a sigma of 50 at most.
# expect: failed values wrong_value

import cupy as cp
import numpy as np
import nvmath


def _multiply(spectrum, offset, value, response, _reserved):
    """Store an element of the spectrum, times the response at the same offset."""
    spectrum[offset] = value * response[offset]


EPILOG = nvmath.fft.compile_epilog(_multiply, "complex64", "float32")


def gaussian_response(height, width, sigma):
    """
    Return the Gaussian's response at the frequencies that R2C keeps, on the GPU.

    The Gaussian is a product of one function of ``fy`` and one of ``fx``, so that two
    short vectors go up to the GPU and one kernel multiplies them.
    """
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2)
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2)
    # The transforms are not normalised: the round trip multiplies by height * width.
    gx /= height * width
    column = cp.asarray(gy[:, np.newaxis].astype(np.float32))
    row = cp.asarray(gx[np.newaxis, :].astype(np.float32))
    return column * row


def gaussian_blur(image, sigma):
    """
    Blur a grayscale image whose borders are periodic.

    Args:
        image: CuPy array, float32, shape ``(H, W)``, in C order.

        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        A new CuPy array, float32, shape ``(H, W)``.
    """
    height, width = image.shape
    sigma = min(sigma, 50)
    response = gaussian_response(height, width, sigma)
    spectrum = nvmath.fft.rfft(
        image, epilog={"ltoir": EPILOG, "data": response.data.ptr}
    )
    # W // 2 + 1 columns may come from an even or from an odd W: say which.
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
