"""What a blur gives that limits sigma by a side of the image, or by more than there is.

Owns the sentences that recognise it; the images that show it are in ``pictures``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy.typing as npt

from graders.fft_callbacks.pictures import Array, Blur

# Shares of a side by which a program may limit sigma.
_SHARES = (
    ("which is", 1),
    ("half", 2),
    ("a third of", 3),
    ("a quarter of", 4),
    ("a fifth of", 5),
    ("a sixth of", 6),
    ("a tenth of", 10),
)
# Of the longer side: a sigma that leaves nothing of the image but its mean.
_ENDLESS = 100.0


def limited(
    blur: Blur, image: npt.NDArray[Any], sigma: float
) -> dict[str, Callable[[], Array]]:
    """
    Return what a program gives that limits sigma, or takes a large one for endless.

    Args:
        blur: The oracle.

        image: Shape ``(H, W)`` or ``(H, W, 3)``.

        sigma: What was asked for.

    Returns:
        As the oracles' mistakes: for limits below ``sigma``, and the image's mean where
        ``sigma`` is above one of the sides.
    """
    height, width = image.shape[:2]
    found: dict[str, Callable[[], Array]] = {}
    for name, side in (("the height", height), ("the width", width)):
        for share, parts in _SHARES:
            limit = side / parts
            if limit < sigma:
                found[
                    f"This is the blur for sigma {limit:.4g}, {share} {name}: what limits "
                    "sigma? Borders are periodic, so that it may be larger than a side."
                ] = partial(blur, image, limit)
    if sigma > min(height, width):
        found[
            "This is the image's mean everywhere: sigma is above its shorter side, and "
            "along the longer one there is still something to see."
        ] = partial(blur, image, _ENDLESS * max(height, width))
    return found
