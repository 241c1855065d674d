"""``grade.py selfcheck``: are the exercises whole, and do their graders grade?"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from graders.harness import messages
from graders.harness.catalog import Catalog
from graders.harness.corpus import Program, disagreement, read_corpus
from graders.harness.errors import UsageError
from graders.harness.mirror import tree_problems
from graders.harness.models import (
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
)
from graders.harness.release.manifest import is_learners_bundle
from graders.harness.report import expect_writable, write_whole
from graders.harness.report.terminal import make_console
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import digest


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
    parser.add_argument(
        "--json", type=Path, metavar="PATH", help="save what was found as JSON as well"
    )
    parser.add_argument(
        "--messages",
        type=Path,
        metavar="PATH",
        help="with --full: save all messages that learners get as one page",
    )
    options = parser.parse_args(argv)
    if options.messages and not options.full:
        msg = "selfcheck --messages needs --full: messages are those of the corpus."
        raise UsageError(msg)
    catalog = Catalog()
    if options.full and is_learners_bundle(catalog.root):
        msg = "selfcheck --full: a learners' bundle has no corpus of programs to grade."
        raise UsageError(msg)
    catalog.select(options.names)  # a wrong name is said before anything runs
    for path in filter(None, (options.json, options.messages)):
        expect_writable(path)
    console = make_console()
    device, why = choose_device(options.device)
    console.print(f"Self-check on {device}: {why}.")
    found = _Findings(console)
    in_bundle = is_learners_bundle(catalog.root)
    if in_bundle:
        console.print(_IN_BUNDLE)
    else:
        found.take("the three trees mirror one another", tree_problems(catalog))
    with Grader(device, catalog) as grader:
        stubs = _grade_tree(grader, catalog, options.names, "assignments")
        found.take("stubs earn nothing", stub_problems(stubs))
        if in_bundle:
            return _end(options.json, device, stubs, {}, found)
        references = _grade_tree(grader, catalog, options.names, "reference")
        found.take("references earn everything", reference_problems(references))
        programs = _programs(catalog, options.names) if options.full else []
        graded: list[tuple[Program, ExerciseResult]] = []
        counts: dict[str, dict[str, int]] = {}
        if options.full:
            seed = messages.SEED if options.messages else ""
            graded = [*_told(grade_programs(grader, programs, seed), console)]
            counts = _judge_corpus(graded, found, device)
    if options.messages:
        elsewhere = [p for p in programs if device not in p.devices]
        page = messages.make_page(stubs.exercises, graded, elsewhere)
        broken = ungraded(result for _, result in graded)
        found.take("all messages are learners' own", broken)
        if not broken:
            write_whole(options.messages, page)
    return _end(options.json, device, references, counts, found)


_IN_BUNDLE = (
    "This is a learners' bundle. It has no reference solutions and no corpus of programs, "
    "so that only the stubs are checked: unless you changed them, they earn nothing."
)


def _end(
    path: Path | None,
    device: str,
    report: Report,
    counts: dict[str, dict[str, int]],
    found: _Findings,
) -> int:
    """Save what was found, if asked for, and return the exit code."""
    if path:
        data = {
            "device": device,
            "environment": report.environment,
            "corpus": counts,
            "problems": found.problems,
        }
        write_whole(path, json.dumps(data, indent=1) + "\n")
    return int(any(found.problems.values()))


_COLUMNS = (
    "right", "accepted", "wrong", "caught as meant", "caught by another", "not caught",
)  # fmt: skip


class _Findings:
    """What the self-check found, said as it comes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.problems: dict[str, list[str]] = {}

    def take(self, title: str, problems: Iterable[str]) -> None:
        found = self.problems[title] = list(problems)
        self.console.print(f"{'ok    ' if not found else 'BROKEN'}  {title}")
        for problem in found:
            self.console.print(f"        {problem}")


def _grade_tree(
    grader: Grader, catalog: Catalog, names: Sequence[str], tree: str
) -> Report:
    # Not what a learner's folder would give: a notebook in it is nobody's stub.
    work = [
        (e, _submission(e.name, catalog.root / tree / f"{e.name}.py"))
        for e in catalog.select(names)
    ]
    return grader.grade(Request(work=work, device=grader.device))


