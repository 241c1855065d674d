"""Read what a cell showed as data from a stranger, as outputs of a notebook's cell."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from graders.harness.supervisor import answers
from graders.harness.worker.outputs import (
    MAX_PICTURE,
    MAX_PIECES,
    MAX_SHOWN,
    MAX_TEXT,
    PICTURE_TYPES,
    TEXT_TYPES,
)
from graders.harness.worker.wire import Blob

# The note that a worker puts behind a text that it cut.
_NOTE = 200
_MAX_ID = 200
_BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_]|\][^\x07\x1b]*\x07?)")
# Control characters that no text needs; in a notebook, colours may stay.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UPPER_CONTROLS = re.compile(r"[\x80-\x9f]")
_LOWER_CONTROLS = bytes({*range(32), 127} - set(b"\b\t\n\r\x1b"))

Output = dict[str, Any]


def read(
    pieces: Any, blobs: Sequence[Blob], folders: Mapping[str, str]
) -> list[Output]:
    """
    Return a cell's outputs: ``kind``, and as far as it has them ``name`` and ``text``, or
    ``data`` and ``id``, or ``wait``.

    Args:
        pieces: The worker's list.

        blobs: Their contents.

        folders: The worker's own folders, and what stands for them in texts.

    Raises:
        KeyError, TypeError, ValueError, IndexError: It is no such list, or too large.
    """
    if type(pieces) is not list or len(pieces) > MAX_PIECES:
        raise TypeError(type(pieces).__name__)
    reader = _Reader(blobs, folders)
    return [reader.read(piece) for piece in pieces]


class _Reader:
    def __init__(self, blobs: Sequence[Blob], folders: Mapping[str, str]) -> None:
        self._blobs = blobs
        self._folders = folders
        self._left = MAX_SHOWN + 2 * (4 * MAX_TEXT + _NOTE) + MAX_PIECES * _NOTE

    def read(self, piece: Any) -> Output:
        kind = answers.text(piece["kind"])
        if kind == "stream":
            name = answers.text(piece["name"])
            if name not in ("stdout", "stderr"):
                raise ValueError(name)
            text = self._text(piece["blob"])
            return {"kind": kind, "name": name, "text": text}
        if kind == "clear":
            return {"kind": kind, "wait": answers.flag(piece["wait"])}
        if kind not in ("display", "result", "update"):
            raise ValueError(kind)
        known = piece.get("id")
        return {
            "kind": kind,
            "data": self._data(piece["data"]),
            "id": None if known is None else answers.text(known, _MAX_ID),
        }

    def _data(self, data: Any) -> dict[str, str]:
        if type(data) is not dict or len(data) > len(TEXT_TYPES + PICTURE_TYPES):
            raise TypeError(type(data).__name__)
        shown = {kind: self._text(n) for kind, n in data.items() if kind in TEXT_TYPES}
        for kind in PICTURE_TYPES:
            if kind in data and (picture := self._picture(kind, data[kind])):
                shown[kind] = picture
        return shown

    def _bytes(self, number: Any) -> bytes:
        content = bytes(self._blobs[answers.count(number)])
        self._left -= len(content)
        if self._left < 0:
            msg = "more is shown than is kept"
            raise ValueError(msg)
        return content

    def _text(self, number: Any) -> str:
        content = self._bytes(number).translate(None, _LOWER_CONTROLS)
        text = _UPPER_CONTROLS.sub("", content.decode("utf-8", "replace"))
        for folder, instead in self._folders.items():
            text = text.replace(folder, instead)
        return text

    def _picture(self, kind: str, number: Any) -> str:
        content = self._bytes(number)
        if not content.startswith(_BEGINNINGS[kind]) or len(content) > MAX_PICTURE:
            return ""
        return base64.b64encode(content).decode("ascii")


def printed(outputs: Sequence[Output], stream: str) -> str:
    """
    Return what a cell printed on a stream as plain text, lines ended by newlines.

    With ``"stdout"`` come the plain texts of what it showed.
    """
    shown = []
    for output in outputs:
        if output.get("name") == stream:
            shown.append(output["text"])
        elif stream == "stdout" and output["kind"] in ("display", "result"):
            text = output["data"].get("text/plain", "")
            shown.append(f"{text}\n" if text else "")
    return plain("".join(shown))[:MAX_TEXT]


def plain(text: str) -> str:
    """Return a text without colours and control characters."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)
