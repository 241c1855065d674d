"""Save the pictures that a grading compared, as PNG files to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

_GRAY_DIMENSIONS = 2


class Pictures:
    """
    Writes pictures into a folder, or nowhere.

    Args:
        folder: Where ``<assignment>/<exercise>/<case>-<what>.png`` go, or None.

        exercise: ``assignment/exercise``.
    """

    def __init__(self, folder: Path | None, exercise: str) -> None:
        self._folder = None if folder is None else folder / exercise

    def save(
        self,
        case: str,
        *,
        source: npt.NDArray[Any],
        result: npt.NDArray[Any],
        expected: npt.NDArray[Any],
    ) -> None:
        """
        Save the input, the result, the expected picture and their difference.

        Args:
            case: The case's name, for the file names.

            source: ``(H, W)`` or ``(H, W, 3)``, values in [0, 1].

            result: What the program returned, laid out likewise.

            expected: The oracle's, laid out likewise.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        difference = np.abs(result.astype(np.float64) - expected)
        scale = float(np.nanmax(difference)) if np.isfinite(difference).any() else 0.0
        pictures = {
            "input": source,
            "result": result,
            "expected": expected,
            # Scaled to its own largest error: rounding noise looks grey, structure shows.
            "difference": difference / scale if scale else difference,
        }
        for what, picture in pictures.items():
            Image.fromarray(_bytes(picture)).save(self._folder / f"{case}-{what}.png")


def _bytes(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    clean = np.nan_to_num(
        np.asarray(picture, dtype=np.float64), nan=1.0, posinf=1.0, neginf=0.0
    )
    data: npt.NDArray[np.uint8] = (np.clip(clean, 0.0, 1.0) * 255 + 0.5).astype(
        np.uint8
    )
    return data if data.ndim == _GRAY_DIMENSIONS else np.ascontiguousarray(data)
