"""The checks of ``matmul_validation`` for a copy of the tutorial's chapter 9.2.

Judged is what its cells print, and that nvmath computed the fused result for the same small
case. No label and no variable's name is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    ArrayValue,
    CellRun,
    Learner,
    Operation,
    joined_evidence,
    raise_for_cells,
    require_evidence,
)
from graders.harness.errors import NotFused, Unimplemented, WrongValue
from graders.kernel_fusion.printed_arrays import PrintedArray, read_arrays
from graders.kernel_fusion.printed_cases import STEPS, Case, Place, find_cases

Limits = Mapping[str, Any]

_WORDS = {"product": "A B", "biased": "A B + b", "activated": "ReLU(A B + b)"}
# The tutorial's own cells, by what they bind or call.
_STEPS_CELL = re.compile(r"\bmatmul_result\b")
_FUSED_CELL = re.compile(r"\bepilog\s*=|\bepilog_inputs\b|MatmulEpilog")
_TRANSFORMS = re.compile(r"\bfilter_data\b|\bcompile_epilog\b|\bfft\.fft\b")
_ASSERTS = re.compile(r"\bassert")
_COMPARES = re.compile(r"allclose|array_equal|==")
_DENIES = re.compile(
    r"\b(?:False|not|no|wrong|mis\w*|differ\w*|fail\w*)\b", re.IGNORECASE
)
_MOST_NAMES = 40
_LARGEST_READ = 1000


@dataclass(frozen=True)
class Notebook:
    """
    What the notebook printed and did.

    Attributes:
        cells: All its code cells.

        printed: The arrays that they print.

        cases: The cases among these, those of which most is printed first.
    """

    cells: Sequence[CellRun]
    printed: Sequence[Place]
    cases: Sequence[Case]

    def fused_cells(self, case: Case) -> list[CellRun]:
        """Return the cells in which nvmath fused a ReLU into a product of this size."""
        m, n, k = case.shape
        sizes = ((m, n, k), (n, m, k))  # nvmath may take both operands transposed
        return [
            cell
            for cell in self.cells
            if any(op.shape in sizes and "RELU" in op.kind for op in _products(cell))
        ]


@pytest.fixture(scope="module")
def notebook(learner: Learner, limits: Limits, device: str) -> Notebook:
    """Return what the notebook printed and did, read once."""
    cells = learner.notebook().cells
    printed = [
        Place(array, cell.number) for cell in cells for array in read_arrays(cell.text)
    ]
    written = [array for cell in cells for array in read_arrays(cell.source)]
    cases = find_cases(printed, written)
    if not cases or cases[0].missing:
        kept = _variables(learner, cells)
        cases = find_cases(printed, [*written, *kept])
    largest = int(limits["largest_case"])
    if not cases and not any(p.array.values.ndim > 1 for p in printed):
        began = [c for c in cells if any(_is_small(op, largest) for op in _products(c))]
        raise_for_cells(
            began or [c for c in cells if _STEPS_CELL.search(c.source)],
            simulated=device == "simulator",
        )
        _raise_unwritten(cells)
    return Notebook(cells, printed, cases)


def test_case_consistent(notebook: Notebook, device: str) -> None:
    """A small case is printed, and each step's result, which follows from the operands."""
    case = next(iter(notebook.cases), None)
    if case is None:
        raise_for_cells(_mine(notebook.cells), simulated=device == "simulator")
        msg = (
            f"{len(notebook.printed)} arrays are printed, and none is the product A B of "
            "two others, with a bias b for each of its rows. Expected were small A, B and "
            "b, and after them A B, A B + b and ReLU(A B + b)."
        )
        hint = "Work one entry of A B out by hand: what does the notebook print for it?"
        raise WrongValue(msg, hint=hint)
    if case.missing:
        raise_for_cells(_mine(notebook.cells), simulated=device == "simulator")
        step = case.missing[0]
        other = _nearest(notebook.printed, case, step)
        if other is None:
            msg = (
                f"{_WORDS[step]} is not printed for {_shown(case)}. Expected were the "
                "results of all three steps."
            )
            hint = "Print each step's result: A B, A B + b, and ReLU of that."
            raise WrongValue(msg, hint=hint)
        msg = f"{_difference(other, case, step)} ({_shown(case)})."
        raise WrongValue(msg, hint="Work this entry out with the pencil.")


