"""Graded pictures for a report that stands alone: small copies, as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

#: What is shown of a case, in this order, and what it is.
_SHOWN = {
    "expected": "expected",
    "result": "your result",
    "difference": "difference, brightest where it is largest",
}
_MAX_BYTES = 148_000  # of all pictures together: as text they are 200 kB
# Pixels that the longer side may have: the first that is small enough.
_SIDES = (288, 192, 144, 96)


@dataclass(frozen=True, kw_only=True)
class ShownPicture:
    """
    A picture in a report.

    Attributes:
        caption: What it is.

        uri: A data URI of a PNG.

        width: Its width in pixels; likewise ``height``.
    """

    caption: str
    uri: str
    width: int
    height: int


def shown_pictures(folder: Path, *, wrong: bool) -> tuple[ShownPicture, ...]:
    """
    Return what to show of the case that was judged last: where one is wrong, that one.

    Args:
        folder: Where ``checks.pictures.Pictures`` saved ``<case>-<what>.png``; it need
            not exist.

        wrong: Whether a value is. Then the expected picture and the difference are shown
            beside the result, all at one scale.
    """
    saved = sorted(
        folder.glob("*-result.png"), key=lambda path: path.stat().st_mtime_ns
    )
    if not saved:
        return ()
    case = saved[-1].name.removesuffix("-result.png")
    whats = _SHOWN if wrong else ("result",)
    paths = {what: folder / f"{case}-{what}.png" for what in whats}
    if not all(path.is_file() for path in paths.values()):
        return ()
    opened = {what: _opened(path) for what, path in paths.items()}
    for side in _SIDES:
        data = {what: _as_png(picture, side) for what, picture in opened.items()}
        if sum(len(content) for content, _ in data.values()) <= _MAX_BYTES:
            break
    return tuple(
        ShownPicture(
            caption=_SHOWN[what],
            uri=f"data:image/png;base64,{base64.b64encode(content).decode()}",
            width=size[0],
            height=size[1],
        )
        for what, (content, size) in data.items()
    )


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.copy()


def _as_png(picture: Image.Image, side: int) -> tuple[bytes, Sequence[int]]:
    """Return a copy with no side longer than ``side``, as PNG, and its size."""
    small = picture.copy()
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, "PNG")
    return file.getvalue(), small.size
