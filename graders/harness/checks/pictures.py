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

        last_only: Whether only the last case is written, by :meth:`close`: each takes
            time. The default is to write all of them.
    """

    def __init__(
        self, folder: Path | None, exercise: str, *, last_only: bool = False
    ) -> None:
        self._folder = None if folder is None else folder / exercise
        self._last_only = last_only
        self._last: tuple[str, dict[str, npt.NDArray[Any]]] | None = None

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
        taken = {"input": source, "result": result, "expected": expected}
        if self._last_only:
            self._last = (case, taken)
        else:
            _write(self._folder, case, taken)

    def close(self) -> None:
        """Write what has not been written yet."""
        if self._folder is not None and self._last is not None:
            _write(self._folder, *self._last)
            self._last = None


def _write(folder: Path, case: str, taken: dict[str, npt.NDArray[Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    difference = np.abs(taken["result"].astype(np.float64) - taken["expected"])
    scale = float(np.nanmax(difference)) if np.isfinite(difference).any() else 0.0
    # Scaled to its own largest error: rounding noise looks grey, structure shows.
    shown = {**taken, "difference": difference / scale if scale else difference}
    for what, picture in shown.items():
        Image.fromarray(_bytes(picture)).save(folder / f"{case}-{what}.png")


def _bytes(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    clean = np.nan_to_num(
        np.asarray(picture, dtype=np.float64), nan=1.0, posinf=1.0, neginf=0.0
    )
    data: npt.NDArray[np.uint8] = (np.clip(clean, 0.0, 1.0) * 255 + 0.5).astype(
        np.uint8
    )
    return data if data.ndim == _GRAY_DIMENSIONS else np.ascontiguousarray(data)
