"""The photograph that the tutorial's notebook on FFT callbacks finds, drawn afresh.

Owns what is drawn and how a program reads it; judges nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from graders.fft_callbacks.pictures import Image as Pixels
from graders.fft_callbacks.pictures import colour_picture

#: Where the notebook looks for it.
PLACE = "images/dog.jpg"

# The tutorial leaves the parity at its default, so that the width is even. No prime factor
# is above 127, and no side is 3 or has the other one's length.
_HEIGHTS = (135, 143, 150, 162, 165, 171)
_WIDTHS = (196, 200, 208, 210, 220, 224)


@dataclass(frozen=True)
class Photograph:
    """
    A colour photograph.

    Attributes:
        file: A JPEG file's bytes.

        pixels: What it holds, ``(height, width, 3)`` float32 in [0, 1].
    """

    file: bytes
    pixels: Pixels


def draw_photograph(rng: np.random.Generator) -> Photograph:
    """
    Draw a photograph in which sepia exceeds 1 in a third of the pixels or more.

    The lengths differ, and neither dark nor bright areas are missing.
    """
    size = int(rng.choice(_HEIGHTS)), int(rng.choice(_WIDTHS))
    # Each channel is brighter or darker on its own in each of six areas, and one is dark:
    # what is all gray would not tell the channels apart.
    tint = rng.uniform(0.95, 1.35, size=(2, 3, 3)) * rng.permutation([0.92, 1.0, 1.08])
    tint[rng.integers(2), rng.integers(3)] *= 0.5
    rows = np.arange(size[0]) * 2 // size[0]
    columns = np.arange(size[1]) * 3 // size[1]
    image = colour_picture(rng, size, darkest=0.55)
    image = np.clip(image * tint[rows[:, None], columns], 0.0, 1.0).astype(np.float32)
    stream = io.BytesIO()
    bytes_of_image = np.round(image * 255.0).astype(np.uint8)
    Image.fromarray(bytes_of_image).save(stream, "JPEG", quality=95, subsampling=0)
    return Photograph(stream.getvalue(), _decoded(stream.getvalue()))


def _decoded(file: bytes) -> Pixels:
    """Return the pixels as a program reads them: compression has changed them."""
    with Image.open(io.BytesIO(file)) as picture:
        pixels: npt.NDArray[Any] = np.asarray(picture)
    return (pixels / 255.0).astype(np.float32)