def test_case_covers(notebook: Notebook, limits: Limits) -> None:
    """The case is small, is not square, and has entries that the ReLU clips."""
    found = [_gaps(case, int(limits["largest_case"])) for case in notebook.cases]
    if not found:
        msg = "No small case was found, so that nothing can be said of what it shows."
        raise WrongValue(msg, hint="Print A, B, b and each step's result.")
    complete = [
        gaps
        for case, gaps in zip(notebook.cases, found, strict=True)
        if len(case.missing) == len(notebook.cases[0].missing)
    ]
    gaps = min(complete, key=len)
    if gaps:
        msg = f"The case leaves something out: {'; '.join(gaps)}."
        raise WrongValue(msg, hint="Which mistake would this case not notice?")


def test_fused_agrees(notebook: Notebook, learner: Learner, device: str) -> None:
    """The product that nvmath fuses with bias and ReLU gives the same for the same case."""
    require_evidence(joined_evidence(notebook.cells))
    simulated = device == "simulator"
    fused = [c for c in notebook.cells if any("RELU" in o.kind for o in _products(c))]
    cases = [case for case in notebook.cases if notebook.fused_cells(case)]
    if not cases:
        mine = [c for c in notebook.cells if _FUSED_CELL.search(c.source)]
        raise_for_cells(mine, simulated=simulated)
        _raise_not_fused(notebook, fused)
    problems = [_disagreement(notebook, learner, case) for case in cases]
    if all(problems):
        raise_for_cells(notebook.fused_cells(cases[0]), simulated=simulated)
        raise WrongValue(
            problems[0],
            hint="Print the fused result beside ReLU(A B + b), or compare the two.",
        )


def _disagreement(notebook: Notebook, learner: Learner, case: Case) -> str:
    """Return what shows that the fused result is not the case's, or was not looked at."""
    cells = notebook.fused_cells(case)
    text = "\n".join(cell.text for cell in cells)
    activated = case.printed.get("activated")
    numbers = {cell.number for cell in cells}
    shown = [
        place
        for place in notebook.printed
        if place.cell in numbers
        and place.array.values.shape == case.activated.shape
        and not place.array.is_truth
    ]
    for place in shown:
        is_known = any(case.is_step(step, place.array) for step in STEPS)
        if not is_known and not (place.array.values == 0).all():
            return (
                f"{_difference(place, case, 'activated')}, in code cell {place.cell}."
            )
    if re.search(r"\bFalse\b", text):
        return f"Code cell {cells[0].number} compares the two and prints False."
    again = [
        place
        for place in notebook.printed
        if place is not activated
        and place.cell >= cells[0].number
        and case.is_step("activated", place.array)
    ]
    if again or re.search(r"\bTrue\b", text) or _is_compared(cells, text):
        return ""
    kept = _kept_results(learner, cells, case)
    if any(case.is_step("activated", array) for array in kept) and all(
        any(case.is_step(step, array) for step in STEPS) for array in kept
    ):
        return ""
    return (
        f"nvmath's fused product of {_shown(case)} ran in code cell {cells[0].number}, and "
        "its result is neither printed nor compared. Expected was that it is the same as "
        "ReLU(A B + b)."
    )


def _is_compared(cells: Sequence[CellRun], text: str) -> bool:
    """Return whether an assertion held, or a comparison had nothing bad to say."""
    whole = [cell for cell in cells if cell.exception is None]
    if any(_ASSERTS.search(cell.source) for cell in whole):
        return True
    compared = any(_COMPARES.search(cell.source) for cell in whole)
    return compared and bool(text.strip()) and not _DENIES.search(text)


def _kept_results(
    learner: Learner, cells: Sequence[CellRun], case: Case
) -> list[PrintedArray]:
    """Return what names that these cells bound hold of the result's size."""
    names = dict.fromkeys(name for cell in cells for name in cell.bound)
    found = (_array(learner.variable(name).value) for name in list(names)[:_MOST_NAMES])
    return [
        array
        for array in found
        if array is not None and array.values.shape == case.activated.shape
    ]


def _gaps(case: Case, largest: int) -> list[str]:
    m, n, _ = case.shape
    gaps = []
    if m == n:
        gaps.append(
            f"the result is square, {m} x {n}: a bias along the wrong axis goes unseen"
        )
    if not (case.biased < 0).any():
        gaps.append("no entry of A B + b is negative: a missing ReLU goes unseen")
    if not (case.biased > 0).any():
        gaps.append("no entry of A B + b is positive: a result of zeros goes unseen")
    for name, array in (("A", case.a), ("B", case.b), ("A B", case.product)):
        if array.size > largest:
            gaps.append(f"{name} has {array.size} entries, and {largest} are enough")
    return gaps


