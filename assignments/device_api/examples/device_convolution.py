"""One pulse, smoothed by three filters."""

import cupy as cp
import numpy as np
from IPython.display import display
from PIL import Image, ImageDraw


def show_device_convolution(convolve):
    """Draw a pulse, gray, and what three Gaussian filters make of it, blue."""
    n, height = 256, 90
    pulse = np.zeros((3, n), dtype=np.complex64)
    pulse[:, 96:160] = 1
    widths = np.array([[2], [8], [24]])  # in samples, one for each row
    filters = np.exp(-2 * (np.pi * widths * np.fft.fftfreq(n)) ** 2).astype(
        np.complex64
    )
    smooth = convolve(cp.asarray(pulse), cp.asarray(filters))

    sheet = Image.new("RGB", (2 * n, 3 * height), "white")
    pen = ImageDraw.Draw(sheet)
    for signals, colour, width in ((pulse, "silver", 1), (smooth, "royalblue", 2)):
        for row, signal in enumerate(cp.asnumpy(signals).real):
            heights = height * (row + 0.8 - 0.6 * signal)
            points = [(2 * x, y) for x, y in enumerate(heights)]
            pen.line(points, fill=colour, width=width)
    display(sheet)
