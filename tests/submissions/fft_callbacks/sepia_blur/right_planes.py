# Copies the image to planes; user data tells both callbacks how large a plane is.
# expect: passed

import cupy as cp
import numpy as np
import nvmath


def sepia(planes, offset, size, unused):
    pixels = int(size[0])
    channel = offset // pixels
    pixel = offset % pixels
    r = planes[pixel]
    g = planes[pixel + pixels]
    b = planes[pixel + 2 * pixels]
    if channel == 0:
        return min(1.0, 0.393 * r + 0.769 * g + 0.189 * b)
    if channel == 1:
        return min(1.0, 0.349 * r + 0.686 * g + 0.168 * b)
    return min(1.0, 0.272 * r + 0.534 * g + 0.131 * b)


def blur(spectrum, offset, user, unused):
    # The first number is the size of the response, which follows it.
    return spectrum[offset] * user[1 + offset % int(user[0])]


SEPIA = nvmath.fft.compile_prolog(sepia, "float32", "float64")
BLUR = nvmath.fft.compile_prolog(blur, "complex64", "float64")


def sepia_blur(image, sigma):
    height, width, _ = image.shape
    planes = cp.ascontiguousarray(image.transpose(2, 0, 1))
    size = cp.asarray([float(height * width)])
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)
    response = np.exp(-2 * np.pi**2 * sigma**2 * (fx * fx + fy * fy))
    response /= height * width
    user = cp.asarray(np.append([response.size], response.ravel()))
    spectrum = nvmath.fft.rfft(
        planes, axes=(1, 2), prolog={"ltoir": SEPIA, "data": size.data.ptr}
    )
    return nvmath.fft.irfft(
        spectrum,
        axes=(1, 2),
        options={"last_axis_parity": "odd" if width % 2 else "even"},
        prolog={"ltoir": BLUR, "data": user.data.ptr},
    )
