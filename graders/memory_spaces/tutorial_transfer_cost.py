"""The checks of ``transfer_cost`` for a copy of the tutorial's notebook on memory spaces.

Judged is what the cells of its exercise print, and what they did on the device. What the
figures should be is read from that very trace: on a busy host they vary.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from graders.harness.checks import (
    CellRun,
    Learner,
    joined_evidence,
    raise_for_cells,
    require_evidence,
)
from graders.harness.errors import Unimplemented, WrongValue
from graders.memory_spaces.figures import Figure, read_figures
from graders.memory_spaces.journeys import (
    Shape,
    Work,
    bytes_of,
    read_work,
    shape_of_products,
)
from graders.memory_spaces.printed_figures import (
    FIGURES,
    Accepts,
    Printed,
    expected_estimate,
    find_figures,
    follows,
)

Limits = Mapping[str, Any]

# The cell before the exercise, which turns logging on.
_BEFORE = re.compile(r"logging\.basicConfig")
# What the exercise's list says.
_LIST = re.compile(r"Benchmark 1\b|CPU -> GPU")
_UNITS = ((1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds"))
_NAMES = {
    "matmul_cpu_operands": "the product of a_cpu and b_cpu (benchmark 1)",
    "matmul_gpu_operands": "the product of a_gpu and b_gpu (benchmark 2)",
    "transfer_estimate": "the transfers by difference (the estimate after benchmark 2)",
    "host_to_device": "the copies to the GPU (benchmark 3)",
    "device_to_host": "the copies to the CPU (benchmark 4)",
    "transfer_measured": "the transfers by sum (the estimate after benchmark 4)",
}


@dataclass(frozen=True)
class Benchmarks:
    """
    What the exercise's cells printed and did.

    Attributes:
        printed: The figures.

        work: The trace.

        cells: The exercise's cells.
    """

    printed: Printed
    work: Work
    cells: Sequence[CellRun]


@pytest.fixture(scope="module")
def benchmarks(learner: Learner, limits: Limits, device: str) -> Benchmarks:
    """Return what the notebook printed and did, read once."""
    cells = learner.notebook().cells
    mine = _exercise(cells)
    shape: Shape = tuple(limits["shape"])
    on_cuda = device == "cuda"
    work = _work(mine, shape, on_cuda=on_cuda)
    figures = read_figures("\n".join(cell.text for cell in mine))
    if not any(figure.looks_like_time for figure in figures):
        raise_for_cells(mine, simulated=device == "simulator")
        if not (work.journeys or work.up or work.down):
            _raise_unwritten(mine)
    if not (work.journeys and work.products):  # measured in the cells before, perhaps
        work = _work(cells, shape, on_cuda=on_cuda)
    accepts = _accepts(work, limits, device)
    return Benchmarks(find_figures(figures, accepts), work, mine)


def test_figures(benchmarks: Benchmarks, device: str) -> None:
    """Four benchmarks and two estimates are printed, each a positive number of seconds."""
    printed = benchmarks.printed
    if not printed.is_complete:
        raise_for_cells(benchmarks.cells, simulated=device == "simulator")
        count = "1 line" if printed.lines == 1 else f"{printed.lines} lines"
        msg = (
            f"{count} printed by the cells of the exercise may hold a time. Expected were "
            "six: benchmarks 1 and 2, the estimate from them, benchmarks 3 and 4, and the "
            "estimate from those."
        )
        raise WrongValue(
            msg, hint="Print each on a line of its own, with its decimals."
        )
    for name, figure in printed.figures.items():
        if figure.seconds <= 0:
            msg = (
                f"{_said(name, figure)}. Expected was a positive number of seconds, with "
                "enough digits to see it."
            )
            hint = (
                "Is it rounded? Print more digits."
                if figure.seconds == 0
                else "Work takes time: what is subtracted from what?"
            )
            raise WrongValue(msg, hint=hint)


def test_what_was_timed(benchmarks: Benchmarks, limits: Limits, device: str) -> None:
    """The work that was timed is the work that was asked for, often enough."""
    work, rounds = benchmarks.work, int(limits["rounds"])
    if work.kept >= rounds > len(work.journeys):
        msg = (
            f"{work.kept} products with operands in CPU memory ran without copying both of "
            "them up first. Expected was the whole journey in each of them."
        )
        raise WrongValue(
            msg, hint="A planned Matmul keeps its copies: reset its operands."
        )
    if work.pinned:
        msg = (
            f"{work.pinned} copies used page-locked (pinned) host memory. Expected were "
            "copies of ordinary NumPy arrays, as the product makes them."
        )
        raise WrongValue(msg, hint="cp.asarray(array) and cp.asnumpy(array) will do.")
    up = max((len(times) for times in work.up.values()), default=0)
    down = max((len(times) for times in work.down.values()), default=0)
    counts = {
        "a product whose operands go up and whose result comes down": len(
            work.journeys
        ),
        "a product of operands on the GPU, without copies": len(work.products),
        "a copy of an operand to the GPU alone": up,
        "a copy of the result or of an operand to the CPU alone": down,
    }
    for what, count in counts.items():
        if count < rounds:
            raise_for_cells(benchmarks.cells, simulated=device == "simulator")
            times = "once" if count == 1 else f"{count} times"
            msg = (
                f"In the trace, {what} is found {times}, warm-ups included. Expected were "
                f"{rounds} times or more: a warm-up and {rounds - 1} repeats."
            )
            raise WrongValue(msg, hint=_missing_hint(work, count))


def test_agreement(benchmarks: Benchmarks, limits: Limits, device: str) -> None:
    """Each benchmark's figure agrees with what its work took."""
    work, figures = benchmarks.work, benchmarks.printed.figures
    expected = _expected(work, device)
    for name, accepts in _accepts(work, limits, device).items():
        figure = figures[name]
        if not expected[name] or not accepts(figure.seconds):
            times = " or ".join(f"{s:.4g}" for s in expected[name][:3]) or "no"
            msg = f"{_said(name, figure)}. On the device it took {times} s."
            hint = _figure_hint(name, figure, expected)
            raise WrongValue(msg, hint=hint)


