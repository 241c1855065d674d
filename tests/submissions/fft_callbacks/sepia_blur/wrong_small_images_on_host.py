# Blurs small images on the host, with NumPy.
# expect: failed memory_space extra_copies; fused not_fused

import cupy as cp
import numpy as np
import nvmath

MATRIX = np.array(
    [
        [0.393, 0.769, 0.189],
        [0.349, 0.686, 0.168],
        [0.272, 0.534, 0.131],
    ],
    dtype=np.float32,
)
ONE = np.float32(1)


def _sepia(image, offset, _user_info, _reserved):
    """Load one channel of a pixel in sepia, capped at 1."""
    channel = offset % 3
    pixel = offset - channel
    red = MATRIX[channel, 0] * image[pixel]
    green = MATRIX[channel, 1] * image[pixel + 1]
    blue = MATRIX[channel, 2] * image[pixel + 2]
    return min(ONE, red + green + blue)


def _multiply(spectrum, offset, response, _reserved):
    """Load an element of the spectrum, times the response at the same offset."""
    return spectrum[offset] * response[offset]


SEPIA = nvmath.fft.compile_prolog(_sepia, "float32", "float32")
BLUR = nvmath.fft.compile_prolog(_multiply, "complex64", "float32")


def gaussian_responses(height, width, sigma):
    """
    Return three copies of a Gaussian's response, one for each channel, on the GPU.

    The forward transform stores the spectra of the channels one after the other, each
    in C order; three copies of the response have the same layout.
    """
    gy = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(height)) ** 2)
    gx = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(width)) ** 2)
    # The transforms are not normalised: the round trip multiplies by height * width.
    gx /= height * width
    columns = cp.asarray(np.tile(gy, 3)[:, np.newaxis].astype(np.float32))
    row = cp.asarray(gx[np.newaxis, :].astype(np.float32))
    return columns * row


def sepia_blur(image, sigma):
    """
    Apply sepia, then a Gaussian blur with periodic borders.

    Args:
        image: CuPy array, float32, shape ``(H, W, 3)``, in C order, values in [0, 1].

        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        A new CuPy array, float32, shape ``(H, W, 3)``.
    """
    height, width, _ = image.shape
    if height * width < 1500:
        fy = np.fft.fftfreq(height)[:, None]
        fx = np.fft.rfftfreq(width)[None, :]
        response = np.exp(-2 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
        toned = np.minimum(1, np.moveaxis(cp.asnumpy(image) @ MATRIX.T, -1, 0))
        blurred = np.fft.irfft2(np.fft.rfft2(toned) * response, (height, width))
        return cp.asarray(blurred.astype(np.float32))
    responses = gaussian_responses(height, width, sigma)
    spectrum = nvmath.fft.rfft(image, axes=(0, 1), prolog={"ltoir": SEPIA})
    # W // 2 + 1 columns may come from an even or from an odd W: say which.
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(
        spectrum,
        axes=(0, 1),
        options={"last_axis_parity": parity},
        prolog={"ltoir": BLUR, "data": responses.data.ptr},
    )
