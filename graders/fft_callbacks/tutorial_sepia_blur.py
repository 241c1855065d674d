"""The checks of ``sepia_blur`` for a copy of the tutorial's notebook on FFT callbacks.

Judged is what the name ``filtered_image`` refers to after the last cell, and what the cells
of the exercise did on the device to make it. Earlier cells leave a gray image under that
name: it counts only if a cell of the exercise binds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import pytest

from graders.fft_callbacks.chain import read_chain
from graders.fft_callbacks.photographs import PLACE, draw_photograph
from graders.fft_callbacks.pictures import Case
from graders.harness.checks import (
    ArrayValue,
    CellRun,
    Evidence,
    Learner,
    Observation,
    Pictures,
    describe,
    expect_array,
    expect_close,
    expect_in_bounds,
    joined_evidence,
    raise_for_cells,
    require_evidence,
)
from graders.harness.errors import (
    Failure,
    Unimplemented,
    WrongMemorySpace,
    WrongShape,
    WrongValue,
)

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, float]

RESULT = "filtered_image"
# The callbacks' names in the tutorial, and what the cell before the exercise binds.
_CALLBACKS = ("sepia_prolog_impl", "blur_prolog_impl")
_BEGINS = re.compile(r"\bsepia_prolog|\bblur_prolog")
_BEFORE = "blurred_image"
_PLANES = 3


@dataclass(frozen=True)
class Made:
    """
    The result, and how it was made.

    Attributes:
        case: The photograph with the tutorial's sigma.

        observation: What ``filtered_image`` refers to, with the evidence of the exercise's
            cells, up to the one that bound it.

        made_by: The kernel that computed it; empty where the device cannot tell.
    """

    case: Case
    observation: Observation
    made_by: str

    @property
    def evidence(self) -> Evidence:
        """What the cells of the exercise did."""
        return require_evidence(self.observation.evidence)


@pytest.fixture(scope="module")
def made(learner: Learner, draw: Draw, limits: Limits, device: str) -> Made:
    """Return the result, which one notebook run leaves behind."""
    photograph = draw_photograph(draw("photograph"))
    cells = learner.notebook({PLACE: photograph.file}).cells
    exercise = _exercise(cells)
    binding = [i for i, cell in enumerate(exercise) if RESULT in cell.bound]
    if not binding:
        _raise_unmade(learner, exercise, simulated=device == "simulator")
    evidence = joined_evidence(exercise[: binding[-1] + 1])
    seen = learner.variable(RESULT)
    case = Case(
        name="the photograph",
        image=photograph.pixels,
        sigma=_sigma(learner, limits["sigma"]),
    )
    maker = str(seen.evidence.notes.get("made_by", ""))
    return Made(case, replace(seen, evidence=evidence), maker)


def test_values(
    made: Made, oracles: ModuleType, limits: Limits, pictures: Pictures
) -> None:
    """The colour image in filtered_image is in sepia and blurred."""
    case, observation = made.case, made.observation
    expect_in_bounds(observation, case.where)
    planes = (_PLANES, case.height, case.width)
    _expect_colours(observation.value)
    result = expect_array(
        observation.value,
        shape=[planes, case.image.shape],
        dtype="float32",
        memory_space=None,
        name=f"the image in {RESULT}",
    )
    if result.shape != planes:
        result = np.moveaxis(result, -1, 0)
    expected = oracles.sepia_blur(case.image, case.sigma)
    pictures.save(
        case.slug,
        source=case.image,
        result=np.moveaxis(result, 0, -1),
        expected=np.moveaxis(expected, 0, -1),
    )
    expect_close(
        result,
        expected,
        relative_error=limits["relative_error"],
        name=f"the image in {RESULT} (as 3 x H x W)",
        where=case.where,
        mistakes=oracles.sepia_blur_mistakes(case.image, case.sigma),
    )


def test_memory_space(made: Made) -> None:
    """filtered_image is on the GPU, and its making did not lead through the host."""
    value = made.observation.value
    if not isinstance(value, ArrayValue) or value.memory_space != "cuda":
        msg = f"{RESULT} is {describe(value)}. Expected was a CuPy array, on the GPU."
        raise WrongMemorySpace(msg, hint="Copy it to the host for display only.")
    read_chain(made.evidence, made.case).expect_resident(made.made_by)


def test_fused(made: Made) -> None:
    """Sepia and response are applied inside the transforms, and by no other kernel."""
    read_chain(made.evidence, made.case).expect_fused(made.made_by)


def _exercise(cells: Sequence[CellRun]) -> Sequence[CellRun]:
    """Return the cells from the exercise on: what comes after the CuPy program."""
    mentions = [i for i, cell in enumerate(cells) if _BEGINS.search(cell.source)]
    end = mentions[0] if mentions else len(cells)
    before = [i for i, cell in enumerate(cells[:end]) if _BEFORE in cell.bound]
    start = before[-1] + 1 if before else end
    return cells[min(start, end) :]


def _raise_unmade(
    learner: Learner, cells: Sequence[CellRun], *, simulated: bool
) -> None:
    """Raise for a result that no cell of the exercise binds, for the plainest cause."""
    for name in _CALLBACKS:
        try:
            learner.call(name, None, 0, None, None)
        except Unimplemented as failure:
            raise failure.with_traceback(None) from None
        except Failure:
            continue  # what it does with these is not asked
    raise_for_cells(cells, simulated=simulated)
    number = f"Code cell {cells[0].number}" if cells else "The exercise's cell"
    msg = (
        f"{number} leaves no {RESULT} behind: what an earlier cell left under that name "
        "is the gray image. Expected was the colour image, in sepia and blurred."
    )
    raise Unimplemented(
        msg, hint=f"Steps 5 and 6: {RESULT} is what the inverse returns."
    )


def _expect_colours(value: object) -> None:
    if isinstance(value, ArrayValue) and len(value.shape) == 2:  # noqa: PLR2004 - a gray image
        rows, columns = value.shape
        msg = (
            f"{RESULT} is gray, {rows} x {columns}. Expected were three channels, as "
            "3 x H x W or H x W x 3."
        )
        raise WrongShape(msg, hint="Which axes does each of the transforms take?")
    if not isinstance(value, ArrayValue):
        msg = f"{RESULT} is {describe(value)}. Expected was an array."
        raise WrongValue(msg, hint="It is what the inverse transform returns.")


def _sigma(learner: Learner, usual: float) -> float:
    """Return the sigma that the notebook leaves behind, if it is one."""
    value = learner.variable("sigma").value
    if isinstance(value, ArrayValue) and value.shape == ():
        value = value.array.item()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0.1 <= value <= 1e3 else usual  # noqa: PLR2004 - pixels