def test_arithmetic(benchmarks: Benchmarks) -> None:
    """The two estimates follow from the four benchmarks."""
    figures = benchmarks.printed.figures
    rules = {
        "transfer_estimate": "benchmark 1 less benchmark 2",
        "transfer_measured": "the sum of benchmarks 3 and 4",
    }
    for name, rule in rules.items():
        value, parts = expected_estimate(name, figures)
        if not follows(figures[name], parts, value):
            msg = (
                f"{_said(name, figures[name])}. Expected was {rule}, which by the figures "
                f"printed there is {value:.4g} s."
            )
            hint = "Which two of the four benchmarks does this estimate rest on?"
            raise WrongValue(msg, hint=hint)


def _exercise(cells: Sequence[CellRun]) -> Sequence[CellRun]:
    """Return the cells after the tutorial's own example with logging."""
    numbers = [i for i, cell in enumerate(cells) if _BEFORE.search(cell.source)]
    return cells[numbers[0] + 1 :] if numbers else cells


def _work(cells: Sequence[CellRun], shape: Shape, *, on_cuda: bool) -> Work:
    evidence = require_evidence(joined_evidence(cells))
    sizes = bytes_of(evidence, shape_of_products(evidence, shape))
    return read_work(evidence, sizes, pinned_up=not on_cuda)


def _raise_unwritten(cells: Sequence[CellRun]) -> None:
    lists = [cell.number for cell in cells if _LIST.search(cell.source)]
    where = f"Code cell {lists[0]} is" if lists else "The exercise's cell is"
    msg = f"{where} still as the tutorial gives it: it prints no figure, and times nothing."
    hint = "Begin with benchmark 1: time matmul(a_cpu, b_cpu), and print the seconds."
    raise Unimplemented(msg, hint=hint)


def _expected(work: Work, device: str) -> dict[str, list[float]]:
    """Return what each of the benchmarks may have taken, in seconds."""
    # Of a copy up a GPU's trace has the transfer alone. CuPy copies pageable memory into
    # page-locked memory first, which takes longer: how far apart repeats begin tells that.
    staged = work.up_apart.values() if device == "cuda" else ()
    return {
        "matmul_cpu_operands": [statistics.median(work.journeys)]
        if work.journeys
        else [],
        "matmul_gpu_operands": [statistics.median(work.products)]
        if work.products
        else [],
        "host_to_device": [
            *work.expected_copies(work.up),
            *(statistics.median(times) for times in staged),
        ],
        "device_to_host": work.expected_copies(work.down),
    }


def _accepts(work: Work, limits: Limits, device: str) -> dict[str, Accepts]:
    """Return for each of the benchmarks which numbers of seconds may be its figure."""
    factor = float(limits[f"figure_factor_{device}"])
    ranges: dict[str, list[tuple[float, float]]] = {}
    for name, expected in _expected(work, device).items():
        least, most, more = 1 / factor, factor, 0.0
        if name == "matmul_gpu_operands":
            least, most = limits["product_least"], limits["product_most"]
            more = limits["product_host_seconds"]
        ranges[name] = [(least * s, max(most * s, s + more)) for s in expected]
    return {name: _within(found) for name, found in ranges.items()}


def _within(ranges: Sequence[tuple[float, float]]) -> Callable[[float], bool]:
    return lambda seconds: any(low <= seconds <= high for low, high in ranges)


def _said(name: str, figure: Figure) -> str:
    shown = figure.text if len(figure.text) <= 80 else f"{figure.text[:80]} ..."  # noqa: PLR2004 - a line of a terminal
    return f"For {_NAMES[name]} the line {shown!r} says {figure.seconds:.4g} s"


def _missing_hint(work: Work, count: int) -> str:
    if count:
        return "One sample is an anecdote: repeat every benchmark."
    if work.others:
        sizes = ", ".join(f"{n:,}" for n in sorted(set(work.others))[:3])
        return f"Copies of {sizes} bytes were made: which arrays are they?"
    return "Which of the benchmarks does this work?"


def _figure_hint(name: str, figure: Figure, expected: Mapping[str, list[float]]) -> str:
    mine = expected[name]
    for factor, unit in _UNITS:
        if any(factor / 4 <= figure.seconds / s <= factor * 4 for s in mine):
            return f"The figure looks like {unit}; say the unit, or print seconds."
    if name == "matmul_gpu_operands" and mine and figure.seconds < mine[0]:
        return (
            "A product is launched, not waited for: synchronise before the clock stops."
        )
    for other in FIGURES:
        near = (0.9 <= figure.seconds / s <= 1.1 for s in expected.get(other, ()))  # noqa: PLR2004 - a tenth
        if other != name and any(near):
            return (
                f"That is what {_NAMES[other]} took: are the lines in the list's order?"
            )
    return (
        "What is inside the timed part, and how many repeats does the figure stand for?"
    )
