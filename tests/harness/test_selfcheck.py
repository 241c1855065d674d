"""How a corpus is graded: in which order, how far it is, and what is saved meanwhile."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graders.harness import selfcheck
from graders.harness.catalog import Catalog
from graders.harness.corpus import Program, choose
from graders.harness.errors import UsageError
from graders.harness.models import CheckResult, ExerciseResult, Reason, Status
from graders.harness.order import mixed
from graders.harness.run import Grader, Request
from graders.harness.selfcheck import GradedPrograms, Progress

CATALOG = Catalog()
RIGHT = """# Multiplies.
# expect: passed

def scale(image, factor):
    return image * factor
"""
WRONG = RIGHT.replace("passed", "failed values wrong_value").replace("*", "+")


def test_timed_programs_and_others_begin_in_turns_on_a_gpu() -> None:
    """Each kind in its own order, both from the beginning to the end."""
    timed, plain = CATALOG.select(["sepia_blur", "fft_filter"])
    exercises = [timed] * 4 + [plain] * 8
    assert mixed(exercises, "cuda") == [4, 0, 5, 6, 1, 7, 8, 2, 9, 10, 3, 11]
    assert mixed(exercises, "simulator") == [*range(12)]
    assert mixed([], "cuda") == []


def program(exercise: str, name: str) -> Program:
    (found,) = CATALOG.select([exercise])
    return Program(
        exercise=found, path=Path(name), summary="", expected={},
        devices=frozenset({"simulator"}),
    )  # fmt: skip


def test_progress_tells_and_saves_exercises_that_are_done() -> None:
    """Whatever the order in which their programs end; none that is not whole."""
    text = io.StringIO()
    saved: list[list[str]] = []

    def save(graded: GradedPrograms) -> None:
        saved.append([f"{p.path} {result.title}" for p, result in graded])

    progress = Progress(Console(file=text, width=100), save)
    names = ("sepia_blur", "a"), ("fft_filter", "b"), ("sepia_blur", "c")
    progress.begin([program(*each) for each in names])
    for place in (2, 1, 0):
        progress.take(
            place, ExerciseResult(name="", title=str(place), checks=(), digest="")
        )
    assert saved == [["b 1"], ["a 0", "b 1", "c 2"]]
    assert text.getvalue().split("\n")[:2] == [
        "        2 of 3 programs graded, all of kernel_fusion/fft_filter",
        "        3 of 3 programs graded, all of fft_callbacks/sepia_blur",
    ]


class Cut(BaseException):
    """Ends a self-check in the middle, as Ctrl-C does."""


@pytest.fixture
def corpus(toys: Catalog, tmp_path: Path) -> Catalog:
    """Return the toys with a corpus of two programs."""
    copy = tmp_path / "repository"
    shutil.copytree(toys.root, copy, ignore=shutil.ignore_patterns("__pycache__"))
    folder = copy / "tests" / "submissions" / "toys" / "scale"
    folder.mkdir(parents=True)
    (folder / "right_multiplies.py").write_text(RIGHT)
    (folder / "wrong_adds.py").write_text(WRONG)
    return Catalog(copy)


@pytest.mark.parametrize("is_cut", [False, True])
def test_what_is_graded_is_saved_where_the_rest_is_cut_off(
    is_cut: bool,
    corpus: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same table as at the end, and what was wrong by then says that it is not all."""
    requests: list[Request] = []
    real = toy_grader.results

    def results(request: Request, finished: Any = None) -> Sequence[ExerciseResult]:
        requests.append(request)
        found = real(request, finished)
        if is_cut:
            raise Cut
        return found

    monkeypatch.setattr(selfcheck, "Catalog", lambda: corpus)
    monkeypatch.setattr(selfcheck, "Grader", lambda *_: nullcontext(toy_grader))
    monkeypatch.setattr(toy_grader, "_catalog", corpus)
    monkeypatch.setattr(toy_grader, "results", results)
    target = tmp_path / "found.json"
    arguments = ["--full", "--device", "simulator", "scale", "--json", str(target)]
    with pytest.raises(Cut) if is_cut else nullcontext():
        selfcheck.main(arguments)
    found = json.loads(target.read_text())
    row = found["corpus"]["toys/scale"]
    assert (row["right"], row["accepted"]) == (1, 1)
    assert (row["wrong"], row["caught as meant"]) == (1, 1)
    assert found["device"] == found["environment"]["device"] == "simulator"
    title = (
        "the corpus, as far as it was graded"
        if is_cut
        else ("the corpus is judged as it says")
    )
    assert found["problems"][title] == []
    (request,) = requests
    assert request.in_order
    assert not request.has_room([1.0] * 10**6)


GEMM = "kernel_fusion/gemm_fusion"


@pytest.mark.parametrize(
    "name",
    [
        "gemm_fusion/right_a",
        f"{GEMM}/right_a",
        f"{GEMM}/right_?",
        "gemm_fusion/right_a.py",
        f"./tests/submissions/{GEMM}/right_a.py",
    ],
)
def test_single_programs_of_the_corpus_are_asked_for(name: str) -> None:
    programs = [program(GEMM, each) for each in ("right_a", "right_ab", "wrong_a")]
    choice = choose(CATALOG, [name])
    assert choice.exercises == [GEMM]
    assert choice.of(programs) == programs[:1]


def test_programs_may_be_asked_for_beside_whole_exercises() -> None:
    programs = [program(GEMM, name) for name in ("right_a", "right_ab", "wrong_a")]
    choice = choose(CATALOG, ["sepia_blur", "gemm_fusion/right_*"])
    assert choice.exercises == ["fft_callbacks/sepia_blur", GEMM]
    assert choice.of(programs) == programs[:2]
    assert choose(CATALOG, [GEMM]).of(programs) == programs
    everything = choose(CATALOG, [])
    assert everything.exercises == [each.name for each in CATALOG.select([])]
    assert everything.of(programs) == programs


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="no program 'right_b' of kernel_fusion/gemm"):
        choose(CATALOG, ["gemm_fusion/right_b"]).of([program(GEMM, "right_a")])
    with pytest.raises(UsageError, match="Did you mean 'gemm_fusion'"):
        choose(CATALOG, ["gem_fusion/right_a"])
    with pytest.raises(UsageError, match="needs --full"):
        selfcheck.main(["gemm_fusion/right_a", "--device", "simulator"])


def test_programs_that_are_for_another_device_are_not_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing was graded then, which must not look like success."""
    monkeypatch.setattr(selfcheck, "choose_device", lambda _: ("cuda", "as asked"))
    name = "transfer_cost/wrong_four_repeats"  # which only the simulator can tell
    with pytest.raises(UsageError, match="None of these programs is for cuda"):
        selfcheck.main(["--full", name])


def test_what_disagrees_is_counted_and_named() -> None:
    """A right program that fails is not accepted, a wrong one that passes not caught."""
    check = CheckResult(
        name="values", title="", status=Status.FAILED, reason=Reason.WRONG_VALUE,
        points=0, max_points=1, message="off by one",
    )  # fmt: skip
    failed = ExerciseResult(name="", title="", checks=(check,), digest="")
    graded = [(program("sepia_blur", "right_one"), failed)]
    counts, problems = selfcheck.judged(graded, "simulator")
    assert counts["fft_callbacks/sepia_blur"]["right"] == 1
    assert counts["fft_callbacks/sepia_blur"]["accepted"] == 0
    assert len(problems) == 1
    assert "off by one" in problems[0]
