"""Notebooks on a GPU: generated ones, copies of the tutorials', and a Jupyter kernel."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT, Catalog
from graders.harness.run import Grader
from tests.graders import test_tutorials_matmul_validation as fused_product
from tests.graders import test_tutorials_sepia_blur as blur
from tests.graders import test_tutorials_transfer_cost as transfers
from tests.graders.tutorial_grading import failures, grade, told
from tests.graders.tutorial_notebooks import SHAPE, callbacks, fusion, memory
from tests.harness.test_interactive_kernel import Kernel
from tests.notebooks.test_round_trip import grade_all


def _has_gpu() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not _has_gpu(), reason="needs an NVIDIA GPU and its driver"),
]

Cells = Mapping[str, Sequence[str]]
# CUDA does not tell what a kernel computed from what: a division after the inverse, or a
# sepia image of an earlier cell, is seen in the simulator alone (docs/threat-model.md).
UNSEEN = {
    "fft_callbacks/sepia_blur": {"normalised_by_cupy", "sepia_of_an_earlier_cell"}
}
# There the repeats of a copy vary so much that the slowest of twelve, or the first, may be
# within the factor of three that right figures need.
VARYING = {"slowest"}
SEEN_SURELY = {"one_sample": {"what_was_timed": "wrong_value"}}


def large(cells: Sequence[str]) -> list[str]:
    """Give a notebook the tutorial's own matrices: on a GPU small ones take no time."""
    return [cell.replace(SHAPE, "8000, 2000, 4000") for cell in cells]


TUTORIALS: Mapping[str, tuple[Cells, Mapping[str, Mapping[str, str]]]] = {
    "fft_callbacks/sepia_blur": (
        {name: callbacks(*cells) for name, cells in blur.RIGHT.items()}
        | {name: callbacks(cell) for name, (cell, _) in blur.WRONG.items()},
        {name: expected for name, (_, expected) in blur.WRONG.items()},
    ),
    "kernel_fusion/matmul_validation": (
        {name: fusion(*cells) for name, cells in fused_product.RIGHT.items()}
        | {name: fusion(a, b) for name, (a, b, _) in fused_product.WRONG.items()},
        {name: expected for name, (_, _, expected) in fused_product.WRONG.items()},
    ),
    "memory_spaces/transfer_cost": (
        {name: large(memory(*cells)) for name, cells in transfers.RIGHT.items()}
        | {
            name: large(memory(cell))
            for name, (cell, _) in transfers.WRONG.items()
            if name not in VARYING
        },
        {name: expected for name, (_, expected) in transfers.WRONG.items()}
        | SEEN_SURELY,
    ),
}


def test_generated_notebooks_earn_everything(tmp_path: Path) -> None:
    """Filled in with the references, they earn each point; but for solvers not there."""
    with Grader("cuda", Catalog()) as grader:
        graded = grade_all(grader, tmp_path, fill_in=True)
    lost = {
        f"{name}: {check.name}": f"{check.status} {check.reason}: {check.message}"
        for name, found in graded.items()
        for check in found.result.checks
        if check.points < check.max_points and check.reason != "environment"
    }
    assert not lost


@pytest.mark.parametrize("name", TUTORIALS)
def test_tutorials_are_judged_as_in_the_simulator(name: str, tmp_path: Path) -> None:
    """Right ones earn all, and wrong ones lose what they lose in the simulator at least."""
    notebooks, wrong = TUTORIALS[name]
    found = grade(tmp_path, name, notebooks, "cuda")
    surprises = {}
    for notebook, result in found.items():
        failed = failures(result)
        meant = dict(wrong.get(notebook, {}))
        as_meant = meant.items() <= failed.items() if meant else not failed
        if as_meant is (notebook in UNSEEN.get(name, ())):
            surprises[notebook] = failed, told(result)
    assert not surprises


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    running = Kernel(tmp_path)
    yield running
    running.close()


def test_a_session_that_uses_the_gpu_is_graded_beside_it(kernel: Kernel) -> None:
    """The session's own CUDA context does not disturb the grading process, nor it it."""
    kernel.run("from grade import check, prepare\nprepare()\nimport cupy as cp")
    kernel.run("held = cp.arange(1 << 20).sum()")
    kernel.run((ROOT / "reference/fft_callbacks/sepia_blur.py").read_text("utf-8"))
    seen = kernel.run("check('fft_callbacks/sepia_blur')")
    assert "Passed: 13 of 13 points" in seen["text"]
    assert kernel.run("int(held)")["text"] == str((1 << 20) * ((1 << 20) - 1) // 2)
