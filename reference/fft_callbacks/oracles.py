"""The truth about blur and sepia, in float64 NumPy, and the well-known ways to miss it.

Needs no GPU, and imports nothing but NumPy. The functions whose names end in
``_mistakes`` give, under a sentence that a learner understands, what a program with
that mistake computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mistakes = dict[str, Callable[[], Array]]

SEPIA = np.array(
    [
        [0.393, 0.769, 0.189],
        [0.349, 0.686, 0.168],
        [0.272, 0.534, 0.131],
    ]
)
"""A row for each channel of the result, a column for each channel of the image."""


def gaussian_response(height: int, width: int, sigma: float) -> Array:
    """
    Return the Gaussian's frequency response on the half spectrum of a real image.

    ``response[v, u] = exp(-2 pi^2 sigma^2 (fx[u]^2 + fy[v]^2))``

    Args:
        height: Rows of the image.

        width: Columns of the image.

        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        An array of shape ``(height, width // 2 + 1)``; ``fy`` and ``fx`` are in cycles
        per pixel, as ``np.fft.fftfreq`` and ``np.fft.rfftfreq`` give them.
    """
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    response: Array = np.exp(-2.0 * np.pi**2 * sigma**2 * (fx**2 + fy**2))
    return response


def gaussian_blur(image: npt.NDArray[Any], sigma: float) -> Array:
    """
    Blur an image whose borders are periodic.

    ``irfft2(rfft2(image) * response)``, normalised so that the mean stays what it was.

    Args:
        image: Shape ``(..., height, width)``, real; the last two axes are blurred.

        sigma: Standard deviation of the Gaussian, in pixels.
    """
    height, width = image.shape[-2:]
    return _filter(image, gaussian_response(height, width, sigma))


def sepia(image: npt.NDArray[Any]) -> Array:
    """
    Give an image the brown of old photographs.

    ``sepia[c] = min(1, SEPIA[c, 0] r + SEPIA[c, 1] g + SEPIA[c, 2] b)``

    Args:
        image: Shape ``(height, width, 3)``, values in [0, 1].

    Returns:
        Shape ``(3, height, width)``.
    """
    return np.minimum(1.0, _coloured(image))


def sepia_blur(image: npt.NDArray[Any], sigma: float) -> Array:
    """
    Apply sepia, then the blur, to an image.

    Args:
        image: Shape ``(height, width, 3)``, values in [0, 1].

        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        Shape ``(3, height, width)``.
    """
    return gaussian_blur(sepia(image), sigma)


def blur_batch(images: Sequence[npt.NDArray[Any]], sigma: float) -> list[Array]:
    """Blur several images, each as :func:`gaussian_blur`."""
    return [gaussian_blur(image, sigma) for image in images]


def cost_per_image(n: int, costs: Mapping[str, float]) -> float:
    """Return what one image of a batch of ``n`` costs, the setup shared by all."""
    shared = costs["compile"] + costs["plan"]
    return shared / n + costs["execute"]


def cost_per_image_mistakes(n: int, costs: Mapping[str, float]) -> dict[str, float]:
    """Return what the usual mistakes make of :func:`cost_per_image`."""
    compiling, plan, execute = costs["compile"], costs["plan"], costs["execute"]
    return {
        "This is the cost of the whole batch.": compiling + plan + n * execute,
        "The setup is not shared: each image pays all of it.": (
            compiling + plan + execute
        ),
        "The plans are not shared, only the callback is.": (
            compiling / n + plan + execute
        ),
        "The callback is not shared, only the plans are.": (
            compiling + plan / n + execute
        ),
        "Compiling is left out.": plan / n + execute,
        "Planning is left out.": compiling / n + execute,
        "The setup is left out.": execute,
        "The execution is left out.": (compiling + plan) / n,
        "The execution is divided by n too: each image is executed in full.": (
            (compiling + plan + execute) / n
        ),
        "The plans are counted twice: plan is the time of both.": (
            (compiling + 2 * plan) / n + execute
        ),
        "The execution is counted twice: execute is both transforms of an image.": (
            (compiling + plan) / n + 2 * execute
        ),
        "The division is by n + 1.": (compiling + plan) / (n + 1) + execute,
        "It is cut to a whole number.": float((compiling + plan) // n + execute),
    }


def gaussian_blur_mistakes(image: npt.NDArray[Any], sigma: float) -> Mistakes:
    """
    Return what the usual mistakes make of :func:`gaussian_blur`.

    Args:
        image: Shape ``(..., height, width)``.

        sigma: The sigma that was asked for.

    Returns:
        A function for each mistake, under a sentence that names it. Each computes a
        result of the right shape.
    """
    height, width = image.shape[-2:]
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    square = fx**2 + fy**2

    def blurred_with(response: npt.NDArray[Any]) -> Callable[[], Array]:
        return lambda: _filter(image, response)

    def response_of(factor: float) -> Array:
        values: Array = np.exp(-2.0 * factor * square)
        return values

    right = response_of(np.pi**2 * sigma**2)
    stretched_x = np.exp(-2.0 * np.pi**2 * sigma**2 * (fx * width / height) ** 2)
    stretched_y = np.exp(-2.0 * np.pi**2 * sigma**2 * (fy * height / width) ** 2)
    in_cycles = np.exp(
        -2.0 * np.pi**2 * sigma**2 * ((fx * width) ** 2 + (fy * height) ** 2)
    )
    rising = np.arange(height)[:, None] / height
    early = np.where(rising < (height // 2) / height, rising, rising - 1.0)

    def blurred_at(across: Array, down: Array) -> Callable[[], Array]:
        exponent = -2.0 * np.pi**2 * sigma**2 * (across**2 + down**2)
        return blurred_with(np.exp(exponent))

    return {
        "This is the image itself: the response was not applied.": blurred_with(
            np.ones_like(right)
        ),
        "The response was applied without dividing by H*W: nvmath's transforms are not "
        "normalised.": blurred_with(right * height * width),
        "The result was divided by H*W twice.": blurred_with(right / (height * width)),
        "The result was divided by sqrt(H*W), not by H*W.": blurred_with(
            right * np.sqrt(height * width)
        ),
        "The result was divided by the size of the half spectrum, H*(W//2 + 1), not by "
        "H*W.": blurred_with(right * height * width / right.size),
        "The response was applied twice, as if in both transforms.": blurred_with(
            right**2
        ),
        "The exponent has sigma, not sigma squared.": blurred_with(
            response_of(np.pi**2 * sigma)
        ),
        "Sigma was not used: this is the blur for sigma 1.": blurred_with(
            response_of(np.pi**2)
        ),
        "Sigma was not used: this is the blur for sigma 20.": blurred_with(
            response_of(np.pi**2 * 400.0)
        ),
        "The exponent lacks pi squared.": blurred_with(response_of(sigma**2)),
        "The exponent has pi, not pi squared.": blurred_with(
            response_of(np.pi * sigma**2)
        ),
        "The exponent lacks the factor 2.": blurred_with(
            response_of(np.pi**2 * sigma**2 / 2.0)
        ),
        "The frequencies are those of an image with H and W swapped.": blurred_with(
            stretched_x * stretched_y
        ),
        "fx is in cycles per H pixels: it is divided by H, not by W.": blurred_at(
            fx * width / height, fy
        ),
        "fy is in cycles per W pixels: it is divided by W, not by H.": blurred_at(
            fx, fy * height / width
        ),
        "fy takes its highest positive frequency for a negative one: for odd H, "
        "np.fft.fftfreq turns to negative ones after (H - 1) / 2.": blurred_at(
            fx, early
        ),
        "The response was built for (W, H) and read as if it were for (H, W).": (
            blurred_with(_reread(gaussian_response(width, height, sigma), right.shape))
        ),
        "The response lies in memory column by column, the spectrum row by row.": (
            blurred_with(_reread(right.T, right.shape))
        ),
        "The frequencies are not in cycles per pixel: they were not divided by the "
        "lengths.": blurred_with(in_cycles),
        "The rows are not blurred: only fy is in the exponent.": blurred_with(
            np.broadcast_to(np.exp(-2.0 * np.pi**2 * sigma**2 * fy**2), right.shape)
        ),
        "The columns are not blurred: only fx is in the exponent.": blurred_with(
            np.broadcast_to(np.exp(-2.0 * np.pi**2 * sigma**2 * fx**2), right.shape)
        ),
        "This is what scipy.ndimage.gaussian_filter gives: it cuts the Gaussian off "
        "at 4 sigma. The response asked for is exact.": (
            blurred_with(_cut_off_response(height, width, sigma))
        ),
        "The borders are mirrored, as scipy.ndimage.gaussian_filter does it, and not "
        "periodic.": lambda: _mirrored_blur(image, sigma),
        "fy runs from 0 up: np.fft.fftfreq has the negative frequencies in its second "
        "half.": blurred_at(fx, rising),
    }


def sepia_blur_mistakes(image: npt.NDArray[Any], sigma: float) -> Mistakes:
    """
    Return what the usual mistakes make of :func:`sepia_blur`.

    Args:
        image: Shape ``(height, width, 3)``.

        sigma: The sigma that was asked for.

    Returns:
        A function for each mistake, under a sentence that names it; those of
        :func:`gaussian_blur_mistakes` are among them.
    """
    planes = np.moveaxis(np.asarray(image, dtype=np.float64), -1, 0)

    def of(toned: Callable[[], npt.NDArray[Any]]) -> Callable[[], Array]:
        return lambda: gaussian_blur(toned(), sigma)

    def capped(matrix: Array, order: slice = slice(None)) -> Array:
        result: Array = np.minimum(1.0, np.tensordot(matrix, planes[order], axes=1))
        return result

    mistakes: Mistakes = {
        "The cap at 1 is missing: sums exceed 1 where the image is bright.": of(
            lambda: _coloured(image)
        ),
        "The cap at 1 came after the blur: it belongs to sepia.": (
            lambda: np.minimum(1.0, gaussian_blur(_coloured(image), sigma))
        ),
        "Sepia is missing: these are the image's own colours, blurred.": of(
            lambda: planes
        ),
        "The image's channels were read as blue, green, red.": of(
            lambda: capped(SEPIA, slice(None, None, -1))
        ),
        "The result's channels are in the order blue, green, red.": of(
            lambda: sepia(image)[::-1]
        ),
        "Sepia's matrix is transposed.": of(lambda: capped(SEPIA.T)),
        "Every channel of the result has the weights of red.": of(
            lambda: capped(np.broadcast_to(SEPIA[:1], (3, 3)))
        ),
        "The callback takes each three neighbours in memory for one pixel, but the "
        "operand is stored plane by plane.": of(lambda: _neighbours(planes)),
        "The callback takes the thirds of the memory for the channels, but the operand "
        "is stored pixel by pixel.": of(lambda: _unmixed(_thirds(image), image.shape)),
        "The image was reshaped to (3, H, W), not transposed: that mixes pixels and "
        "channels.": of(lambda: _thirds(image).reshape(planes.shape)),
        "All three axes were transformed: the channels are a batch, not an axis of the "
        "transform.": of(lambda: 3.0 * sepia(image)),
        "The result was divided by 3*H*W: each channel is a transform of its own.": of(
            lambda: sepia(image) / 3.0
        ),
    }
    blurred = gaussian_blur_mistakes(sepia(image), sigma)
    return mistakes | blurred


def _filter(image: npt.NDArray[Any], response: npt.NDArray[Any]) -> Array:
    planes = np.asarray(image, dtype=np.float64)
    spectrum = np.fft.rfft2(planes) * response
    result: Array = np.fft.irfft2(spectrum, s=planes.shape[-2:])
    return result


def _coloured(image: npt.NDArray[Any]) -> Array:
    """Return sepia before the cap."""
    channels = np.moveaxis(np.asarray(image, dtype=np.float64), -1, 0)
    result: Array = np.tensordot(SEPIA, channels, axes=1)
    return result


def _cut_off_response(height: int, width: int, sigma: float) -> npt.NDArray[Any]:
    """Return the response of a sampled Gaussian that ends at 4 sigma."""
    return np.multiply.outer(
        np.fft.fft(_cut_off(height, sigma)).real,
        np.fft.rfft(_cut_off(width, sigma)).real,
    )


def _cut_off(length: int, sigma: float) -> Array:
    """Return a Gaussian's samples up to 4 sigma, wrapped around a period."""
    radius = int(4.0 * sigma + 0.5)
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (places / sigma) ** 2)
    period = np.zeros(length)
    np.add.at(period, places % length, weights / weights.sum())
    return period


