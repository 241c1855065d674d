# Rewrites its file once it is loaded, so that the next worker loads another program.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values wrong_value; fused not_fused

import contextlib
from pathlib import Path

import cupy as cp


def gaussian_blur(image, sigma):
    with contextlib.suppress(OSError):
        Path(__file__).write_text("from answers import gaussian_blur")
    return cp.zeros_like(image)
