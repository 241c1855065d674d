"""Arrays as small PNG pictures: a copy of an image, a map of errors with its colours.

Knows nothing of checks and reports; both draw with it.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[Any]

_GRAY_DIMENSIONS = 2
# Pixels that the longer side may have: the first that is small enough.
_SIDES = (320, 256, 192, 144, 96)
_MAX_BYTES = 148_000  # of pictures that belong together: as text they are 200 kB

#: Colours of an error map from nothing to the largest error, as ``#rrggbb``: ten of
#: "inferno" (CC0, https://bids.github.io/colormap/), whose lightness grows evenly, also for
#: the colour-blind and in a gray print.
COLOURS = (
    "#000004", "#1b0c41", "#4a0c6b", "#781c6d", "#a52c60",
    "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4",
)  # fmt: skip
#: The colour of what is no number: none of the scale's own.
NOT_FINITE = "#00c2d1"
_LAST = 254  # the last index of the scale in a palette; the one after is NOT_FINITE


@dataclass(frozen=True, kw_only=True)
class Png:
    """
    A picture as a file.

    Attributes:
        data: The file, in Base64.

        width: Its width in pixels; likewise ``height``.
    """

    data: str
    width: int
    height: int


def as_bytes(picture: Array) -> npt.NDArray[np.uint8]:
    """Return 8-bit pixels of values in [0, 1]; what lies beyond is cut, NaN is white."""
    clean = np.nan_to_num(
        np.asarray(picture, dtype=np.float64), nan=1.0, posinf=1.0, neginf=0.0
    )
    return (np.clip(clean, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def small_pictures(
    pictures: Mapping[str, Array], most: int = _MAX_BYTES
) -> dict[str, Png]:
    """
    Return small copies of pictures that belong together, all at one scale.

    What is no number is drawn in NOT_FINITE.

    Args:
        pictures: ``(H, W)`` or ``(H, W, 3)`` each, of one H and W, values in [0, 1].

        most: The bytes that all files may have together.
    """
    opened = {name: Image.fromarray(_pixels(p)) for name, p in pictures.items()}
    for side in _SIDES:
        files = {name: _file(_reduced(p, side)) for name, p in opened.items()}
        if sum(len(content) for content, _ in files.values()) <= most:
            break
    return {name: _png(*found) for name, found in files.items()}


def error_map(errors: Array, largest: float) -> Png:
    """
    Return a picture of errors in :data:`COLOURS`; NaN and infinities are NOT_FINITE.

    Of a large array each pixel shows the largest error of its block: a single wrong
    element stays to be seen.

    Args:
        errors: ``(H, W)``, not negative.

        largest: What the last colour stands for.
    """
    for side in _SIDES:
        length = max(1, math.ceil(max(errors.shape) / side))
        shown = block_maxima(errors, (length, length))
        picture = Image.fromarray(_indices(shown, largest), mode="P")
        picture.putpalette(_palette())
        content, size = _file(picture)
        if len(content) <= _MAX_BYTES // 3:
            break
    return _png(content, size)


def block_maxima(errors: Array, block: tuple[int, int]) -> npt.NDArray[np.float64]:
    """
    Return the largest value of each block; of one with a NaN or an infinity, NaN.

    Args:
        errors: ``(rows, columns)``, not negative.

        block: The rows and columns of a block. Those at the far ends may be smaller.
    """
    wide = np.where(np.isfinite(errors), errors, np.nan).astype(np.float64)
    rows, columns = (math.ceil(n / b) for n, b in zip(wide.shape, block, strict=True))
    padding = rows * block[0] - wide.shape[0], columns * block[1] - wide.shape[1]
    padded = np.pad(wide, [(0, padding[0]), (0, padding[1])], constant_values=0.0)
    blocks = padded.reshape(rows, block[0], columns, block[1])
    found: npt.NDArray[np.float64] = blocks.max(axis=(1, 3))
    return found


def _pixels(picture: Array) -> npt.NDArray[np.uint8]:
    pixels = as_bytes(picture)
    broken = ~np.isfinite(picture)
    if not broken.any():
        return pixels
    if pixels.ndim == _GRAY_DIMENSIONS:
        pixels, broken = np.stack([pixels] * 3, axis=-1), broken[..., None]
    pixels[broken.any(axis=-1)] = _rgb(NOT_FINITE)
    return pixels


def _indices(errors: Array, largest: float) -> npt.NDArray[np.uint8]:
    finite = np.isfinite(errors)
    share = np.divide(np.where(finite, errors, 0.0), largest or 1.0)
    scaled = np.clip(np.nan_to_num(share), 0.0, 1.0) * _LAST + 0.5
    return np.where(finite, scaled, _LAST + 1).astype(np.uint8)


def _palette() -> list[int]:
    stops = np.array([_rgb(colour) for colour in COLOURS], dtype=np.float64)
    places = np.linspace(0, _LAST, len(stops))
    steps = np.arange(_LAST + 1)
    scale = np.stack([np.interp(steps, places, s) for s in stops.T], axis=-1)
    return [*(int(v + 0.5) for v in scale.ravel()), *_rgb(NOT_FINITE)]


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    small = picture.copy()
    small.thumbnail((side, side))
    return small


def _file(picture: Image.Image) -> tuple[bytes, tuple[int, int]]:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue(), picture.size


def _png(content: bytes, size: tuple[int, int]) -> Png:
    data = base64.b64encode(content).decode("ascii")
    return Png(data=data, width=size[0], height=size[1])
