"""Save the pictures that a grading compared, as PNG files to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from graders.harness.checks.figures import see_pictures
from graders.harness.drawing import as_bytes


class Pictures:
    """
    Writes pictures into a folder, or nowhere.

    Args:
        folder: Where ``<assignment>/<exercise>/<case>-<what>.png`` go, or None.

        exercise: ``assignment/exercise``.

    Attributes:
        saving: Whether files are written: not of what a hidden check looks at.
    """

    def __init__(self, folder: Path | None, exercise: str) -> None:
        self._folder = None if folder is None else folder / exercise
        self.saving = True

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

        A report that shows pictures gets small ones of what was judged last.

        Args:
            case: The case's name, for the file names.

            source: ``(H, W)`` or ``(H, W, 3)``, values in [0, 1].

            result: What the program returned, laid out likewise.

            expected: The oracle's, laid out likewise.
        """
        taken = {"input": source, "result": result, "expected": expected}
        see_pictures(case.replace("-", " "), taken)
        if self._folder is not None and self.saving:
            _write(self._folder, case, taken)


def _write(folder: Path, case: str, taken: dict[str, npt.NDArray[Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    difference = np.abs(taken["result"].astype(np.float64) - taken["expected"])
    scale = float(np.nanmax(difference)) if np.isfinite(difference).any() else 0.0
    # Scaled to its own largest error: rounding noise looks grey, structure shows.
    shown = {**taken, "difference": difference / scale if scale else difference}
    for what, picture in shown.items():
        Image.fromarray(as_bytes(picture)).save(folder / f"{case}-{what}.png")