def _mirrored_blur(image: npt.NDArray[Any], sigma: float) -> Array:
    height, width = image.shape[-2:]
    wide = np.concatenate([image, image[..., ::-1]], axis=-1)
    tall = np.concatenate([wide, wide[..., ::-1, :]], axis=-2)
    blurred = _filter(tall, _cut_off_response(2 * height, 2 * width, sigma))
    return blurred[..., :height, :width]


def _reread(values: Array, shape: tuple[int, ...]) -> Array:
    """Read an array's memory under another shape, from the start and around its end."""
    return np.resize(values.ravel(), shape)


def _neighbours(planes: Array) -> Array:
    """Return sepia of planes whose memory is taken for pixels."""
    sums = np.ascontiguousarray(planes).reshape(-1, 3) @ SEPIA.T
    result: Array = np.minimum(1.0, sums).reshape(planes.shape)
    return result


def _thirds(image: npt.NDArray[Any]) -> Array:
    """Return sepia, flat, of the image's memory taken for three planes."""
    flat = np.asarray(image, dtype=np.float64).reshape(3, -1)
    result: Array = np.minimum(1.0, SEPIA @ flat).ravel()
    return result


def _unmixed(flat: Array, shape: tuple[int, ...]) -> Array:
    """Return the planes of an image stored pixel by pixel."""
    return np.moveaxis(flat.reshape(shape), -1, 0)
