"""``grade.py selfcheck``: are the exercises whole, and do their graders grade?"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from graders.harness import messages
from graders.harness.catalog import Catalog
from graders.harness.classroom.admission import Admission, exercises_at_once
from graders.harness.corpus import Choice, Program, choose, disagreement, read_corpus
from graders.harness.errors import UsageError
from graders.harness.mirror import tree_problems
from graders.harness.models import (
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
)
from graders.harness.order import mixed
from graders.harness.release.manifest import is_learners_bundle
from graders.harness.report import expect_writable, write_whole
from graders.harness.report.terminal import make_console
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import digest

GradedPrograms = list[tuple[Program, ExerciseResult]]


def main(argv: Sequence[str]) -> int:
    """Run the self-check and return 0 if all is well, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="grade.py selfcheck",
        description="Check the exercises themselves: stubs earn nothing, references "
        "everything.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="only these exercises; with --full also EXERCISE/PROGRAM of the corpus",
    )
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
    choice = choose(catalog, options.names)  # a wrong name is said before anything runs
    if choice.patterns and not options.full:
        program = choice.patterns[0]
        msg = f"selfcheck {program} needs --full: programs are those of the corpus."
        raise UsageError(msg)
    programs = _programs(catalog, choice) if options.full else []
    for path in filter(None, (options.json, options.messages)):
        expect_writable(path)
    console = make_console()
    device, why = choose_device(options.device)
    console.print(f"Self-check on {device}: {why}.")
    if choice.patterns and not any(device in program.devices for program in programs):
        msg = (
            f"None of these programs is for {device}: see their lines '# devices: ...'."
        )
        raise UsageError(msg)
    found = _Findings(console)
    in_bundle = is_learners_bundle(catalog.root)
    if in_bundle:
        console.print(_IN_BUNDLE)
    else:
        found.take("the three trees mirror one another", tree_problems(catalog))
    with Grader(device, catalog) as grader:
        stubs = _grade_tree(grader, catalog, choice.exercises, "assignments")
        found.take("stubs earn nothing", stub_problems(stubs))
        if in_bundle:
            return _end(options.json, stubs, {}, found)
        references = _grade_tree(grader, catalog, choice.exercises, "reference")
        found.take("references earn everything", reference_problems(references))
        graded: GradedPrograms = []
        counts: dict[str, dict[str, int]] = {}
        if options.full:
            seed = messages.SEED if options.messages else ""

            def save(graded: GradedPrograms) -> None:
                """Save what stands so far: the corpus takes minutes, on a GPU as well."""
                counts, problems = judged(graded, device)
                _save(options.json, references, counts, found.problems, problems)

            graded = grade_programs(grader, programs, seed, Progress(console, save))
            counts = _judge_corpus(graded, found, device)
    if options.messages:
        elsewhere = [p for p in programs if device not in p.devices]
        page = messages.make_page(stubs.exercises, graded, elsewhere)
        broken = ungraded(result for _, result in graded)
        found.take("all messages are learners' own", broken)
        if not broken:
            write_whole(options.messages, page)
    return _end(options.json, references, counts, found)


_IN_BUNDLE = (
    "This is a learners' bundle. It has no reference solutions and no corpus of programs, "
    "so that only the stubs are checked: unless you changed them, they earn nothing."
)


def _end(
    path: Path | None,
    report: Report,
    counts: dict[str, dict[str, int]],
    found: _Findings,
) -> int:
    """Save what was found, if asked for, and return the exit code."""
    _save(path, report, counts, found.problems)
    return int(any(found.problems.values()))


def _save(
    path: Path | None,
    report: Report,
    counts: dict[str, dict[str, int]],
    problems: Mapping[str, list[str]],
    so_far: Sequence[str] | None = None,
) -> None:
    """Save as JSON; ``so_far``: what is wrong with a corpus that is not all graded."""
    if path is None:
        return
    data: dict[str, Any] = {
        "device": report.device,
        "environment": report.environment,
        "corpus": counts,
        "problems": dict(problems),
    }
    if so_far is not None:
        data["problems"] |= {"the corpus, as far as it was graded": [*so_far]}
    write_whole(path, json.dumps(data, indent=1) + "\n")


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


