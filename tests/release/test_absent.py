"""Without solutions: what cannot be compared is not run, and nobody is blamed for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from graders.device_api import test_device_convolution as convolution
from graders.harness.catalog import Catalog
from graders.harness.checks import (
    Copy,
    Evidence,
    Kernel,
    Operation,
    agreeing,
    expect_faster,
)
from graders.harness.checks.absent import AbsentProgram, ProgramAbsent
from graders.harness.checks.possible import on_a_machine_for
from graders.harness.doctor.points import needed_libraries
from graders.harness.errors import Crashed, ImportFailed
from graders.harness.grading import judge
from graders.harness.models import Reason, Status
from graders.harness.rubric import CheckRubric
from graders.harness.session import ExercisePrograms
from graders.memory_spaces.own_figures import traced_figures
from graders.memory_spaces.trace import Sizes


def absent(device: str = "simulator") -> AbsentProgram:
    server: Any = SimpleNamespace(device=device)
    return AbsentProgram(Path("solution.py"), "solution", server, timeout=1.0)


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.call("f", 1, poison=False),
        lambda p: p.hold((1,)),
        lambda p: p.call_held("f", trace=True, alone=False),
    ],
    ids=["call", "hold", "call_held"],
)
def test_every_use_says_so(use: Callable[[AbsentProgram], None]) -> None:
    with pytest.raises(ProgramAbsent, match=r"solution\.py.*learners' bundle"):
        use(absent())


def test_its_points_are_neither_given_nor_taken() -> None:
    check = CheckRubric(name="faster", points=1.0)
    result = judge(check, "It is faster.", ProgramAbsent("solution.py"))
    assert (result.status, result.reason) == (Status.SKIPPED, Reason.NEEDS_GPU)
    assert "It is checked where your work is handed in" in result.message


def crash(device: str) -> Crashed:
    seen = Crashed("It crashed.", hint="Look at line 3.")  # noqa: EM101
    try:
        with on_a_machine_for(absent(device), "solve", 1):
            raise seen
    except Crashed as told:
        return told


def test_a_crash_stays_the_programs_and_may_be_the_machines() -> None:
    """On a GPU, where a library may be missing, it is said that nobody knows."""
    told = crash("cuda")
    assert told.message == "It crashed."
    assert told.hint.startswith("Look at line 3. ")
    assert "grade.py doctor" in told.hint
    assert crash("simulator").hint == "Look at line 3."


def test_a_length_that_crashes_is_judged() -> None:
    """Without a reference no case is left out: the checks say what was seen."""
    case = convolution._draw(np.random.default_rng(1), 2, 8, "complex64")

    class Crashing:
        def call(self, *_args: Any) -> None:
            msg = "It crashed."
            raise Crashed(msg)

    learner = cast(Any, Crashing())
    workers = convolution.Workers(dict.fromkeys(range(4), learner))
    found = convolution.possible(workers, absent(), [case])
    assert found.cases == [case]
    assert not found.left_out


def test_a_baseline_without_the_function_is_not_the_learners() -> None:
    """Bundles leave functions out of baselines; a learner's missing one is a failure."""

    class Lacking:
        def hold(self, args: tuple[Any, ...]) -> None: ...

        def call_held(self, function: str, **_: Any) -> None:
            msg = f"There is no function {function}."
            raise ImportFailed(msg)

    class Fine(Lacking):
        def call_held(self, function: str, **_: Any) -> None: ...

    def compare(mine: Any, other: Any) -> None:
        rng = np.random.default_rng(1)
        expect_faster(
            mine, other, "f", (1,), threshold=1.0, rng=rng, note=print,
            baseline_function="plain", verify=agreeing(1e-6),
        )  # fmt: skip

    with pytest.raises(ProgramAbsent, match="plain"):
        compare(Fine(), Lacking())
    with pytest.raises(ImportFailed, match="no function f"):
        compare(Lacking(), Fine())


