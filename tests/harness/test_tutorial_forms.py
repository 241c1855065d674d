"""The other form of an exercise: a copy of a tutorial's notebook, with its own checks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT, Catalog, Exercise
from graders.harness.checks import (
    CellRun,
    ClockRead,
    Copy,
    Evidence,
    Kernel,
    Operation,
    joined_evidence,
    raise_for_cells,
)
from graders.harness.errors import CatalogError, Crashed, RubricError, Unimplemented
from graders.harness.mirror import tree_problems
from graders.harness.rubric import load_rubric
from tests.graders.tutorial_notebooks import FUSION_FIRST, fusion
from tests.harness.notebook_runs import write

RUBRIC = """
title = "A"
order = ["e"]
[exercises.e]
title = "E"
functions = ["f"]
[exercises.e.checks.values]
points = 2.5
[exercises.e.tutorial]
title = "T"
marks = ['\\bword\\b', "other"]
timeout = 7
[exercises.e.tutorial.limits]
rounds = 4
[exercises.e.tutorial.checks.printed]
points = 1.5
[exercises.e.tutorial.checks.done]
points = 1
requires = ["printed"]
"""


def rubric_at(folder: Path, text: str) -> Path:
    path = folder / "rubric.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_tutorial_is_a_rubric_of_its_own(tmp_path: Path) -> None:
    exercise = load_rubric(rubric_at(tmp_path, RUBRIC)).exercises["e"]
    tutorial = exercise.tutorial
    assert tutorial is not None
    assert (tutorial.name, tutorial.title, tutorial.timeout) == ("e", "T", 7)
    assert tutorial.marks == (r"\bword\b", "other")
    assert (tutorial.functions, tutorial.tutorial) == ((), None)
    assert dict(tutorial.limits) == {"rounds": 4}
    assert list(tutorial.checks) == ["printed", "done"]
    assert (exercise.points, tutorial.points, exercise.marks) == (2.5, 2.5, ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points = 1.5", "points = 2", "the points sum up to 3, those of the exercise"),
        ("""marks = ['\\bword\\b', "other"]""", "", "marks: must have at least one"),
        ('"other"', '"(other"', "'(other' is no regular expression"),
        ('title = "T"', "", "tutorial.title: must be a text"),
        ('title = "T"', 'title = "T"\nfunctions = ["f"]', "unknown key 'functions'"),
        ('["printed"]', '["values"]', "no check 'values'"),
        ("[exercises.e.tutorial.limits]", "[[exercises.e.tutorial.limits]]", "limits"),
    ],
)
def test_a_wrong_tutorial_is_said(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert old in RUBRIC
    with pytest.raises(RubricError) as caught:
        load_rubric(rubric_at(tmp_path, RUBRIC.replace(old, new)))
    assert said in str(caught.value)
    assert "exercises.e.tutorial" in str(caught.value)


def exercise_named(name: str) -> Exercise:
    (found,) = Catalog().select([name])
    return found


@pytest.mark.parametrize(
    "name",
    [
        "fft_callbacks/sepia_blur",
        "memory_spaces/transfer_cost",
        "kernel_fusion/matmul_validation",
    ],
)
def test_as_tutorial_has_other_checks_and_the_same_name(name: str) -> None:
    exercise = exercise_named(name)
    tutorial = exercise.as_tutorial()
    assert (tutorial.name, tutorial.stub) == (exercise.name, exercise.stub)
    assert tutorial.grader == exercise.grader.with_name(f"tutorial_{exercise.slug}.py")
    assert tutorial.grader.is_file()
    assert tutorial.rubric is exercise.rubric.tutorial
    assert tutorial.as_tutorial() is tutorial


def test_most_exercises_have_no_tutorial() -> None:
    with pytest.raises(CatalogError, match="gaussian_blur: the rubric has no table"):
        exercise_named("gaussian_blur").as_tutorial()


def test_the_mirror_rule_holds_tutorials_to_their_tables(tmp_path: Path) -> None:
    """A grader without a table, and a table without a grader, are both said."""
    for tree in ("assignments", "reference", "graders"):
        (tmp_path / tree / "a").mkdir(parents=True)
    (tmp_path / "graders" / "a" / "tutorial_g.py").touch()
    rubric_at(tmp_path / "graders" / "a", RUBRIC)
    problems = list(tree_problems(Catalog(tmp_path)))
    assert "graders/a/tutorial_e.py: is missing." in problems
    assert "graders/a/tutorial_g.py: belongs to no exercise of the rubric." in problems


def pytest_over(grader: str, submission: Path) -> str:
    """What ordinary pytest says of a grader, or of all in a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", grader]
    options = ["--submission", str(submission), "--grading-device", "simulator"]
    done = subprocess.run(
        [*command, *options, "--co"], capture_output=True, text=True, cwd=ROOT, check=False
    )  # fmt: skip
    return done.stdout


