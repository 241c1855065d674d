"""Whether a check that was not carried out is tried again, alone."""

from __future__ import annotations

import pytest

from graders.harness.checks.gpu_trouble import not_started
from graders.harness.classroom.desk import _may_be_due_to_others
from graders.harness.classroom.doubts import doubt
from graders.harness.errors import EnvironmentUnavailable, WorkerCrashed
from graders.harness.grading import judge
from graders.harness.models import CheckResult, ExerciseResult, check_to_dict
from graders.harness.rubric import CheckRubric

CHECK = CheckRubric(name="values", points=4)
PASSED = judge(CheckRubric(name="shapes", points=1), "t", None)
START = "the worker did not start: "


def _is_tried_again(check: CheckResult) -> bool:
    """Within an exercise that was judged otherwise; the desk and a class agree."""
    result = ExerciseResult(
        name="demo/double", title="T", checks=(check, PASSED), seconds=1
    )
    checks = [check_to_dict(c) for c in result.checks]
    in_class = doubt({"exercises": [{"checks": checks}]})
    assert bool(in_class) is _may_be_due_to_others(result)
    return bool(in_class)


@pytest.mark.parametrize(
    "said",
    [
        f"{START}CUDARuntimeError: cudaErrorUnknown: unknown error",
        f"{START}CUDARuntimeError: cudaErrorMemoryAllocation: out of memory",
        f"{START}ImportError",
    ],
)
def test_a_worker_that_did_not_start_is_tried_again(said: str) -> None:
    """Whatever CUDA said, a neighbour may be the cause."""
    assert _is_tried_again(judge(CHECK, "t", not_started(WorkerCrashed(said))))


def test_what_the_machine_lacks_is_not_tried_again() -> None:
    """It will lack it then as well."""
    error = EnvironmentUnavailable("kernels and copies cannot be recorded here")
    assert not _is_tried_again(judge(CHECK, "t", error))
    assert not _is_tried_again(PASSED)
