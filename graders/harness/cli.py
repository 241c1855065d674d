"""The command line of ``grade.py``."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib
import math
import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.closed_streams import open_closed_streams
from graders.harness.errors import HarnessError, UsageError
from graders.harness.models import Report, Status
from graders.harness.report import (
    SHOWING,
    WRITERS,
    Feedback,
    Progress,
    Targets,
    print_report,
    repository_files,
)
from graders.harness.report.github import without_commands
from graders.harness.report.tally import is_pending
from graders.harness.report.terminal import make_console, say
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import Found, find, opened
from graders.harness.time_limit import Deadline
from graders.harness.worker.confinement import REQUIRED

# Commands that are not grading, and the module of each: imported only when it is called.
_COMMANDS = {
    "class": "classroom.command",
    "doctor": "doctor",
    "hint": "hints",
    "notebook": "notebook_writer",
    "regrade": "regrade",
    "release": "release",
    "selfcheck": "selfcheck",
}

# How alike a wrong name and a command must be (see difflib) to be told of it.
_NEAR = 0.7


class ExitCode(IntEnum):
    """How ``grade.py`` ends; the numbers are pytest's."""

    #: Every check that ran passed.
    PASSED = 0
    #: Some check failed.
    FAILED = 1
    #: The user stopped it.
    INTERRUPTED = 2
    #: The harness failed; nobody's points are affected.
    HARNESS_FAILED = 3
    #: The command line is wrong.
    USAGE = 4
    #: There was nothing to grade.
    NOTHING = 5


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the main command."""
    parser = argparse.ArgumentParser(
        prog="grade.py",
        description="Grade exercises on nvmath-python and CuPy.",
        epilog="Other commands, each with --help: hint, notebook, doctor, regrade, "
        "selfcheck, release, class.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="an assignment or exercise, such as fft_callbacks or "
        "fft_callbacks/sepia_blur; the default is all of them",
    )
    parser.add_argument(
        "--submission",
        type=Path,
        metavar="PATH",
        help="what to grade instead of assignments/: a folder, a module (.py), a notebook "
        "(.ipynb), or a zip of them",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cuda", "simulator"),
        default="auto",
        help="where programs run; auto, the default, takes a GPU where one answers",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=0,
        metavar="N",
        help="exercises at once; the default is one for each core",
    )
    parser.add_argument(
        "--seed", default="", help="draw the inputs of an earlier grading again"
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=_report_target,
        metavar="FORMAT:PATH",
        help=f"write a report as well; formats: {', '.join(WRITERS)}",
    )
    parser.add_argument(
        "--save-output",
        type=Path,
        metavar="DIR",
        help="save the graded pictures as PNG files",
    )
    parser.add_argument(
        "--show-hidden",
        action="store_true",
        help="tell what hidden checks look at, here and in reports: for instructors alone",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="grade again whenever a file is saved, until you quit",
    )
    parser.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to grade where a layer of the sandbox does not hold",
    )
    parser.add_argument(
        "--time-limit",
        type=_time_limit,
        default=Deadline(),
        metavar="SECONDS",
        help="end within this time, with reports: what is not graded by then is said",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_true",
        help="exit with 0 whenever a report was made",
    )
    parser.add_argument(
        "--version", action="store_true", help="say which version this is"
    )
    return parser


def positive(text: str) -> int:
    """
    Return an option's whole number from 1.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdigit() or int(text) < 1:
        msg = f"must be a whole number from 1 (got {text!r})"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _time_limit(text: str) -> Deadline:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return Deadline(float(text))
    msg = f"must be a number of seconds above 0 (got {text!r})"
    raise argparse.ArgumentTypeError(msg)


def _report_target(text: str) -> tuple[str, Path]:
    form, colon, path = text.partition(":")
    if form not in WRITERS or not colon or not path:
        msg = f"must be FORMAT:PATH with a format among {', '.join(WRITERS)} (got {text!r})"
        raise argparse.ArgumentTypeError(msg)
    return form, Path(path)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the command line and return the exit code.

    Args:
        argv: The arguments. The default is the process's.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    open_closed_streams()
    try:
        if arguments and arguments[0] in _COMMANDS:
            command = importlib.import_module(
                f"graders.harness.{_COMMANDS[arguments[0]]}"
            )
            return int(command.main(arguments[1:]))
        return _grade(arguments)
    except SystemExit as end:  # argparse has said what is wrong
        return ExitCode.USAGE if end.code else ExitCode.PASSED
    except KeyboardInterrupt:
        return _end(ExitCode.INTERRUPTED, "\nStopped.")
    except UsageError as err:
        return _end(ExitCode.USAGE, f"grade.py: {err}")
    except HarnessError as err:
        return _end(ExitCode.HARNESS_FAILED, f"grade.py: {err}")
    except OSError as err:
        where = f"{err.filename}: " if err.filename else ""
        text = f"grade.py: {where}{err.strerror or err}. No points are affected."
        return _end(ExitCode.HARNESS_FAILED, text)
    except Exception:  # noqa: BLE001 - Python's own exit code, 1, would blame the learner
        return _end(ExitCode.HARNESS_FAILED, traceback.format_exc())


