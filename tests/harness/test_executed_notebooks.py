"""Notebooks that are graded, and handed back as they were executed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from graders.harness.catalog import Catalog
from graders.harness.models import ExerciseResult, Reason, Report, Verdict
from graders.harness.report import Feedback, keep_executed, notebooks
from graders.harness.run import Grader, Request
from graders.harness.submission import Found, find
from tests.harness.notebook_files import SCALE, TOTAL, markdown, write

PRINTED = "print('<script>alert(1)</script> as it is')"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A notebook with right answers to two exercises."""
    folder = tmp_path / "upload"
    return write(
        folder / "work.ipynb", markdown("# Mine"), PRINTED, "1 / 0", SCALE, TOTAL
    )


def grade(
    grader: Grader, found: Found, kept: Path | None = None, seed: str = ""
) -> Report:
    """Grade what was found."""
    request = Request(work=found.work, device="simulator", executed=kept, seed=seed)
    return grader.grade(request)


def verdicts(report: Report) -> list[list[tuple[str, str | None, float, str]]]:
    """Return what the checks found, without their times."""

    def checks(exercise: ExerciseResult) -> list[tuple[str, str | None, float, str]]:
        return [(c.name, c.reason, c.points, c.message) for c in exercise.checks]

    return [checks(e) for e in report.exercises]


def test_a_notebook_is_graded_and_handed_back(
    path: Path, toys: Catalog, toy_grader: Grader, tmp_path: Path
) -> None:
    """Once for all of its exercises, with outputs, and what is in them stays text."""
    found = find(path, toys.select(()), named=False)
    feedback = Feedback(
        found.work, None, [Path("/dev/stdout"), tmp_path / "out" / "r.json"]
    )
    with feedback:
        assert feedback.kept is not None
        report = grade(toy_grader, found, feedback.kept)
        said = list(feedback.write())
    written = tmp_path / "out" / "work.executed.ipynb"
    assert said == [f"work.ipynb as it was executed: {written}"]
    assert not feedback.kept.exists()
    assert [p.name for p in written.parent.iterdir()] == [written.name]
    assert [e.verdict for e in report.exercises] == [Verdict.PASSED, Verdict.PASSED]
    executed = nbformat.read(written, 4)
    nbformat.validate(executed)
    _, printed, raised, *_ = executed.cells
    assert printed.execution_count == 1
    assert printed.outputs[0].text == "<script>alert(1)</script> as it is\n"
    assert raised.outputs[0].ename == "ZeroDivisionError"


def test_the_same_seed_gives_the_same_verdict(
    toys: Catalog, toy_grader: Grader, tmp_path: Path
) -> None:
    """A notebook is executed afresh each time, and nothing is left from before."""
    wrong = SCALE.replace("* factor", "* factor + 1")
    count = "import pathlib\npathlib.Path('seen').touch(exist_ok=False)"
    path = write(tmp_path / "work.ipynb", count, wrong)
    found = find(path, toys.select(()), named=False)
    first = grade(toy_grader, found, seed="5eed")
    again = grade(toy_grader, find(path, toys.select(()), named=False), seed="5eed")
    assert verdicts(first) == verdicts(again)
    assert first.exercises[0].checks[0].reason is Reason.WRONG_VALUE
    assert first.exercises[0].digest == again.exercises[0].digest != ""


def test_an_exercise_that_is_not_in_it_fails_kindly(
    path: Path, toys: Catalog, toy_grader: Grader
) -> None:
    """Named all the same, it is not executed for nothing, and the reason is said."""
    found = find(path, toys.select(["apply"]), named=True)
    (result,) = grade(toy_grader, found).exercises
    assert [c.reason for c in result.checks] == [Reason.IMPORT_FAILED]
    assert result.checks[0].message.startswith("work.ipynb defines no apply.")
    assert not result.output


def _kept(path: Path, found: Found, output: Path, *contents: bytes) -> list[str]:
    """Return what is said when shards have kept these contents."""
    with Feedback(found.work, output, []) as feedback:
        assert feedback.kept is not None
        for (exercise, _), content in zip(found.work, contents, strict=True):
            keep_executed(feedback.kept, exercise.name, content)
        return list(feedback.write())


def test_notebooks_of_one_name_are_told_apart(toys: Catalog, tmp_path: Path) -> None:
    """The folder for pictures comes before the reports'."""
    for place, cell in (("toys/work.ipynb", SCALE), ("work.ipynb", TOTAL)):
        write(tmp_path / "upload" / place, cell)
    found = find(tmp_path / "upload", toys.select(()), named=False)
    output = tmp_path / "pictures"
    assert len(_kept(tmp_path, found, output, b"one", b"two")) == 2
    assert (output / "work.executed.ipynb").read_bytes() == b"one"
    assert (output / "work-2.executed.ipynb").read_bytes() == b"two"


def test_a_large_one_is_not_written(
    path: Path, toys: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than 20 MB; it is said."""
    monkeypatch.setattr(notebooks, "_MAX_EXECUTED", 2**20)
    found = find(path, toys.select(["scale"]), named=True)
    (said,) = _kept(path, found, tmp_path / "out", b" " * (2**20 + 1))
    assert said == (
        "work.ipynb as it was executed was not saved: it has 1 MB, more than 1 MB."
    )
    assert not (tmp_path / "out").exists()


def test_one_that_cannot_be_written_costs_nothing(
    path: Path, toys: Catalog, tmp_path: Path
) -> None:
    """It is feedback: the grading stands."""
    (tmp_path / "file").touch()
    found = find(path, toys.select(["scale"]), named=True)
    (said,) = _kept(path, found, tmp_path / "file", b"{}")
    assert "work.ipynb as it was executed was not saved:" in said
    keep_executed(tmp_path / "gone", "toys/scale", b"{}")


def test_nothing_is_kept_where_it_has_nowhere_to_go(
    path: Path, toys: Catalog, tmp_path: Path
) -> None:
    """No report in a file and no folder for pictures, or no notebook at all."""
    found = find(path, toys.select(()), named=False)
    for work, reports in ((found.work, []), (found.work, [Path("/dev/stdout")])):
        with Feedback(work, None, reports) as feedback:
            assert feedback.kept is None
            assert not list(feedback.write())
    modules = find(toys.root / "reference", toys.select(()), named=False)
    with Feedback(modules.work, tmp_path, []) as feedback:
        assert feedback.kept is None
