"""Text of strangers, fit to be shown anywhere: what hides or misleads is made visible.

A learner's program can print escape sequences that repaint a terminal, and characters that
turn the direction of writing. PrairieLearn and Gradescope draw the first, browsers obey the
second. Here both become signs that a reader sees.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from graders.harness.errors import HarnessError

#: Characters that a text may have before it is cut.
MOST_CHARACTERS = 8_000
# Caps that are tried one after the other where a whole file has a limit.
_CAPS = (MOST_CHARACTERS, 2_000, 500, 160, 0)
_LINE_ENDS = re.compile("\r\n|\u2028|\u2029")


def visible(text: str, most: int = MOST_CHARACTERS) -> str:
    """
    Return a text whose every character shows, cut where it is too long.

    Controls, overrides of the writing direction, halves of characters and what else does
    not print are named, as in ``[U+202E]``. Newlines and tabs stay.

    Args:
        text: What somebody wrote.

        most: Characters to keep. How many were cut is said.
    """
    shown = _LINE_ENDS.sub("\n", text[:most])
    if not shown.isprintable():
        shown = "".join(
            c if c.isprintable() or c in "\n\t" else f"[U+{ord(c):04X}]" for c in shown
        )
    left = len(text) - most
    if left <= 0:
        return shown
    end = "\n" if shown else ""
    return f"{shown}{end}[{left:,} more characters were cut]"


def on_one_line(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return :func:`visible` text without line ends."""
    return " ".join(visible(text, most).split())


def plain(value: Any) -> Any:
    """
    Return data that JSON has words for: null for NaN and infinity, text for all else.

    Args:
        value: Plain data, of which some numbers or keys may not be JSON's.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(_encodable(str(key))): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _encodable(str(value))


def _encodable(text: str) -> str:
    """Return text without halves of characters, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def as_json(data: Any, indent: int | None = 2) -> str:
    """Return data as JSON text that every reader takes: no NaN, no half characters."""
    return json.dumps(plain(data), indent=indent, allow_nan=False, ensure_ascii=False)


def number(points: float) -> int | float:
    """Return points as JSON shows them best: whole ones as integers."""
    return int(points) if float(points).is_integer() else round(points, 6)


def fitted(render: Callable[[int], str], limit: int, what: str) -> str:
    """
    Return the first rendering that fits, cutting texts more and more, never the structure.

    Args:
        render: Gives the file's text, from how many characters each text may keep.

        limit: Bytes that the file may have.

        what: The format's name, for the message.

    Raises:
        HarnessError: It does not fit even without any text.
    """
    for most in _CAPS:
        text = render(most)
        if len(text.encode("utf-8", "replace")) <= limit:
            return text
    msg = (
        f"the {what} report has more than {limit:,} bytes even without messages. Grade "
        "fewer exercises at once."
    )
    raise HarnessError(msg)
