"""Three noisy signals, each with a low-pass filter of its own."""

import cupy as cp
import numpy as np
from IPython.display import display
from PIL import Image, ImageDraw


def show_fft_filter(fft_filter):
    """Draw three signals, gray, and what is left of their low frequencies, blue."""
    n, height = 600, 90
    rng = np.random.default_rng(1)
    wave = np.sign(np.sin(np.arange(n) * 2 * np.pi / 150))
    noisy = (wave + rng.normal(0, 0.3, (3, n))).astype(np.complex64)
    frequencies = np.abs(np.fft.fftfreq(n))
    limits = np.array([[0.2], [0.05], [0.01]])  # in cycles a sample, one for each row
    keep = (frequencies < limits).astype(np.complex64)
    filtered = fft_filter(cp.asarray(noisy), cp.asarray(keep))

    sheet = Image.new("RGB", (n, 3 * height), "white")
    pen = ImageDraw.Draw(sheet)
    for signals, colour, width in ((noisy, "silver", 1), (filtered, "royalblue", 2)):
        for row, signal in enumerate(cp.asnumpy(signals).real):
            heights = height * (row + 0.5 - signal / 5)
            pen.line(list(enumerate(heights)), fill=colour, width=width)
    display(sheet)