def test_pytest_takes_the_checks_of_what_was_handed_in(tmp_path: Path) -> None:
    tutorial = write(tmp_path / "copy.ipynb", fusion())
    seen = pytest_over("graders/kernel_fusion", tutorial)
    assert "tutorial_matmul_validation.py::test_fused_agrees" in seen, seen
    assert "test_matmul_validation.py::test_matches" not in seen
    module = tmp_path / "matmul_validation.py"
    module.write_text("def make_case(): ...\ndef matches(candidate): ...\n")
    seen = pytest_over("graders/kernel_fusion", module)
    assert "/test_matmul_validation.py::test_matches" in seen, seen
    assert "tutorial_" not in seen


# --------------------------------------------------------------------- cells together


def did(at: float, **notes: int) -> Evidence:
    return Evidence(
        kernels=(Kernel(name="k", kind="gemm", start=at, seconds=0.5),),
        copies=(Copy(direction="host_to_device", nbytes=8, start=at + 1, seconds=0.1),),
        operations=(
            Operation(library="fft", phase="execute", handle=0, start=at + 0.25),
            Operation(library="fft", phase="plan", handle=0),
        ),
        clock_reads=(ClockRead(at=at + 2, idle=True),),
        notes=dict(notes),
    )


def test_the_evidence_of_cells_follows_one_another() -> None:
    """Each cell's clock may begin anew; the order of the cells counts."""
    cells = [
        CellRun(number=1, source="x", evidence=did(5.0, cold=2)),
        CellRun(number=2, source="", not_run="it is empty"),
        CellRun(number=3, source="y", evidence=did(1.0, cold=1)),
    ]
    found = joined_evidence(cells)
    first, second = (k.start for k in found.kernels)
    reads = [r.at for r in found.clock_reads]
    assert first < found.copies[0].start < reads[0] < second < reads[1]
    assert [op.start - first for op in found.operations[:1]] == pytest.approx([0.25])
    assert [op.start for op in found.operations if op.phase == "plan"] == [0.0, 0.0]
    assert found.notes == {"cold": 3}


def test_what_could_not_be_recorded_stays_so() -> None:
    lost = Evidence(available=False, unavailable_because="lost")
    cells = [
        CellRun(number=1, source="x", evidence=did(0.0)),
        CellRun(number=2, source="y", evidence=lost),
    ]
    assert joined_evidence(cells) == lost


PROBLEM = {
    "type": "KeyError",
    "types": ["builtins.KeyError", "builtins.Exception"],
    "message": "'a'",
    "frames": [{"file": "code cell 2", "line": 3, "source": "x['a']"}],
    "innermost": True,
}


def test_the_first_cell_that_raised_is_named() -> None:
    whole = CellRun(number=1, source=FUSION_FIRST)
    raised = replace(whole, number=2, exception=PROBLEM)
    raise_for_cells([whole], simulated=True)
    with pytest.raises(Crashed) as caught:
        raise_for_cells([whole, raised], simulated=True)
    assert "Code cell 2 raised KeyError on line 3 of code cell 2" in str(caught.value)
    assert caught.value.hint == "Mend code cell 2, and run the cells from the top."
    unwritten = {**PROBLEM, "types": ["builtins.NotImplementedError"]}
    with pytest.raises(Unimplemented):
        raise_for_cells([replace(raised, exception=unwritten)], simulated=True)


def test_a_cell_that_was_not_run_is_named_unless_it_is_empty() -> None:
    skipped = CellRun(number=4, source="x", not_run="the time was over")
    raise_for_cells([replace(skipped, source=" \n")], simulated=True)
    with pytest.raises(Crashed, match="Code cell 4 was not run: the time was over"):
        raise_for_cells([skipped], simulated=True)
