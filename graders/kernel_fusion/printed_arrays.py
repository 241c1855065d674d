"""Reads arrays out of printed text, in whatever style a program prints them.

Owns how NumPy, CuPy, nested lists and plain rows of numbers look. It judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

_MOST_TEXT = 200_000
_MOST_ARRAYS = 100
_MOST_ENTRIES = 1000
_MOST_ROWS = 12  # of a matrix that is printed row by row
# Without a way back: a stranger's text may have a hundred thousand digits in a row.
_NUMBER = r"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?\d{1,3}+(?!\d))?+"
_TOKEN = re.compile(rf"\s*(?:(?P<open>\[)|(?P<close>\])|(?P<comma>,)|(?P<number>{_NUMBER})|"
                    r"(?P<truth>True|False))")  # fmt: skip
# How NumPy writes a single number within a list.
_SCALAR = re.compile(rf"(?:np|numpy|cp|cupy)\.\w+\(({_NUMBER}|True|False)\)")
_WRAPPED = re.compile(rf"array\(({_NUMBER})(?:,\s*dtype=\w+)?\)")
_ROW = re.compile(rf"[|\s]*({_NUMBER}(?:[,;|\s]+{_NUMBER})*)[,;|\s]*$")
_FEW_DECIMALS = 2


@dataclass(frozen=True)
class PrintedArray:
    """
    An array as it was printed.

    Attributes:
        values: One or two axes.

        resolution: How far its entries may lie from what was printed of them: half of
            the last digit's worth, or 0 where they have two decimals at most, as numbers
            worked out by hand do.

        is_truth: Whether the entries are True and False.

        position: Where it begins in the text.
    """

    values: Reals
    resolution: float
    is_truth: bool
    position: int


def read_arrays(text: str) -> list[PrintedArray]:
    """Return the arrays in a text, in order; those that are cut short are left out."""
    text = _WRAPPED.sub(r"\1", _SCALAR.sub(r"\1", text[:_MOST_TEXT]))
    found: list[PrintedArray] = []
    covered: list[tuple[int, int]] = []
    place = text.find("[")
    while place >= 0 and len(found) < _MOST_ARRAYS:
        end, array = _bracketed(text, place)
        if array is not None:
            found.append(array)
            covered.append((place, end))
        place = text.find("[", end)
    found += _row_by_row(text, found, covered)
    found += _plain_rows(text, covered)
    return sorted(found, key=lambda array: array.position)


def _bracketed(text: str, start: int) -> tuple[int, PrintedArray | None]:
    """Return where the brackets that begin here end, and what is in them."""
    rows: list[list[str]] = []
    depth = deepest = entries = 0
    truth = False
    place = start
    while entries <= _MOST_ENTRIES:
        token = _TOKEN.match(text, place)
        if token is None:
            break
        place = token.end()
        if token["open"]:
            depth += 1
            deepest = max(deepest, depth)
            rows.append([])
        elif token["close"]:
            depth -= 1
            if depth == 0:
                return place, _assembled(rows, deepest, truth, start)
        elif not token["comma"]:
            truth = truth or bool(token["truth"])
            rows[-1].append(token["number"] or token["truth"])
            entries += 1
    return max(place, start + 1), None


def _assembled(
    rows: Sequence[list[str]], axes: int, truth: bool, position: int
) -> PrintedArray | None:
    lines = [row for row in rows if row]
    lengths = {len(row) for row in lines}
    if axes not in (1, 2) or len(lengths) != 1 or (axes == 1 and len(lines) != 1):
        return None
    return _array(lines if axes == 2 else lines[0], truth, position)  # noqa: PLR2004 - rows and columns


def _array(texts: Sequence[object], truth: bool, position: int) -> PrintedArray:
    flat = [str(t) for t in np.asarray(texts, dtype=object).ravel()]
    values = [t == "True" if t in ("True", "False") else float(t) for t in flat]
    shape = np.asarray(texts, dtype=object).shape
    worth = [0.0 if truth else _worth(t) for t in flat]
    return PrintedArray(
        np.asarray(values, dtype=np.float64).reshape(shape),
        max(worth, default=0.0),
        truth,
        position,
    )


def _worth(text: str) -> float:
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2].rstrip("0"))
    if decimals <= _FEW_DECIMALS and not exponent:
        return 0.0
    power = max(-300, min(300, int(exponent or 0)))
    # NumPy leaves zeros out: 1.e+00 is no number between a half and one and a half.
    return float(0.5 * 10.0 ** (power - max(decimals, _FEW_DECIMALS)))


def _row_by_row(
    text: str, found: Sequence[PrintedArray], covered: Sequence[tuple[int, int]]
) -> Iterator[PrintedArray]:
    """Yield the matrices whose rows were printed one after the other, a row a line."""
    rows = [
        (array, begin, end)
        for array, (begin, end) in zip(found, covered, strict=True)
        if array.values.ndim == 1
    ]
    for i in range(len(rows)):
        taken = [rows[i][0]]
        for before, after in zip(rows[i:], rows[i + 1 :], strict=False):
            same_length = after[0].values.size == taken[0].values.size
            if text.count("\n", before[2], after[1]) != 1 or not same_length:
                break
            taken.append(after[0])
            if len(taken) > _MOST_ROWS:
                break
            yield _stacked(taken)


def _plain_rows(
    text: str, covered: Sequence[tuple[int, int]]
) -> Iterator[PrintedArray]:
    """Yield the matrices that stand there as rows of numbers, without brackets."""
    inside = {n for begin, end in covered for n in _lines(text, begin, end)}
    block: list[PrintedArray] = []
    position = 0
    for number, line in enumerate([*text.splitlines(), ""]):
        match = None if number in inside else _ROW.match(line)
        row = re.findall(_NUMBER, match[1]) if match else []
        if block and len(row) != block[0].values.size:
            if len(block) > 1:
                yield _stacked(block)
            block = []
        if row and len(row) <= _MOST_ENTRIES:
            block.append(_array(row, False, position))  # noqa: FBT003 - numbers
        position += len(line) + 1


def _lines(text: str, begin: int, end: int) -> range:
    first = text.count("\n", 0, begin)
    return range(first, first + text.count("\n", begin, end) + 1)


def _stacked(rows: Sequence[PrintedArray]) -> PrintedArray:
    return PrintedArray(
        np.stack([row.values for row in rows]),
        max(row.resolution for row in rows),
        any(row.is_truth for row in rows),
        rows[0].position,
    )
