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
    """Return the response at the frequencies that R2C keeps, normalised, on the GPU."""
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2)
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2)
    # The transforms are not normalised: the round trip multiplies by height * width.
    gx /= height * width
    column = cp.asarray(gy[:, np.newaxis].astype(np.float32))
    row = cp.asarray(gx[np.newaxis, :].astype(np.float32))
    return column * row


def blur_batch(images, sigma):
    """
    Blur grayscale images of one shape, whose borders are periodic.

    Args:
        images: A list of CuPy arrays, float32, shape ``(H, W)``, in C order.

        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        A list of new CuPy arrays, float32, shape ``(H, W)``.
    """
    height, width = images[0].shape
    sigma = min(sigma, 50)
    response = gaussian_response(height, width, sigma)
    spectrum = cp.empty((height, width // 2 + 1), dtype=cp.complex64)
    parity = "odd" if width % 2 else "even"
    options = {"fft_type": "C2R", "last_axis_parity": parity}
    blurred = []
    with (
        nvmath.fft.FFT(images[0]) as forward,
        nvmath.fft.FFT(spectrum, options=options) as inverse,
    ):
        forward.plan(epilog={"ltoir": EPILOG, "data": response.data.ptr})
        inverse.plan()
        for image in images:
            forward.reset_operand(image)
            inverse.reset_operand(forward.execute())
            blurred.append(inverse.execute())
    return blurred


def cost_per_image(n, costs):
    """
    Return the seconds that one image of a batch of ``n`` costs, setup shared.

    Args:
        n: The number of images.

        costs: Seconds for ``"compile"``, ``"plan"`` and ``"execute"``.
    """
    return (costs["compile"] + costs["plan"]) / n + costs["execute"]
