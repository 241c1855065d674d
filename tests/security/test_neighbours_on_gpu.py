"""Right programs beside hostile ones on one GPU: none is blamed for what those do to it."""

from __future__ import annotations

import pytest

from graders.harness.models import Status
from graders.harness.run import Grader, Request
from graders.harness.submission import locate
from tests.security.hostile_corpus import FOLDER, HurriedCatalog

# Of all programs alike: who hangs must not be ended before its neighbours could be blamed.
_DEADLINE = 12.0


@pytest.mark.gpu
@pytest.mark.parametrize(
    "hostile", ["hung_kernel_aside", "exhausts_gpu_memory_past_the_pool"]
)
def test_neighbours_earn_what_is_theirs(hostile: str, device: str) -> None:
    """Right programs pass, started with the hostile one and after it."""
    if device != "cuda":
        pytest.skip("needs a GPU")
    catalog = HurriedCatalog()
    catalog.deadline = _DEADLINE
    (exercise,) = catalog.select(["fft_callbacks/gaussian_blur"])
    right = locate(exercise.reference, [exercise], named=True)
    wrong = locate(FOLDER / f"{hostile}.py", [exercise], named=True)
    work = [*right, *wrong, *right, *wrong, *right, *right]
    with Grader(device, catalog) as grader:
        results = grader.results(Request(work=work, device=device, jobs=4))
    for index, result in enumerate(results):
        failed = {
            c.name: c.message for c in result.checks if c.status is not Status.PASSED
        }
        assert bool(failed) is (index in (1, 3)), failed