def _products(cell: CellRun) -> list[Operation]:
    return [
        op
        for op in cell.evidence.operations
        if (op.library, op.phase) == ("matmul", "execute")
    ]


def _is_small(op: Operation, largest: int) -> bool:
    return bool(op.shape) and op.shape[0] * op.shape[1] <= largest


def _variables(learner: Learner, cells: Sequence[CellRun]) -> list[PrintedArray]:
    """Return the small arrays that names refer to after the last cell."""
    names = dict.fromkeys(name for cell in cells for name in cell.bound)
    found = (_array(learner.variable(name).value) for name in list(names)[:_MOST_NAMES])
    return [array for array in found if array is not None]


def _array(value: Any) -> PrintedArray | None:
    if not isinstance(value, ArrayValue) or value.array.size > _LARGEST_READ:
        return None
    if value.array.dtype.kind not in "iuf" or value.array.ndim not in (1, 2):
        return None
    return PrintedArray(value.array.astype(np.float64), 0.0, is_truth=False, position=0)


def _mine(cells: Sequence[CellRun]) -> list[CellRun]:
    """Return the cells of the chapter's first half, and the learner's own."""
    return [cell for cell in cells if not _TRANSFORMS.search(cell.source)]


def _nearest(printed: Sequence[Place], case: Case, step: str) -> Place | None:
    """Return what was printed in a step's place: of its shape, and no step's result."""
    known = {id(place.array) for place in case.printed.values()}
    cells = {place.cell for place in case.printed.values()}
    same = [
        place
        for place in printed
        if place.cell in cells
        and place.array.values.shape == case.product.shape
        and id(place.array) not in known
        and not place.array.is_truth
        and not any(case.is_step(other, place.array) for other in STEPS)
    ]
    expected = getattr(case, step)
    return min(
        same,
        key=lambda p: int((np.abs(p.array.values - expected) > case.tolerance).sum()),
        default=None,
    )


def _difference(place: Place, case: Case, step: str) -> str:
    expected = getattr(case, step)
    off = (
        np.abs(place.array.values - expected) > case.tolerance + place.array.resolution
    )
    row, column = (int(x) for x in np.argwhere(off)[0])
    return (
        f"An array is printed in the place of {_WORDS[step]} whose entry [{row}, {column}] "
        f"is {place.array.values[row, column]:.6g}. Expected was "
        f"{expected[row, column]:.6g}"
    )


def _shown(case: Case) -> str:
    (m, k), n = case.a.shape, case.b.shape[1]
    return f"A of {m} x {k} and B of {k} x {n}"


def _raise_unwritten(cells: Sequence[CellRun]) -> None:
    number = next((c.number for c in cells if _STEPS_CELL.search(c.source)), 1)
    msg = (
        f"The first TODO, below code cell {number}, is not done yet: no small matrix is "
        "printed. Expected were A, B and b that you can work out by hand, and the result "
        "of each step."
    )
    hint = "Begin with A of 2 x 3, B of 3 x 4 and two entries of b, and print A B."
    raise Unimplemented(msg, hint=hint)


def _raise_not_fused(notebook: Notebook, fused: Sequence[CellRun]) -> None:
    case = next(iter(notebook.cases), None)
    of = f"the small case, {_shown(case)}" if case else "the small case"
    plain = [
        op
        for cell in notebook.cells
        for op in _products(cell)
        if case is not None and op.shape == case.shape
    ]
    if plain or not fused:
        msg = f"nvmath fused no product with a ReLU. Expected was one for {of}."
        if plain:
            msg = (
                f"nvmath's product of {of}, ran with the epilog {plain[0].kind}. Expected "
                "was one into which bias and ReLU are fused."
            )
        raise NotFused(
            msg, hint="epilog=MatmulEpilog.RELU_BIAS with the bias as input."
        )
    m, n, k = _products(fused[0])[-1].shape
    msg = (
        f"The second TODO, below code cell {fused[0].number}, is not done yet: nvmath's "
        f"fused product ran for A of {m} x {k} and B of {k} x {n}, and not for {of}."
    )
    raise Unimplemented(msg, hint="Give it the same small A, B and b.")
