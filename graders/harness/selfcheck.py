"""``grade.py selfcheck``: are the exercises themselves whole, and do their graders grade?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from graders.harness.catalog import Catalog
from graders.harness.corpus import Program, disagreement, read_corpus
from graders.harness.mirror import tree_problems
from graders.harness.models import Reason, Report, Status, Submission
from graders.harness.report.terminal import make_console
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import digest, locate


def main(argv: Sequence[str]) -> int:
    """Run the self-check and return 0 if all is well, 1 if not."""
    parser = argparse.ArgumentParser(prog="grade.py selfcheck", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these exercises")
    parser.add_argument(
        "--device", choices=("auto", "cuda", "simulator"), default="auto"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="grade the corpus of right and wrong programs as well",
    )
    options = parser.parse_args(argv)
    catalog = Catalog()
    catalog.select(options.names)  # a wrong name is said before anything runs
    console = make_console()
    device, why = choose_device(options.device)
    console.print(f"Self-check on {device}: {why}.")
    failed = _say(console, "the three trees mirror one another", tree_problems(catalog))
    with Grader(device, catalog) as grader:
        checks: list[tuple[str, Callable[[], Iterator[str]]]] = [
            (
                "stubs earn nothing",
                lambda: stub_problems(grader, catalog, options.names),
            ),
            (
                "references earn everything",
                lambda: reference_problems(grader, catalog, options.names),
            ),
        ]
        for title, check in checks:
            failed |= _say(console, title, check())
        if options.full:
            failed |= _grade_corpus(grader, catalog, options.names, console)
    return int(failed)


def _say(console: Console, title: str, problems: Iterator[str]) -> bool:
    found = list(problems)
    console.print(f"{'ok    ' if not found else 'BROKEN'}  {title}")
    for problem in found:
        console.print(f"        {problem}")
    return bool(found)


def _grade_tree(
    grader: Grader, catalog: Catalog, names: Sequence[str], tree: str
) -> Report:
    work = locate(catalog.root / tree, catalog.select(names), named=True)
    return grader.grade(Request(work=work, device=grader.device))


def stub_problems(
    grader: Grader, catalog: Catalog, names: Sequence[str]
) -> Iterator[str]:
    """Yield what stubs earn, and failures that are not called unimplemented."""
    for exercise in _grade_tree(grader, catalog, names, "assignments").exercises:
        if exercise.score:
            yield f"assignments/{exercise.name}.py earns {exercise.score} points."
        for check in exercise.checks:
            skipped = check.status is Status.SKIPPED
            if not skipped and check.reason is not Reason.UNIMPLEMENTED:
                yield f"{exercise.name}: {check.name} says {check.reason}: {check.message}"


def reference_problems(
    grader: Grader, catalog: Catalog, names: Sequence[str]
) -> Iterator[str]:
    """Yield points that references do not earn where this machine can give them."""
    for exercise in _grade_tree(grader, catalog, names, "reference").exercises:
        if exercise.max_score <= exercise.not_run_points:
            yield f"{exercise.name}: no points can be earned here."
        for check in exercise.checks:
            not_here = check.reason is Reason.NEEDS_GPU and grader.device != "cuda"
            if check.status is not Status.PASSED and not not_here:
                yield f"{exercise.name}: {check.name} [{check.reason}] {check.message} {check.hint}"


def _grade_corpus(
    grader: Grader, catalog: Catalog, names: Sequence[str], console: Console
) -> bool:
    wanted = {e.name for e in catalog.select(names)}
    folder = catalog.root / "tests" / "submissions"
    programs = [
        p
        for p in read_corpus(catalog, folder)
        if grader.device in p.devices and p.exercise.name in wanted
    ]
    counts: dict[str, list[int]] = {}
    broken = []
    for program, problem in grade_programs(grader, programs):
        row = counts.setdefault(program.exercise.name, [0, 0, 0, 0])
        row[0 if program.right else 2] += 1
        row[1 if program.right else 3] += not problem
        if problem:
            broken.append(f"{program.name}: {problem}")
    table = Table(
        "exercise", "right programs", "accepted", "wrong programs", "caught as meant"
    )
    for name, row in counts.items():
        table.add_row(name, *map(str, row))
    console.print(table)
    return _say(console, "the corpus is judged as it says", iter(broken))


def grade_programs(
    grader: Grader, programs: Sequence[Program]
) -> Iterator[tuple[Program, str]]:
    """Grade programs of the corpus; yield each with how its grading differs from its header."""
    size = 8 * len(os.sched_getaffinity(0))
    for start in range(0, len(programs), size):
        batch = programs[start : start + size]
        work = [(p.exercise, _submission(p.exercise.name, p.path)) for p in batch]
        results = grader.results(Request(work=work, device=grader.device))
        for program, result in zip(batch, results, strict=True):
            yield program, disagreement(program, result)


def _submission(exercise: str, path: Path) -> Submission:
    return Submission(exercise=exercise, path=path, digest=digest(path))