def stub_problems(report: Report) -> Iterator[str]:
    """Yield what stubs earn, and failures that are not called unimplemented."""
    for exercise in report.exercises:
        if exercise.score:
            yield f"assignments/{exercise.name}.py earns {exercise.score} points."
        for check in exercise.checks:
            skipped = check.status is Status.SKIPPED
            if not skipped and check.reason is not Reason.UNIMPLEMENTED:
                found = f"{check.reason}: {check.message}"
                yield f"{exercise.name}: {check.name} says {found}"


def reference_problems(report: Report) -> Iterator[str]:
    """Yield points that references do not earn where this machine can give them."""
    for exercise in report.exercises:
        if exercise.max_score <= exercise.not_run_points:
            yield f"{exercise.name}: no points can be earned here."
        for check in exercise.checks:
            not_here = check.reason is Reason.NEEDS_GPU and report.device != "cuda"
            if check.status is not Status.PASSED and not not_here:
                found = f"[{check.reason}] {check.message} {check.hint}"
                yield f"{exercise.name}: {check.name} {found}"


def _programs(catalog: Catalog, names: Sequence[str]) -> list[Program]:
    wanted = {e.name for e in catalog.select(names)}
    corpus = read_corpus(catalog, catalog.root / "tests" / "submissions")
    return [program for program in corpus if program.exercise.name in wanted]


def _judge_corpus(
    graded: Iterable[tuple[Program, ExerciseResult]], found: _Findings, device: str
) -> dict[str, dict[str, int]]:
    """Return for each exercise how its programs were judged."""
    counts: dict[str, dict[str, int]] = {}
    problems = []
    for program, result in graded:
        problem = disagreement(program, result, device)
        row = counts.setdefault(program.exercise.name, dict.fromkeys(_COLUMNS, 0))
        row["right" if program.right else "wrong"] += 1
        for column in _judged(program, result, agrees=not problem):
            row[column] += 1
        if problem:
            problems.append(f"{program.name}: {problem}")
    table = Table(Column("exercise", no_wrap=True), *_COLUMNS, box=None)
    for name, row in counts.items():
        table.add_row(name, *(str(row[column]) for column in _COLUMNS))
    found.console.print(table)
    found.take("the corpus is judged as it says", problems)
    return counts


def ungraded(results: Iterable[ExerciseResult]) -> list[str]:
    """Return which results hold an error of ours, whose text is no message to learners."""
    return sorted(
        f"{result.name}: {check.name} could not be graded: {check.message}"
        for result in results
        for check in result.checks
        if check.status is Status.ERROR
    )


def _told(
    graded: Iterable[tuple[Program, ExerciseResult]], console: Console
) -> Iterator[tuple[Program, ExerciseResult]]:
    """Yield results as they come, and say where it is: it takes minutes."""
    last = ""
    for program, result in graded:
        if program.exercise.name != last:
            last = program.exercise.name
            console.print(f"        grading programs of {last}")
        yield program, result


def _judged(program: Program, result: ExerciseResult, *, agrees: bool) -> Iterator[str]:
    """Yield the column in which a grading counts."""
    failed = any(check.status is Status.FAILED for check in result.checks)
    if program.right:
        yield from ["accepted"] if agrees else []
    elif agrees:
        yield "caught as meant"
    else:
        yield "caught by another" if failed else "not caught"


def grade_programs(
    grader: Grader, programs: Sequence[Program], seed: str = ""
) -> Iterator[tuple[Program, ExerciseResult]]:
    """
    Grade programs; yield each with its result.

    Args:
        grader: The grader; programs for another device are passed over.

        programs: The programs.

        seed: What their inputs are drawn from; empty for fresh ones.
    """
    here = [program for program in programs if grader.device in program.devices]
    size = 8 * len(os.sched_getaffinity(0))
    for start in range(0, len(here), size):
        batch = here[start : start + size]
        work = [(p.exercise, _submission(p.exercise.name, p.path)) for p in batch]
        request = Request(work=work, device=grader.device, seed=seed)
        yield from zip(batch, grader.results(request), strict=True)


def _submission(exercise: str, path: Path) -> Submission:
    return Submission(exercise=exercise, path=path, digest=digest(path))
