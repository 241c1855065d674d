"""Reads figures of seconds out of what a program prints, whatever its labels and units.

Owns how a printed number is understood. It judges nothing: the checks do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Direction = Literal["", "up", "down"]

_MOST_NUMBERS = 400
_MOST_TEXT = 200_000
_MOST_IN_LINE = 2_000
_SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_UNITS = {
    "s": r"s|secs?|seconds?",
    "ms": r"ms|msecs?|millisecs?|milliseconds?",
    "us": r"[uµμ]s|usecs?|microsecs?|microseconds?",  # noqa: RUF001 - both signs for micro
    "ns": r"ns|nsecs?|nanosecs?|nanoseconds?",
}
_UNIT = "|".join(f"(?P<{name}>{text})" for name, text in _UNITS.items())
# A number that is no part of a word, of a size such as 8000x2000, or of a version.
_NUMBER = re.compile(
    r"(?<![\w.])(?<![\w.][-+])(?<!\d,)"
    r"(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})++(?:\.\d*+)?|\d++\.?+\d*+|\.\d++)"
    r"(?:[eE][-+]?\d{1,3}+(?!\d))?+)"
    rf"(?:[ \t]*(?:{_UNIT})(?![\w/])|(?P<other>[ \t]*(?:%|[xX]\b|[KMGT]?i?B\b|"
    r"[KMGT]?FLOPS?\b|[A-Za-z]*/s\b|Hz\b|times\b|runs?\b|repeats?\b))|(?P<glued>\w))?",
    re.IGNORECASE,
)
# A unit that is said once for a line: "Upload (ms): 20.5", "time in ms: 20.5".
_SAID = re.compile(rf"(?:[(\[,]\s*|\bin\s+)(?:{_UNIT})\s*(?:[)\]:=,]|$)", re.IGNORECASE)
_HOST = r"(?:cpu|host|h|numpy|ram)"
_DEVICE = r"(?:gpu|device|d|cupy|vram|cuda)"
_TO = r"(?:\s*(?:-+>|=+>|→|➡|⟶|>|-?\bto\b-?|_to_|2)\s*)"  # noqa: RUF001 - arrows that learners paste
_UP = re.compile(rf"(?<![a-z]){_HOST}{_TO}{_DEVICE}(?![a-z])", re.IGNORECASE)
_DOWN = re.compile(rf"(?<![a-z]){_DEVICE}{_TO}{_HOST}(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """
    A number that was printed and may be a time.

    Attributes:
        seconds: Its value, in seconds where a unit was said or none.

        resolution: Half of its last digit's worth, in seconds: how far the number behind it
            may lie from it.

        line: The number of its line, from 0.

        text: The line.

        looks_like_time: Whether it has a unit of time, or decimals.

        direction: Which way its line says that a copy went; empty where it says neither, or
            both.
    """

    seconds: float
    resolution: float
    line: int
    text: str
    looks_like_time: bool
    direction: Direction = ""


def read_figures(text: str) -> list[Figure]:
    """
    Return all numbers in a text that may be times, in order.

    Numbers that are part of a name or of a size (``float32``, ``8000x2000``) are no
    times, nor are those with another unit (``2.5x``, ``12 GB/s``). Without a unit a number
    counts as seconds, or as what the line says once for all, or the heading above it.
    """
    found: list[Figure] = []
    heading = 1.0
    for number, line in enumerate(text[:_MOST_TEXT].splitlines()):
        line = line[:_MOST_IN_LINE]  # noqa: PLW2901 - the rest is not looked at
        said = _SAID.search(line)
        scale = _scale(said) if said else heading
        matches = [m for m in _NUMBER.finditer(line) if not (m["glued"] or m["other"])]
        if said and not matches:
            heading = scale
        for match in matches:
            own = _scale(match)
            found.append(_figure(match, own or scale, number, line, bool(own)))
            if len(found) >= _MOST_NUMBERS:
                return found
    return found


def _scale(match: re.Match[str]) -> float:
    """Return the unit that a match names, in seconds; 0 where it names none."""
    named = (scale for name, scale in _SCALES.items() if match[name])
    return next(named, 0.0)


def _figure(
    match: re.Match[str], scale: float, number: int, line: str, has_unit: bool
) -> Figure:
    digits = match["number"].replace(",", "")
    mantissa, _, exponent = digits.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    worth = 0.5 * 10.0 ** (min(300, int(exponent or 0)) - decimals)
    return Figure(
        seconds=float(digits) * scale,
        resolution=worth * scale,
        line=number,
        text=line.strip(),
        looks_like_time=has_unit or "." in mantissa or bool(exponent),
        direction=_direction(line),
    )


def _direction(line: str) -> Direction:
    up, down = bool(_UP.search(line)), bool(_DOWN.search(line))
    if up == down:
        return ""
    return "up" if up else "down"
