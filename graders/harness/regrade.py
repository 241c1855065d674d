"""``grade.py regrade``: grade a submission again as a report says, and compare verdicts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.harness.catalog import Catalog, Exercise
from graders.harness.cli import ExitCode
from graders.harness.errors import UsageError
from graders.harness.models import (
    FORMAT_VERSION,
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Submission,
    check_from_dict,
)
from graders.harness.report.terminal import make_console, say
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import find, opened

# What of a report's environment may change a verdict, beside the device and the seed.
_MAY_MATTER = ("name", "versions", "driver", "host")
_NOT_OF_THE_HOST = ("cores", "processor")


@dataclass(frozen=True)
class Earlier:
    """
    What an earlier grading found, as its JSON report tells.

    Attributes:
        device: ``"cuda"`` or ``"simulator"``.

        environment: Seed, digests, versions and machine.

        exercises: The results, by exercise and check.
    """

    device: str
    environment: Mapping[str, Any]
    exercises: Mapping[str, Mapping[str, CheckResult]]


def build_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="grade.py regrade",
        description="Grade a submission again as a report says, and compare verdicts.",
    )
    parser.add_argument(
        "earlier", type=Path, metavar="REPORT.json", help="the earlier JSON report"
    )
    parser.add_argument(
        "--submission",
        type=Path,
        required=True,
        metavar="PATH",
        help="what was graded then: a folder, a module, a notebook or a zip",
    )
    parser.add_argument(
        "--device",
        choices=("cuda", "simulator"),
        help="where programs run; the default is the report's device",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Grade again and return 0 where all verdicts are the same, 1 where one is not."""
    options = build_parser().parse_args(argv)
    earlier = read_report(options.earlier)
    catalog = Catalog()
    exercises = catalog.select(list(earlier.exercises))
    device, _ = choose_device(options.device or earlier.device)
    with opened(options.submission) as unpacked:
        work = find(unpacked, exercises, named=True).work
        expect_same_files(earlier, work)
        with Grader(device, catalog) as grader:
            request = Request(
                work=work, device=device, seed=earlier.environment["seed"]
            )
            report = grader.grade(request)
    said = list(other_circumstances(earlier, report))
    changed = list(differences(earlier, report.exercises, device))
    checks = sum(len(found) for found in earlier.exercises.values())
    console = make_console()
    say([f"Graded again with the seed of {options.earlier}.", *said, *changed], console)
    if report.harness_failed:
        say(["Not all could be judged: nothing follows from this."], console)
        return ExitCode.HARNESS_FAILED
    if changed:
        say([f"Other verdicts: {len(changed)} of {checks} checks."], console)
        return ExitCode.FAILED
    say([f"The same verdicts: all {checks} checks end as they did."], console)
    return ExitCode.PASSED


def read_report(path: Path) -> Earlier:
    """
    Read a JSON report.

    Raises:
        UsageError: It is none, or a learner's, which has no seed.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["format_version"] != FORMAT_VERSION:
            found = data["format_version"]
            msg = f"{path}: is of format version {found}, not {FORMAT_VERSION}."
            raise UsageError(msg)
        exercises = {
            str(exercise["name"]): {
                check["name"]: check_from_dict(check) for check in exercise["checks"]
            }
            for exercise in data["exercises"]
        }
        earlier = Earlier(str(data["device"]), dict(data["environment"]), exercises)
        seed, digests = earlier.environment["seed"], earlier.environment["digests"]
        known = isinstance(seed, str) and set(exercises) <= set(digests)
    except OSError as err:
        msg = f"{path}: cannot be read ({err.strerror})."
        raise UsageError(msg) from err
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        msg = f"{path}: is no JSON report. Make one with --report json:PATH."
        raise UsageError(msg) from err
    if not known or not exercises:
        msg = f"{path}: names no exercise, seed or digest. Is it a whole report?"
        raise UsageError(msg)
    if not seed:
        msg = (
            f"{path}: has no seed, since it is for learners and some checks are hidden. "
            "Take the instructor's report, which --show-hidden makes."
        )
        raise UsageError(msg)
    return earlier


def expect_same_files(
    earlier: Earlier, work: Iterable[tuple[Exercise, Submission]]
) -> None:
    """
    Make sure that what is graded is what was graded then.

    Raises:
        UsageError: A file is another one; both digests are told.
    """
    digests = earlier.environment["digests"]
    other = [
        f"{exercise.name}: {submission.path.name} has the SHA-256 "
        f"{submission.digest or 'of no file'}, the report has "
        f"{digests[exercise.name] or 'none, for there was no file'}."
        for exercise, submission in work
        if submission.digest != digests[exercise.name]
    ]
    if other:
        msg = (
            "This is not what was graded then:\n" + "\n".join(other) + "\n"
            "Nothing was graded. To grade it as it is, leave out regrade."
        )
        raise UsageError(msg)


def other_circumstances(earlier: Earlier, report: Report) -> Iterator[str]:
    """Yield what is otherwise than it was then, a sentence each."""
    if earlier.device != report.device:
        yield (
            f"The device was {earlier.device} and is {report.device} now: what only one "
            "of them can check is not compared."
        )
    before = _facts(earlier.environment)
    now = _facts(json.loads(json.dumps(report.environment)))
    for name in sorted(before.keys() | now.keys()):
        was, is_now = before.get(name, "unknown"), now.get(name, "unknown")
        if was != is_now:
            yield f"{name} was {was}, and is {is_now} now."
    assignments = {exercise.partition("/")[0] for exercise in earlier.exercises}
    for name in sorted(assignments | {"engine"}):
        judges = [e.get("judged_by", {}).get(name) for e in _both(earlier, report)]
        if judges[0] != judges[1]:
            what = "The engine is" if name == "engine" else f"The checks of {name} are"
            yield f"{what} not the same as then."


def _both(earlier: Earlier, report: Report) -> tuple[Mapping[str, Any], ...]:
    return earlier.environment, report.environment


def _facts(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return what may matter, each figure under one name."""
    found: dict[str, str] = {}
    for key in _MAY_MATTER:
        value = environment.get(key)
        if isinstance(value, dict):
            for name, inner in value.items():
                if name not in _NOT_OF_THE_HOST:
                    found[f"{key} {name}"] = str(inner)
        elif value is not None:
            found[key] = str(value)
    return found


def differences(
    earlier: Earlier, results: Iterable[ExerciseResult], device: str
) -> Iterator[str]:
    """Yield the checks that end otherwise than they did, a sentence each."""
    now = {result.name: {c.name: c for c in result.checks} for result in results}
    for exercise, checks in earlier.exercises.items():
        for name, before in checks.items():
            after = now.get(exercise, {}).get(name)
            if after is None:
                yield f"{exercise}: {name} was {_verdict(before)}; there is no such check."
            elif earlier.device != device and _only_a_gpu_tells(before, after):
                continue
            elif _outcome(before) != _outcome(after):
                yield (
                    f"{exercise}: {name} was {_verdict(before)}, and is "
                    f"{_verdict(after)} now. {after.message}"
                ).rstrip()


def _only_a_gpu_tells(*checks: CheckResult) -> bool:
    return any(check.reason is Reason.NEEDS_GPU for check in checks)


def _outcome(check: CheckResult) -> tuple[object, ...]:
    return check.status, check.reason, check.points, check.max_points


def _verdict(check: CheckResult) -> str:
    why = f" [{check.reason.value}]" if check.reason else ""
    return f"{check.status.value}{why}, {check.points:g} of {check.max_points:g} points"
