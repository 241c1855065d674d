"""The graders are graded: each program of the corpus is judged as it says of itself.

Here some right programs of each exercise, and of the wrong ones enough that each check
fails some. CI runs ``grade.py selfcheck --full`` as well, which takes them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.corpus import Program, disagreement, read_corpus
from graders.harness.models import ExerciseResult, Submission
from graders.harness.run import Grader, Request
from graders.harness.submission import digest

CATALOG = Catalog()
FOLDER = CATALOG.root / "tests" / "submissions"
PROGRAMS = [p for p in read_corpus(CATALOG, FOLDER) if "simulator" in p.devices]

MIN_RIGHT = 4
MIN_WRONG = 10
AT_LEAST = 1  # right and wrong ones of each exercise that are graded here


def representative(programs: list[Program]) -> Iterator[Program]:
    """Yield right programs, and wrong ones with each check among them."""
    seen: dict[str, set[str]] = {}
    counts: dict[tuple[str, bool], int] = {}
    for program in programs:
        name = program.exercise.name
        found = set(program.expected)
        known = seen.setdefault(name, set())
        count = counts.get((name, program.right), 0)
        if found - known or count < AT_LEAST:
            known |= found
            counts[name, program.right] = count + 1
            yield program


GRADED = list(representative(PROGRAMS))


@pytest.fixture(scope="session")
def results() -> dict[Path, ExerciseResult]:
    """Grade them all at once, as many programs side by side as there are cores."""
    work = [
        (
            p.exercise,
            Submission(exercise=p.exercise.name, path=p.path, digest=digest(p.path)),
        )
        for p in GRADED
    ]
    with Grader("simulator", CATALOG) as grader:
        jobs = len(os.sched_getaffinity(0))
        found = grader.results(Request(work=work, device="simulator", jobs=jobs))
    return {p.path: r for p, r in zip(GRADED, found, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("program", GRADED, ids=lambda p: p.name)
def test_is_judged_as_it_says(
    program: Program, results: dict[Path, ExerciseResult]
) -> None:
    """A right program passes; a wrong one fails the checks made for it, and no other."""
    assert disagreement(program, results[program.path]) == ""


@pytest.mark.parametrize("exercise", CATALOG.select(()), ids=lambda e: e.name)
def test_there_are_enough(exercise: object) -> None:
    """Each exercise has right programs that differ and wrong ones of many kinds."""
    mine = [p for p in PROGRAMS if p.exercise == exercise]
    assert sum(p.right for p in mine) >= MIN_RIGHT
    assert sum(not p.right for p in mine) >= MIN_WRONG


@pytest.mark.parametrize("exercise", CATALOG.select(()), ids=lambda e: e.name)
def test_every_check_catches_something(exercise: object) -> None:
    """For each check that the simulator runs, some wrong program fails it."""
    mine = [p for p in PROGRAMS if p.exercise == exercise]
    checks = {
        name
        for name, check in mine[0].exercise.rubric.checks.items()
        if not check.needs
    }
    assert checks <= {name for p in mine for name in p.expected}
