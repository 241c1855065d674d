"""In which order exercises begin that are graded side by side."""

from __future__ import annotations

from graders.harness.catalog import Catalog
from graders.harness.order import starting_order


def test_timed_exercises_begin_first_on_a_gpu() -> None:
    """Their last checks wait for each other; in the simulator nothing is timed."""
    exercises = Catalog().select(())
    names = [exercise.slug for exercise in exercises]
    assert starting_order(exercises, "simulator") == [*range(len(exercises))]
    order = [names[place] for place in starting_order(exercises, "cuda")]
    assert sorted(order) == sorted(names)
    timed = {
        "option_payoffs", "sepia_blur", "batch_blur", "gemm_fusion", "batched_matmul",
        "autotuned_matmul",
    }  # fmt: skip
    assert set(order[: len(timed)]) == timed
    rest = [name for name in names if name not in timed]
    assert order[len(timed) :] == rest
