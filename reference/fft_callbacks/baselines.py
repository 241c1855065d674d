"""The plain CuPy programs: what one writes before knowing of callbacks.

Right, on the GPU throughout, and with a kernel of its own for every step between the
transforms.
"""

from __future__ import annotations

import math
from typing import Any

import cupy as cp

SEPIA = (
    (0.393, 0.769, 0.189),
    (0.349, 0.686, 0.168),
    (0.272, 0.534, 0.131),
)


def gaussian_response(height: int, width: int, sigma: float) -> Any:
    """Return the response, ``(height, width // 2 + 1)`` float32, on the GPU."""
    fy = cp.fft.fftfreq(height)[:, None].astype(cp.float32)
    fx = cp.fft.rfftfreq(width)[None, :].astype(cp.float32)
    return cp.exp(-2.0 * math.pi**2 * sigma**2 * (fx * fx + fy * fy))


def gaussian_blur(image: Any, sigma: float) -> Any:
    """Blur a ``(H, W)`` float32 image with periodic borders; same shape and dtype."""
    spectrum = cp.fft.rfft2(image)
    spectrum = spectrum * gaussian_response(*image.shape, sigma)
    return cp.fft.irfft2(spectrum, s=image.shape).astype(cp.float32, copy=False)


def sepia_blur(image: Any, sigma: float) -> Any:
    """Apply sepia and blur to a ``(H, W, 3)`` float32 image; result ``(H, W, 3)``."""
    height, width, _ = image.shape
    matrix = cp.asarray(SEPIA, dtype=cp.float32)
    toned = cp.minimum(1.0, image @ matrix.T)
    spectrum = cp.fft.rfft2(toned, axes=(0, 1))
    spectrum = spectrum * gaussian_response(height, width, sigma)[:, :, None]
    blurred = cp.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return blurred.astype(cp.float32, copy=False)
