"""Grade notebooks that tests make, as copies of a tutorial's own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.models import ExerciseResult, Status, Submission
from graders.harness.run import Grader, Request
from graders.harness.submission import digest, locate
from tests.harness.notebook_runs import write


def grade(
    folder: Path,
    name: str,
    notebooks: Mapping[str, Sequence[str]],
    device: str = "simulator",
) -> dict[str, ExerciseResult]:
    """
    Grade notebooks for an exercise.

    Args:
        folder: Where they are written.

        name: The exercise.

        notebooks: The code cells, by the notebook's name.

        device: Where their cells run.
    """
    catalog = Catalog()
    paths = [write(folder / f"{n}.ipynb", cells) for n, cells in notebooks.items()]
    work = [
        (_recognised(catalog, name, path), _submission(name, path)) for path in paths
    ]
    with Grader(device, catalog) as grader:
        jobs = len(os.sched_getaffinity(0))
        results = grader.results(Request(work=work, device=device, jobs=jobs))
    return dict(zip(notebooks, results, strict=True))


def _recognised(catalog: Catalog, name: str, path: Path) -> Exercise:
    """The exercise as it is found in the notebook, nobody having named it."""
    found = [exercise for exercise, _ in locate(path, catalog.select(()), named=False)]
    assert [(e.name, e.is_tutorial) for e in found] == [(name, True)], path.name
    return found[0]


def _submission(name: str, path: Path) -> Submission:
    return Submission(exercise=name, path=path, digest=digest(path))


def failures(result: ExerciseResult) -> dict[str, str]:
    """The reasons of the checks that failed; an error of ours fails the test."""
    errors = [c.message for c in result.checks if c.status is Status.ERROR]
    assert not errors, errors
    failed = (c for c in result.checks if c.status is Status.FAILED)
    return {c.name: str(c.reason) for c in failed}


def told(result: ExerciseResult) -> str:
    """All that the learner is told."""
    return "\n".join(f"{c.name}: {c.message} {c.hint}" for c in result.checks)