def test_programs_of_a_bundle_are_absent(bundle: Path) -> None:
    """Its references are; what it has of the baselines is there."""
    session: Any = SimpleNamespace(
        server=SimpleNamespace(device="simulator"),
        device="simulator", lease=None, library_code=None,
    )  # fmt: skip
    (exercise,) = Catalog(bundle).select(["sepia_blur"])
    programs = ExercisePrograms(session, exercise, exercise.stub)
    assert isinstance(programs.reference(), AbsentProgram)
    assert not isinstance(programs.baseline(), AbsentProgram)
    assert not isinstance(programs.learner(), AbsentProgram)
    (exercise,) = Catalog(bundle).select(["gemm_fusion"])
    programs = ExercisePrograms(session, exercise, exercise.stub)
    assert isinstance(programs.baseline(), AbsentProgram)


def test_the_doctor_knows_what_a_bundles_exercises_need(
    bundle: Path, tmp_path: Path
) -> None:
    """From the manifest; where there is none and no reference, nothing is known."""
    for exercise in Catalog().select(()):
        (same,) = Catalog(bundle).select([exercise.name])
        assert needed_libraries(same) == needed_libraries(exercise)
    shutil.copytree(bundle, tmp_path / "own")
    (tmp_path / "own" / "bundle.json").unlink()
    (exercise,) = Catalog(tmp_path / "own").select(["gaussian_blur"])
    assert needed_libraries(exercise) == set()


# --------------------------------------------------------------- figures from the trace

SIZES = Sizes(a=4000, b=400, result=40)


def trace(*, turns: bool = False) -> Evidence:
    """Two journeys, two products on the GPU, and copies alone; in seconds of a clock."""
    copies, kernels, operations = [], [], []
    clock = 0.0

    def copy(direction: str, nbytes: int, seconds: float) -> None:
        nonlocal clock
        copies.append(
            Copy(direction=cast(Any, direction), nbytes=nbytes, start=clock,
                 seconds=seconds)
        )  # fmt: skip
        clock += seconds

    def product(operands: str, rest: float) -> None:
        nonlocal clock
        kernels.append(Kernel(name="gemm", kind="gemm", start=clock, seconds=1.0))
        operations.append(
            Operation(library="matmul", phase="execute", handle=0, start=clock + 1.0,
                      operands=operands)
        )  # fmt: skip
        clock += 1.0 + rest

    for _ in range(2):
        copy("host_to_device", SIZES.a, 10.0)
        copy("host_to_device", SIZES.b, 2.0)
        product("cpu", 0.0)
        copy("device_to_host", SIZES.result, 3.0)
    for _ in range(2):
        if turns:
            copy("host_to_device", 7, 0.5)
        product("cuda", 4.0)
    copy("host_to_device", SIZES.a, 20.0)
    copy("host_to_device", SIZES.b, 5.0)
    copy("device_to_host", SIZES.result, 6.0)
    return Evidence(
        kernels=tuple(kernels), copies=tuple(copies), operations=tuple(operations)
    )


def test_figures_are_read_from_the_trace() -> None:
    """A journey from its first copy to its last, a product with the host's work."""
    found = traced_figures(trace(), SIZES)
    assert found == pytest.approx(
        {
            "matmul_cpu_operands": 16.0,
            "matmul_gpu_operands": 5.0,
            "host_to_device": 25.0,
            "device_to_host": 6.0,
            "transfer_measured": 31.0,
            "transfer_estimate": 11.0,
        }
    )


def test_what_the_trace_does_not_tell_is_left_out() -> None:
    """A product between other work: how long it took with the host's is not known."""
    found = traced_figures(trace(turns=True), SIZES)
    assert "matmul_gpu_operands" not in found
    assert "transfer_estimate" not in found
    assert found["host_to_device"] == 25.0
    assert traced_figures(Evidence(), SIZES) == {}
