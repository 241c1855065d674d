"""``grade.py class``: grade all that a class handed in, and put it into a folder."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from graders.harness.catalog import Catalog
from graders.harness.classroom.journal import Journal
from graders.harness.classroom.results import ResultsFolder, expect_apart
from graders.harness.cli import ExitCode, positive
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.report.github import without_commands
from graders.harness.report.terminal import make_console, say

_NEEDED = ("distributed", "pyarrow")
_STOPPING = (signal.SIGTERM, signal.SIGHUP)


class _Parser(argparse.ArgumentParser):
    """Says where SUBMISSIONS has to stand, if an option may have taken it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit."""
        if "SUBMISSIONS" in message:
            message += (
                ". Put SUBMISSIONS first: --regrade takes all names that follow it for "
                "keys, as in: grade.py class SUBMISSIONS --regrade ada bob -o RESULTS"
            )
        super().error(message)


def build_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = _Parser(
        prog="grade.py class",
        description="Grade all that a class handed in. Run it again and it goes on where "
        "it was; nothing is graded twice unless asked.",
        epilog="Exit codes: 0 all is graded, whatever the points; 1 some submission is set "
        "aside, unreadable or not wholly judged; 2 stopped; 3 the harness failed; 4 the "
        "command line is wrong; 5 nothing was handed in.",
    )
    parser.add_argument(
        "submissions",
        type=Path,
        metavar="SUBMISSIONS",
        help="a platform's export, a folder of submissions, or a zip of one",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="RESULTS",
        help="the folder for results; that of an earlier run is gone on with",
    )
    parser.add_argument(
        "--exercise",
        action="append",
        default=[],
        metavar="NAME",
        help="an assignment or exercise that was asked for, several times for several; the "
        "default is all of them",
    )
    parser.add_argument(
        "--roster", type=Path, metavar="CSV", help="who is in the class"
    )
    parser.add_argument(
        "--title",
        default="",
        metavar="TEXT",
        help="what the class page and Canvas's gradebook call all this",
    )
    parser.add_argument(
        "--layout",
        default="",
        metavar="NAME",
        help="how SUBMISSIONS is laid out, such as canvas; the default is to look",
    )
    _add_running(parser)
    return parser


def _add_running(parser: argparse.ArgumentParser) -> None:
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
        help="exercises at once on each GPU or host; the default suits the machine",
    )
    parser.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="of a Dask scheduler, whose workers grade; the default is this machine alone",
    )
    parser.add_argument(
        "--regrade",
        nargs="*",
        metavar="KEY",
        help="grade again what has a result: the submissions with these keys, or all; it "
        "takes all that follows it, so SUBMISSIONS comes first",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing before the end"
    )
    parser.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to grade where a layer of the sandbox does not hold",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_true",
        help="exit with 0 also where some submission is not wholly graded",
    )


def main(argv: Sequence[str]) -> int:
    """Grade a class and return the exit code."""
    try:
        options = build_parser().parse_args(argv)
    except SystemExit as end:  # argparse has said what is wrong
        return ExitCode.USAGE if end.code else ExitCode.PASSED
    _expect_packages()
    from graders.harness.classroom.class_run import ClassRun  # noqa: PLC0415 - needs them
    from graders.harness.classroom.intake import read_class  # noqa: PLC0415

    expect_apart(options.submissions, options.output)
    catalog = Catalog()
    exercises = [e.name for e in catalog.select(options.exercise)]
    classroom = read_class(
        options.submissions, roster=options.roster, layout=options.layout
    )
    if not classroom.entries:
        say([*classroom.notes, "There is nothing to grade."], make_console())
        return ExitCode.NOTHING
    with (
        _stoppable(),
        ResultsFolder(options.output) as folder,
        Journal(folder.journal) as journal,
    ):
        run = ClassRun(options, catalog, exercises, classroom, folder, journal)
        with without_commands(os.environ, sys.stdout):
            return run.grade()


def _expect_packages() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        msg = (
            f"grade.py class needs {' and '.join(missing)}, which the base install leaves "
            "out: pip install -e '.[class]'."
        )
        raise EnvironmentUnavailable(msg)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Have signals that ask to end be taken as Ctrl-C is: everything ends in order."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _STOPPING:
            if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
