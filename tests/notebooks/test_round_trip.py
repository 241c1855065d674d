"""A generated notebook comes back: it earns nothing unfilled, and filled in right all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from graders.harness.catalog import Catalog, Exercise
from graders.harness.models import ExerciseResult, Reason, Status, Submission
from graders.harness.notebook_writer import build_notebook
from graders.harness.run import Grader, Request
from graders.harness.submission import locate

CATALOG = Catalog()
EXERCISES = CATALOG.select(())
BY_EXERCISE = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Graded:
    """
    What came back of an exercise.

    Attributes:
        result: What the grader says.

        written: The notebook that was handed in.

        executed: The same as the grader executed it.
    """

    result: ExerciseResult
    written: Any
    executed: Any

    def shown(self, kind: str) -> dict[str, str]:
        """Return what one of the exercise's cells put out; none of them failed."""
        slug = self.result.name.partition("/")[2]
        ids = [cell.id for cell in self.written.cells]
        found: dict[str, str] = {}
        for output in self.executed.cells[ids.index(f"{slug}-{kind}")].outputs:
            assert output.output_type != "error", output.get("traceback")
            found |= output.get("data") or {output.name: output.text}
        return found


def write(exercises: tuple[Exercise, ...], path: Path, *, fill_in: bool) -> Any:
    """Write a notebook of exercises, and fill in their stubs with the references."""
    notebook = build_notebook(CATALOG, exercises, file=path.name)
    cells = {cell.id: cell for cell in notebook.cells}
    for exercise in exercises if fill_in else ():
        cells[f"{exercise.slug}-stub"].source = exercise.reference.read_text("utf-8")
    nbformat.write(notebook, path)
    return notebook


def notebooks(*, fill_in: bool) -> Iterator[tuple[str, tuple[Exercise, ...]]]:
    """
    Yield the notebooks' names and exercises: filled in, those of whole assignments.

    A notebook is executed for each of its exercises: those with a single one are quick.
    """
    if fill_in:
        for assignment in CATALOG.assignments:
            yield assignment, CATALOG.exercises(assignment)
    else:
        for exercise in EXERCISES:
            yield exercise.slug, (exercise,)


def grade_all(grader: Grader, folder: Path, *, fill_in: bool) -> dict[str, Graded]:
    """Grade the notebooks of all exercises, and return what came back by exercise."""
    work: list[tuple[Exercise, Submission]] = []
    written: dict[str, Any] = {}
    for name, exercises in notebooks(fill_in=fill_in):
        path = folder / f"{name}.ipynb"
        notebook = write(exercises, path, fill_in=fill_in)
        written |= dict.fromkeys((exercise.name for exercise in exercises), notebook)
        work += locate(path, exercises, named=True)
    executed = folder / "executed"
    executed.mkdir()
    request = Request(work=work, device=grader.device, executed=executed)
    return {
        result.name: Graded(
            result=result,
            written=written[result.name],
            executed=nbformat.read(
                executed / f"{result.name.replace('/', '.')}.ipynb", 4
            ),
        )
        for result in grader.results(request)
    }


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader("simulator", CATALOG) as warm:
        yield warm


@pytest.fixture(scope="module")
def unfilled(
    grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Graded]:
    return grade_all(grader, tmp_path_factory.mktemp("unfilled"), fill_in=False)


@pytest.fixture(scope="module")
def filled(
    grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Graded]:
    return grade_all(grader, tmp_path_factory.mktemp("filled"), fill_in=True)


@BY_EXERCISE
def test_unfilled_it_says_what_to_do(
    exercise: Exercise, unfilled: dict[str, Graded]
) -> None:
    graded = unfilled[exercise.name]
    assert graded.result.score == 0
    checks = [c for c in graded.result.checks if c.status is not Status.SKIPPED]
    assert checks
    for check in checks:
        assert (check.status, check.reason) == (Status.FAILED, Reason.UNIMPLEMENTED)
        assert "code cell" in check.message
        assert check.hint
    assert graded.shown("stub") == {}
    shown = graded.shown("example")
    assert list(shown) == ["stdout"]
    assert shown["stdout"].startswith("Not written yet")


@BY_EXERCISE
def test_filled_in_right_it_earns_everything(
    exercise: Exercise, filled: dict[str, Graded]
) -> None:
    """All that the reference earns as a module, and something to look at."""
    graded = filled[exercise.name]
    failed = {
        c.name: c.message for c in graded.result.checks if c.points < c.max_points
    }
    assert set(failed) == {n for n, c in exercise.rubric.checks.items() if c.needs}
    assert graded.result.score == graded.result.max_score - graded.result.not_run_points
    assert graded.result.score > 0
    shown = graded.shown("example")
    assert {"image/png", "stdout"} & set(shown)
    assert "Not written yet" not in shown.get("stdout", "")
