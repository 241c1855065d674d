"""Finds the six figures of a tutorial's benchmarks among all that its cells print.

The program is free in labels, units, other numbers beside the figures and lines between
them. So every number is a candidate, and the six are those that stand in the list's order
and are what they should be. Where no six are, the first number of each line is taken for
one, so that a message can say what is wrong with it. It judges nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graders.memory_spaces.figures import Figure

#: The figures in the order of the tutorial's list.
FIGURES = (
    "matmul_cpu_operands",
    "matmul_gpu_operands",
    "transfer_estimate",
    "host_to_device",
    "device_to_host",
    "transfer_measured",
)

_MOST_CANDIDATES = 14  # for one figure
_MOST_CHOICES = 1000  # of four figures
_COARSEST = 0.2  # of an estimate: what is printed with fewer digits says nothing
_ROUNDING = 1e-5  # of float32 arithmetic, relative to what is added

Accepts = Callable[[float], bool]
Named = Mapping[str, Figure]


@dataclass(frozen=True)
class Printed:
    """
    The figures as they were printed.

    Attributes:
        figures: By name; fewer than six where so many are not there.

        lines: How many lines hold a number that may be a figure.
    """

    figures: Named
    lines: int

    @property
    def is_complete(self) -> bool:
        """Whether all six are there."""
        return len(self.figures) == len(FIGURES)


def find_figures(printed: Sequence[Figure], accepts: Mapping[str, Accepts]) -> Printed:
    """
    Return the six figures.

    Args:
        printed: All numbers that may be times, in order.

        accepts: For each of the four benchmarks, whether a number of seconds can be its.
    """
    printed = [figure for figure in printed if figure.looks_like_time]
    plain = _one_a_line(printed)
    found = _best(printed, accepts)
    if found is None:
        found = dict(zip(FIGURES, plain, strict=False))
    else:
        found = {name: found[name] for name in FIGURES if name in found}
        if len(found) < len(FIGURES) <= len(plain):
            found = _completed(found, plain)
    return Printed(found, len(plain))


def follows(estimate: Figure, parts: Sequence[Figure], value: float) -> bool:
    """
    Return whether an estimate follows from two figures, as far as was printed.

    Args:
        estimate: The estimate.

        parts: The figures that it rests on.

        value: What they give.
    """
    allowed = sum(part.resolution for part in (estimate, *parts))
    allowed += _ROUNDING * sum(abs(part.seconds) for part in parts)
    allowed = min(1.01 * allowed, _COARSEST * abs(value))
    return abs(estimate.seconds - value) <= allowed


def expected_estimate(name: str, figures: Named) -> tuple[float, list[Figure]]:
    """Return what an estimate should be by the other figures, and those it rests on."""
    if name == "transfer_estimate":
        parts = [figures["matmul_cpu_operands"], figures["matmul_gpu_operands"]]
        return parts[0].seconds - parts[1].seconds, parts
    parts = [figures["host_to_device"], figures["device_to_host"]]
    return parts[0].seconds + parts[1].seconds, parts


def _one_a_line(printed: Sequence[Figure]) -> list[Figure]:
    """Return the first figure of each line."""
    by_line: dict[int, Figure] = {}
    for figure in printed:
        by_line.setdefault(figure.line, figure)
    return list(by_line.values())


def _best(
    printed: Sequence[Figure], accepts: Mapping[str, Accepts]
) -> dict[str, Figure] | None:
    """Return the four benchmarks' figures with as many estimates as can be found."""
    copies = list(_pairs(printed, accepts, *FIGURES[3:5]))
    choices = (
        (first, second, not place)
        for first in _pairs(printed, accepts, *FIGURES[:2])
        for place, second in enumerate(c for c in copies if max(first) < min(c))
    )
    best: dict[str, Figure] | None = None
    for first, second, is_plain in itertools.islice(choices, _MOST_CHOICES):
        found = _with_estimates(printed, first, second, is_plain=is_plain)
        if best is None or len(found) > len(best):
            best = found
        if len(found) == len(FIGURES):
            break
    return best


def _with_estimates(
    printed: Sequence[Figure],
    products: tuple[int, int],
    copies: tuple[int, int],
    *,
    is_plain: bool,
) -> dict[str, Figure]:
    """
    Return the figures at these places with the estimates that are printed with them.

    The two estimates are near one another, and a program may print each again. So the
    first is looked for where it belongs, between the products and the copies, and what
    only repeats one of them does not stand for the other, unless it follows the copies at
    once (``is_plain``: they are the first that can be the copies).
    """
    places = dict(zip((*FIGURES[:2], *FIGURES[3:5]), (*products, *copies), strict=True))
    found = {name: printed[place] for name, place in places.items()}
    between = printed[max(products) + 1 : min(copies)]
    after = printed[max(copies) + 1 :]
    by_sum = _fitting("transfer_measured", found, after)
    first = next(_fitting("transfer_estimate", found, between), None)
    if first is not None:
        next_line = next((f.line for f in after), -1) if is_plain else -1
        second = next(
            (f for f in by_sum if f.line == next_line or not _same(f, first)), None
        )
    else:
        second = next(by_sum, None)
        first = next(
            (
                f
                for f in _fitting("transfer_estimate", found, after)
                if f is not second and not (between and second and _same(f, second))
            ),
            None,
        )
    estimates = {"transfer_estimate": first, "transfer_measured": second}
    return found | {name: f for name, f in estimates.items() if f is not None}


def _fitting(name: str, figures: Named, among: Sequence[Figure]) -> Iterator[Figure]:
    value, parts = expected_estimate(name, figures)
    return (f for f in among if follows(f, parts, value))


def _same(one: Figure, other: Figure) -> bool:
    return one.seconds == other.seconds


def _pairs(
    printed: Sequence[Figure], accepts: Mapping[str, Accepts], one: str, other: str
) -> Iterator[tuple[int, int]]:
    """Yield the places of two figures that follow one another."""
    firsts, seconds = (
        [i for i, f in enumerate(printed) if accepts[name](f.seconds)][
            :_MOST_CANDIDATES
        ]
        for name in (one, other)
    )
    for i in firsts:
        for j in seconds:
            ways = (printed[i].direction, printed[j].direction)
            if one == "host_to_device":
                if ways == ("up", "down") and i != j:
                    yield i, j  # labels say which is which, in any order
                elif i < j and ways[0] != "down" and ways[1] != "up":
                    yield i, j
            elif i < j:
                yield i, j


def _completed(found: Named, plain: Sequence[Figure]) -> dict[str, Figure]:
    """Take for a missing estimate the figure of the line where it should stand."""
    taken = {figure.line for figure in found.values()}
    result = dict(found)
    before = {"transfer_estimate": FIGURES[1], "transfer_measured": FIGURES[4]}
    for name, one_before in before.items():
        if name in found:
            continue
        rest = [f for f in plain if f.line not in taken]
        later = [f for f in rest if f.line > found[one_before].line]
        for figure in (later or rest)[:1]:
            result[name] = figure
            taken.add(figure.line)
    return {name: result[name] for name in FIGURES if name in result}
