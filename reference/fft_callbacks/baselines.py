"""The plain programs: what one writes before knowing of callbacks, and of plans.

Right, and on the GPU throughout. The blurs in CuPy have a kernel of their own for every
step between the transforms; the batch in nvmath plans both transforms for every image.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import cupy as cp
import nvmath

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


def blur_batch(images: list[Any], sigma: float) -> list[Any]:
    """Blur ``(H, W)`` float32 images one by one, with nvmath's stateless functions."""
    height, width = shape = images[0].shape
    response = gaussian_response(*shape, sigma) / cp.float32(height * width)
    options = {"last_axis_parity": "odd" if width % 2 else "even"}
    epilog = {"ltoir": _multiply(), "data": response.data.ptr}
    return [
        nvmath.fft.irfft(nvmath.fft.rfft(image, epilog=epilog), options=dict(options))
        for image in images
    ]


@functools.cache
def _multiply() -> bytes:
    """Compile the callback of the batch, once, for who needs it."""

    def multiply(out: Any, offset: Any, value: Any, response: Any, _: Any) -> None:
        out[offset] = value * response[offset]

    compiled: bytes = nvmath.fft.compile_epilog(multiply, "complex64", "float32")
    return compiled
