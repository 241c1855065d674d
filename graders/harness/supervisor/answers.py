"""Read a worker's answers as data from a stranger: what is not as it should be raises."""

from __future__ import annotations

import contextlib
import json
import math
import signal
from collections.abc import Callable
from typing import Any, TypeVar

#: What reading a stranger's data may raise.
MALFORMED = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    IndexError,
    RecursionError,
)
_MAX_TEXT = 20_000
_MAX_SHORT = 300
_MAX_ITEMS = 200
_MAX_LINE = 10**9

_Read = TypeVar("_Read")


def text(value: Any, limit: int = _MAX_SHORT) -> str:
    """Return the start of a text."""
    if type(value) is not str:
        raise TypeError(type(value).__name__)
    return value[:limit]


def texts(value: Any) -> list[str]:
    """Return the first texts of a list."""
    if type(value) is not list:
        raise TypeError(type(value).__name__)
    return [text(item) for item in value[:_MAX_ITEMS]]


def named(value: Any) -> dict[str, str]:
    """Return texts by their names."""
    if type(value) is not dict:
        raise TypeError(type(value).__name__)
    return dict(zip(texts([*value]), texts([*value.values()]), strict=True))


def flag(value: Any) -> bool:
    """Return a truth value."""
    if type(value) is not bool:
        raise TypeError(type(value).__name__)
    return value


def count(value: Any, limit: int = 2**31) -> int:
    """Return a number from 0 up to a limit."""
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError(type(value).__name__)
    return value


def line(value: Any) -> int:
    """Return the number of a line."""
    return count(value, _MAX_LINE)


def duration(value: Any) -> float:
    """Return a number of seconds."""
    seconds = float(value) if type(value) in (int, float) else math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(type(value).__name__)
    return seconds


def counts(value: Any) -> tuple[int, ...]:
    """Return numbers from 0."""
    if type(value) is not list:
        raise TypeError(type(value).__name__)
    return tuple(count(item) for item in value)


def pairs(value: Any) -> tuple[tuple[int, int], ...]:
    """Return pairs of numbers from 0."""
    if type(value) not in (list, tuple):
        raise TypeError(type(value).__name__)
    return tuple((count(i), count(j)) for i, j in value)


def known(read: Callable[[Any], _Read], value: Any) -> _Read | None:
    """Return what is read of a value; None where the worker does not know it."""
    return None if value is None else read(value)


def facts(value: Any) -> dict[str, Any]:
    """Return facts for the report; numbers that JSON has not are refused."""
    if type(value) is not dict:
        raise TypeError(type(value).__name__)
    json.dumps(value, allow_nan=False)
    return value


def exception(value: Any) -> dict[str, Any] | None:
    """Return an exception's description as far as it is one."""
    if value is None:
        return None
    return {
        "type": text(value["type"]),
        "types": texts(value["types"]),
        "message": text(value["message"], _MAX_TEXT),
        "frames": [
            {
                "file": text(frame["file"]),
                "line": line(frame["line"]),
                "source": text(frame["source"]),
            }
            for frame in value["frames"][:_MAX_ITEMS]
        ],
        "innermost": flag(value["innermost"]),
        "memory_left": _amount(value.get("memory_left")),
    }


def _amount(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 62 else None


def end(data: bytes) -> dict[str, Any]:
    """Return how a child ended, as far as the server's word can be read."""
    with contextlib.suppress(*MALFORMED):
        found = json.loads(data)
        return {
            "exit": _small(found.get("exit")),
            "signal": _small(found.get("signal")),
            "because": text(found.get("because") or ""),
        }
    return {}


def _small(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 16 else None


def signal_name(number: int) -> str:
    """Return a signal's name; most real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
