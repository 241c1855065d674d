# Transforms with nvmath; an elementwise kernel in C++ computes and applies the response.
# expect: failed fused not_fused

import cupy as cp
import nvmath

respond = cp.ElementwiseKernel(
    "complex64 value, int32 height, int32 width, float64 sigma",
    "complex64 out",
    """
    int columns = width / 2 + 1;
    int row = i / columns, column = i % columns;
    double fy = (row <= height / 2 ? row : row - height) / double(height);
    double fx = column / double(width);
    double h = exp(-2 * M_PI * M_PI * sigma * sigma * (fx * fx + fy * fy));
    out = value * (float)(h / (double(height) * width));
    """,
    "respond",
)


def gaussian_blur(image, sigma):
    height, width = image.shape
    spectrum = respond(nvmath.fft.rfft(image), height, width, sigma)
    parity = "odd" if width % 2 else "even"
    return nvmath.fft.irfft(spectrum, options={"last_axis_parity": parity})