def _programs(catalog: Catalog, choice: Choice) -> list[Program]:
    folder = catalog.root / "tests" / "submissions"
    return choice.of(list(read_corpus(catalog, folder)))


def _judge_corpus(
    graded: GradedPrograms, found: _Findings, device: str
) -> dict[str, dict[str, int]]:
    """Return for each exercise how its programs were judged, and show it."""
    counts, problems = judged(graded, device)
    table = Table(Column("exercise", no_wrap=True), *_COLUMNS, box=None)
    for name, row in counts.items():
        table.add_row(name, *(str(row[column]) for column in _COLUMNS))
    found.console.print(table)
    found.take("the corpus is judged as it says", problems)
    return counts


def judged(
    graded: GradedPrograms, device: str
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return for each exercise how its programs were judged, and what disagrees."""
    counts: dict[str, dict[str, int]] = {}
    problems = []
    for program, result in graded:
        problem = disagreement(program, result, device)
        row = counts.setdefault(program.exercise.name, dict.fromkeys(_COLUMNS, 0))
        row["right" if program.right else "wrong"] += 1
        for column in _columns(program, result, agrees=not problem):
            row[column] += 1
        if problem:
            problems.append(f"{program.name}: {problem}")
    return counts, problems


def ungraded(results: Iterable[ExerciseResult]) -> list[str]:
    """Return which results hold an error of ours, whose text is no message to learners."""
    return sorted(
        f"{result.name}: {check.name} could not be graded: {check.message}"
        for result in results
        for check in result.checks
        if check.status is Status.ERROR
    )


class Progress:
    """
    Follows the grading of a corpus.

    Args:
        console: Is told how far it is, whenever all programs of an exercise are graded.

        save: Called then, with what is graded of all exercises that are done.
    """

    def __init__(
        self, console: Console, save: Callable[[GradedPrograms], None]
    ) -> None:
        self._console = console
        self._save = save
        self._programs: Sequence[Program] = ()
        self._results: dict[int, ExerciseResult] = {}
        self._left: Counter[str] = Counter()

    def begin(self, programs: Sequence[Program]) -> None:
        """Say what is to be graded."""
        self._programs = programs
        self._left = Counter(program.exercise.name for program in programs)

    def take(self, place: int, result: ExerciseResult) -> None:
        """Take a program's result in."""
        self._results[place] = result
        name = self._programs[place].exercise.name
        self._left[name] -= 1
        if self._left[name]:
            return
        known, total = len(self._results), len(self._programs)
        self._console.print(
            f"        {known} of {total} programs graded, all of {name}"
        )
        self._save(
            [
                (program, self._results[i])
                for i, program in enumerate(self._programs)
                if not self._left[program.exercise.name]
            ]
        )


def _columns(
    program: Program, result: ExerciseResult, *, agrees: bool
) -> Iterator[str]:
    """Yield the column in which a grading counts."""
    failed = any(check.status is Status.FAILED for check in result.checks)
    if program.right:
        yield from ["accepted"] if agrees else []
    elif agrees:
        yield "caught as meant"
    else:
        yield "caught by another" if failed else "not caught"


def grade_programs(
    grader: Grader,
    programs: Sequence[Program],
    seed: str = "",
    progress: Progress | None = None,
) -> GradedPrograms:
    """
    Grade programs and return each with its result, in the order given.

    Args:
        grader: The grader; programs for another device are passed over.

        programs: The programs.

        seed: What their inputs are drawn from; empty for fresh ones.

        progress: Is told of each result as it comes.
    """
    device = grader.device
    here = [program for program in programs if device in program.devices]
    order = mixed([program.exercise for program in here], device)
    begun = [here[place] for place in order]
    if progress is not None:
        progress.begin(begun)
    request = Request(
        work=[(p.exercise, _submission(p.exercise.name, p.path)) for p in begun],
        device=device,
        seed=seed,
        jobs=exercises_at_once(device),
        has_room=Admission(device).has_room,
        in_order=True,
    )
    found = grader.results(request, progress.take if progress is not None else None)
    results = dict(zip(order, found, strict=True))
    return [(program, results[place]) for place, program in enumerate(here)]


def _submission(exercise: str, path: Path) -> Submission:
    return Submission(exercise=exercise, path=path, digest=digest(path))