def _end(code: ExitCode, text: str) -> ExitCode:
    """Say why it ends; where even that cannot be written, the exit code tells."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr)  # noqa: T201 - the command line speaks
    return code


def _grade(arguments: Sequence[str]) -> int:
    options = build_parser().parse_args(arguments)
    catalog = Catalog()
    if options.version:
        from graders.harness.release.project import version  # noqa: PLC0415 - only here

        say([f"grade.py {version(catalog.root)}"], make_console())
        return ExitCode.PASSED
    exercises = _selected(catalog, options)
    submission = options.submission or catalog.root / "assignments"
    if options.watch:
        return _watch(options, catalog, submission)
    with opened(submission) as unpacked:
        found = find(unpacked, exercises, named=bool(options.names))
        return _grade_found(options, catalog, _short(submission), found)


def _selected(catalog: Catalog, options: argparse.Namespace) -> tuple[Exercise, ...]:
    try:
        return catalog.select(options.names)
    except UsageError as err:
        if advice := _meant(catalog, options):
            raise UsageError(advice) from err
        raise


def _meant(catalog: Catalog, options: argparse.Namespace) -> str:
    """Return what to say of a name that is nearer to a command or an option, or nothing."""
    known = set(catalog.assignments)
    for exercise in catalog.select(()):
        known |= {exercise.name, exercise.slug}
    wrong = next((n for n in options.names if n.strip("/") not in known), "")
    words = {"help", *(o.replace("_", "-") for o in vars(options))} - {"names"}
    near = difflib.get_close_matches(wrong, [*_COMMANDS, *words, *known], 1, _NEAR)
    if not near or near[0] in known:
        return ""
    said = f"There is no assignment, exercise or command {wrong!r}."
    if wrong in _COMMANDS:
        return f"{said[:-1]} in this place. A command comes first: grade.py {wrong} ..."
    if near[0] in _COMMANDS:
        said += f" Did you mean the command {near[0]!r}?"
        return f"{said} Try: grade.py {near[0]} --help"
    return f"{said} Did you mean the option --{near[0]}?"


def _watch(options: argparse.Namespace, catalog: Catalog, submission: Path) -> int:
    from graders.harness.watching import Watch, watch  # noqa: PLC0415 - only here

    if options.report or options.exit_zero or options.time_limit.limit:
        msg = (
            "--watch shows verdicts here: leave out --report, --exit-zero and "
            "--time-limit, or --watch."
        )
        raise UsageError(msg)
    device, why = choose_device(options.device)
    wanted = Watch(
        names=options.names,
        submission=submission,
        device=device,
        seed=options.seed,
        jobs=options.jobs,
        output=options.save_output,
        required=REQUIRED if options.require_sandbox else (),
    )
    where = "the GPU" if device == "cuda" else "the simulator"
    said = f"Watching {_short(submission)} on {where}: {why}."
    return ExitCode.PASSED if watch(wanted, catalog, said) else ExitCode.INTERRUPTED


def _grade_found(
    options: argparse.Namespace, catalog: Catalog, named: str, found: Found
) -> int:
    targets = _targets(options, found)
    device, why = choose_device(options.device)
    console = make_console()
    where = "the GPU" if device == "cuda" else "the simulator"
    feedback = Feedback(
        found.work, options.save_output, [path for _, path in options.report]
    )
    checks = sum(len(e.rubric.checks) for e, _ in found.work)
    required = REQUIRED if options.require_sandbox else ()
    with feedback, without_commands(os.environ, sys.stdout):
        say([f"Grading {named} on {where}: {why}.", *found.notes], console)
        request = Request(
            work=found.work,
            device=device,
            seed=options.seed,
            jobs=options.jobs,
            output=options.save_output,
            executed=feedback.kept,
            figures=any(form in SHOWING for form, _ in options.report),
            deadline=options.time_limit,
        )

        def shown(whole: Report) -> Report:
            return whole if options.show_hidden else whole.for_learners()

        def follow(so_far: Report) -> None:
            targets.follow(shown(so_far))

        with (
            Grader(device, catalog, required) as grader,
            Progress(console, checks) as progress,
        ):
            following = follow if targets.follows else None
            report = shown(grader.grade(request, progress, following))
            problems = targets.write_files(report)  # while there still is time
        print_report(report, console)
        say(_unreached(report, options.time_limit.limit), console)
        say(feedback.write(), console)
    problems += targets.write_streams(report)
    if problems:
        raise HarnessError("; ".join(problems))
    return ExitCode.PASSED if options.exit_zero else exit_code(report)


def _targets(options: argparse.Namespace, found: Found) -> Targets:
    """Return what reports are wanted; annotations name files of the repository."""
    is_unpacked = options.submission is not None and options.submission.is_file()
    is_unpacked = is_unpacked and options.submission.suffix.lower() == ".zip"
    paths = {e.name: s.path for e, s in found.work if not is_unpacked}
    files = repository_files(paths, os.environ)
    return Targets(options.report, WRITERS, files, os.environ)


def _unreached(report: Report, limit: float | None) -> list[str]:
    left = [e.name for e in report.exercises if any(map(is_pending, e.checks))]
    if not left:
        return []
    return [
        f"The time limit of {limit:g} s was reached: {len(left)} of "
        f"{len(report.exercises)} exercises were not graded, or not to their end."
    ]


def exit_code(report: Report) -> ExitCode:
    """Return the exit code that a report comes to."""
    if report.harness_failed:
        return ExitCode.HARNESS_FAILED
    checks = [c for e in report.exercises for c in e.checks]
    if not any(c.status in (Status.PASSED, Status.FAILED) for c in checks):
        return ExitCode.NOTHING
    failed = any(c.status is Status.FAILED for c in checks)
    return ExitCode.FAILED if failed else ExitCode.PASSED


def _short(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
