"""What timed rounds return: every right program of the corpus is judged as right there too.

Only a GPU times programs. What they return in a round that is timed is judged there as
well, in whatever form they return it, and that can be tried without one: both programs run
one round in the simulator, on small inputs, and the grader's own judge looks at the rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from graders.harness.catalog import Catalog
from graders.harness.checks import Learner
from graders.harness.checks.speed import Rounds
from graders.harness.corpus import Program, read_corpus
from graders.harness.measure.ratio import device_time
from graders.harness.supervisor import ForkServer

CATALOG = Catalog()
#: The check that times each exercise, and what of its limits is smaller here.
TIMED: dict[str, tuple[str, dict[str, Any]]] = {
    "fft_callbacks/sepia_blur": ("faster", {}),
    "fft_callbacks/batch_blur": ("faster", {"images": 3}),
    "kernel_fusion/gemm_fusion": ("faster", {"speed_m": 500}),
    "stateful_api/batched_matmul": ("faster", {"shape_cuda": (6, 8, 10, 12)}),
    "stateful_api/autotuned_matmul": (
        "not_slower",
        {"shape_cuda": (64, 48, 32), "pairs_cuda": 3},
    ),
}
#: Functions of the graders' modules that draw large pictures.
PICTURES = ("picture", "colour_picture")
FOLDER = CATALOG.root / "tests" / "submissions"
PROGRAMS = [
    p
    for p in read_corpus(CATALOG, FOLDER)
    if p.right and "simulator" in p.devices and p.exercise.name in TIMED
]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("simulator") as server:
        yield server


@pytest.fixture(scope="module")
def baselines(server: ForkServer) -> Iterator[Callable[[str], Learner]]:
    """Return the programs that others are compared with, each in one worker."""
    running: dict[str, Learner] = {}

    def of(assignment: str) -> Learner:
        if assignment not in running:
            path = CATALOG.root / "reference" / assignment / "baselines.py"
            running[assignment] = Learner(path, "baselines", server, timeout=60)
        return running[assignment]

    yield of
    for program in running.values():
        program.close()


def judged_once(
    learner: Learner, other: Learner, function: str, args: Any, **kwargs: Any
) -> None:
    """Stands for ``expect_faster``: one round of both programs, and no times."""
    rounds = Rounds(
        learner,
        other,
        function,
        kwargs.get("baseline_function") or function,
        args,
        "device_time",
        device_time,
        kwargs["verify"],
        kwargs.get("channels", 0),
    )
    for program in (learner, other):
        program.hold(args)
    rounds.sample_result()
    rounds.judge_results()
    JUDGED.append(function)


JUDGED: list[str] = []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_a_right_program_is_right_when_it_is_timed(
    program: Program,
    server: ForkServer,
    baselines: Callable[[str], Learner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever layout and whatever kind of list it returns."""
    exercise = program.exercise
    check, smaller = TIMED[exercise.name]
    module = importlib.import_module(
        f"graders.{exercise.assignment}.test_{exercise.slug}"
    )
    monkeypatch.setattr(module, "expect_faster", judged_once)
    for name in PICTURES:
        if hasattr(module, name):
            large = getattr(module, name)
            small = lambda rng, shape, draw=large: draw(rng, (22, 34))  # noqa: E731
            monkeypatch.setattr(module, name, small)
    JUDGED.clear()
    learner = Learner(program.path, exercise.slug, server, timeout=60)
    try:
        getattr(module, f"test_{check}")(
            learner,
            baselines(exercise.assignment),
            lambda _name: np.random.default_rng(7),
            {**exercise.rubric.limits, **smaller},
            lambda _name, _value: None,
        )
    finally:
        learner.close()
    assert JUDGED


def test_all_exercises_that_are_timed_are_here() -> None:
    """But for the one whose kernels only a GPU runs."""
    timed = {
        exercise.name
        for exercise in CATALOG.select(())
        if any(check.needs == "cuda" for check in exercise.rubric.checks.values())
        and "speedup" in exercise.rubric.limits
    }
    assert timed - {"device_api/option_payoffs"} == set(TIMED)
    assert {p.exercise.name for p in PROGRAMS} == set(TIMED)
