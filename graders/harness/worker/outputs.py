"""What a notebook's cell shows: text and pictures, in order, as much of it as is kept.

Imports nothing of the engine but ``wire``.
"""

from __future__ import annotations

import binascii
import contextlib
import io
import threading
import time
from typing import Any, TextIO

from graders.harness.worker import wire

#: Characters that are kept of what a cell prints, on each of the two streams.
MAX_TEXT = 1_000_000
#: Bytes that are kept of one picture, and of all that a cell shows.
MAX_PICTURE = 4 * 2**20
MAX_SHOWN = 8 * 2**20
#: How many pieces a cell's output has.
MAX_PIECES = 500
#: What may be shown. A viewer that shows none of the rest still has the plain text.
TEXT_TYPES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
)
PICTURE_TYPES = ("image/png", "image/jpeg")
# Seconds between two times that printed text is handed on, should the process end.
_HAND_ON_SECONDS = 0.1

# The simulator replaces the learner's clocks; ours is this.
_clock = time.monotonic


class Outputs:
    """
    Collects what is shown until it is taken.

    Threads of the program may print at any time: what comes between two cells goes to the
    next one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pieces: list[dict[str, Any]] = []
        self._printed: dict[str, int] = {}
        self._shown = 0

    def text(self, stream: str, text: str) -> None:
        """Add printed text; ``stream`` is ``"stdout"`` or ``"stderr"``."""
        with self._lock:
            before = self._printed.get(stream, 0)
            if before > MAX_TEXT:
                return
            self._printed[stream] = before + len(text)
            if before + len(text) > MAX_TEXT:
                text = text[: MAX_TEXT - before]
                text += (
                    f"\n[The rest is left out: more than {MAX_TEXT:,} characters.]\n"
                )
            self._add_text(stream, text)

    def _add_text(self, stream: str, text: str) -> None:
        last = self._pieces[-1] if self._pieces else {}
        if last.get("name") != stream and len(self._pieces) >= MAX_PIECES:
            alike = [p for p in self._pieces if p.get("name") == stream]
            if not alike:
                return
            last = alike[-1]
        if last.get("name") == stream:
            last["parts"].append(text)
        else:
            piece = {"kind": "stream", "name": stream, "parts": [text]}
            self._pieces.append(piece)

    def show(self, kind: str, data: Any, display_id: Any = None) -> None:
        """
        Add what is shown in several forms.

        Args:
            kind: ``"result"``, ``"display"``, or ``"update"`` of what has the same id.

            data: What a formatter made of an object: text or bytes by media types.

            display_id: Names what is shown, so that it can be updated.
        """
        with self._lock:
            if len(self._pieces) >= MAX_PIECES:
                return
            piece: dict[str, Any] = {"kind": kind, "data": self._kept(data)}
            if isinstance(display_id, str):
                piece["id"] = display_id[:200]
            self._pieces.append(piece)

    def clear(self, *, wait: bool) -> None:
        """Add that what was shown so far is to be taken away."""
        with self._lock:
            if len(self._pieces) < MAX_PIECES:
                self._pieces.append({"kind": "clear", "wait": bool(wait)})

    def take(self) -> tuple[list[dict[str, Any]], list[wire.Blob]]:
        """Return the pieces as nodes and blobs, and begin anew."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
            self._printed = {}
            self._shown = 0
        blobs: list[wire.Blob] = []

        def number(content: bytes) -> int:
            blobs.append(content)
            return len(blobs) - 1

        for piece in pieces:
            if "parts" in piece:
                text = "".join(piece.pop("parts"))
                piece["blob"] = number(text.encode("utf-8", "replace"))
            if "data" in piece:
                kept = piece["data"].items()
                piece["data"] = {kind: number(content) for kind, content in kept}
        return pieces, blobs

    def _kept(self, data: Any) -> dict[str, bytes]:
        kept: dict[str, bytes] = {}
        left_out = []
        for kind in (*TEXT_TYPES, *PICTURE_TYPES):
            content = _content(kind, data.get(kind)) if isinstance(data, dict) else None
            if content is None:
                continue
            most = min(MAX_PICTURE, MAX_SHOWN - self._shown)
            if kind == "text/plain" and len(content) > min(most, MAX_TEXT):
                content = content[: max(0, min(most, MAX_TEXT))]
                left_out.append("the rest of this text")
            elif len(content) > most:
                left_out.append(f"{kind} of {len(content) / 2**20:.1f} MB")
                continue
            self._shown += len(content)
            kept[kind] = content
        if left_out:
            note = f"[Left out, since it is too large: {', '.join(left_out)}.]"
            kept["text/plain"] = kept.get("text/plain", b"") + b"\n" + note.encode()
        return kept


def _content(kind: str, value: Any) -> bytes | None:
    """Return text or bytes as bytes; IPython gives some pictures as text in base64."""
    if isinstance(value, str):
        content = value.encode("utf-8", "replace")
        if kind in PICTURE_TYPES:
            with contextlib.suppress(ValueError):
                content = binascii.a2b_base64(content)
        return content
    return bytes(value) if isinstance(value, bytes | bytearray) else None


class Stream(io.TextIOBase):
    """
    The program's standard output or error.

    Args:
        name: ``"stdout"`` or ``"stderr"``.

        outputs: Where text is collected.

        onward: The process's own stream: it gets the text as well, soon, so that what a
            program printed before it took its process down is not lost.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, outputs: Outputs, onward: TextIO) -> None:
        super().__init__()
        self.name = f"<{name}>"
        self._stream = name
        self._outputs = outputs
        self._onward = onward
        self._handed_on = 0.0
        self._budget = MAX_TEXT

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False."""
        return False

    def fileno(self) -> int:
        """Return the process's own stream's descriptor."""
        return self._onward.fileno()

    def begin(self) -> None:
        """A new cell begins: as much as may be printed is handed on again."""
        self._budget = MAX_TEXT

    def write(self, text: str, /) -> int:
        """Take text."""
        given: object = text
        if not isinstance(given, str):
            msg = f"write() argument must be str, not {type(given).__name__}"
            raise TypeError(msg)
        self._outputs.text(self._stream, text)
        if self._budget > 0:
            self._budget -= len(text)
            self._hand_on(text)
        return len(text)

    def _hand_on(self, text: str) -> None:
        with contextlib.suppress(Exception):  # closed or replaced by the learner
            self._onward.write(text)
            now = _clock()
            if now - self._handed_on > _HAND_ON_SECONDS:
                self._handed_on = now
                self._onward.flush()

    def flush(self) -> None:
        """Do nothing: all that was written has been taken."""

    def close(self) -> None:
        """Do nothing: later cells print as well."""


def capture(outputs: Outputs, streams: tuple[TextIO, TextIO]) -> tuple[Stream, Stream]:
    """Return streams for a program's output and errors."""
    out, errors = streams
    return Stream("stdout", outputs, out), Stream("stderr", outputs, errors)
