"""The tutorials' own notebooks, built from their text where that is at hand, and filled in.

Their sentences and code are theirs and not in this repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.run import Grader
from tests.graders import tutorial_grading
from tests.graders.test_tutorials_matmul_validation import FILLED as CASE
from tests.graders.test_tutorials_matmul_validation import FUSED, SHOWN
from tests.graders.test_tutorials_sepia_blur import FILLED as BLURS
from tests.graders.test_tutorials_transfer_cost import BEST, LABELS, MEASURED
from tests.graders.tutorial_grading import failures, grade, told
from tests.graders.tutorial_notebooks import SEEDS, SHAPE, seed_cells

pytestmark = pytest.mark.skipif(
    not SEEDS.is_dir(),
    reason="the tutorials' own notebooks are not beside this checkout",
)


def callbacks(*filled: str) -> list[str]:
    """Seed 000, with the last cell replaced where it is filled in."""
    cells = seed_cells("000")
    assert "def sepia_prolog_impl" in cells[-1]
    return [*cells[:-1], *filled] if filled else cells


def memory(*filled: str) -> list[str]:
    """Seed 004 with smaller matrices, so that the test is quick."""
    cells = [c.replace("8000, 2000, 4000", SHAPE) for c in seed_cells("004")]
    place = next(i for i, c in enumerate(cells) if "Benchmark 1" in c)
    cells[place] = "\n".join([cells[place], *filled])
    return cells


def fusion(*filled: str) -> list[str]:
    """Seed 001 with a cell below each of its two TODOs."""
    cells = seed_cells("001")
    if not filled:
        return cells
    return [cells[0], filled[0], cells[1], filled[1], *cells[2:]]


NOTEBOOKS = {
    "fft_callbacks/sepia_blur": (callbacks, (BLURS,)),
    "memory_spaces/transfer_cost": (memory, (BEST, MEASURED, LABELS)),
    "kernel_fusion/matmul_validation": (fusion, (CASE, FUSED + SHOWN)),
}


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """One warm grader for all of them."""
    with (
        Grader("simulator", Catalog()) as grader,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(tutorial_grading, "Grader", lambda *_: nullcontext(grader))
        yield


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_real_notebook(name: str, tmp_path: Path) -> None:
    """Filled in, it earns all; as it is handed out, nothing, and it says where to begin."""
    build, parts = NOTEBOOKS[name]
    results = grade(tmp_path, name, {"filled": build(*parts), "unfilled": build()})
    filled, unfilled = results["filled"], results["unfilled"]
    assert failures(filled) == {}, told(filled)
    assert filled.score == filled.max_score
    assert set(failures(unfilled).values()) == {"unimplemented"}, told(unfilled)
    assert unfilled.score == 0
