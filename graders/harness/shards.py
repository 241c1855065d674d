"""Grade exercises side by side: each one's checks run by pytest in a process of its own.

A shard is forked from the grading process, so it starts at once and shares the warm fork
server. It is trusted: the learner's code runs only in workers.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.random  # noqa: F401 - NumPy imports it late: here once for all shards
import pytest

import graders
from graders.harness.catalog import Exercise
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Status,
    Submission,
    check_from_dict,
    check_to_dict,
)
from graders.harness.plugin import RESULTS, SESSION, Collected
from graders.harness.report import keep_executed
from graders.harness.session import GradingSession
from graders.harness.supervisor.users import die_with_parent
from graders.harness.time_limit import Deadline, not_graded

Listener = Callable[[str, CheckResult], None]
Finished = Callable[[int, ExerciseResult], None]
_USAGE_EXITS = (2, 3, 4)
# Plugins of pytest's that no check needs, and those that collect garbage: a shard is there
# for half a second, of which pytest's own beginning is the larger part.
_UNUSED = (
    "cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "pastebin",
    "setuponly", "setupplan", "stepwise", "subtests", "terminalprogress",
    "threadexception", "unittest", "unraisableexception",
)  # fmt: skip
_NO_HELPERS = ("__init__", "test_", "tutorial_")


@dataclass
class _Shard:
    """A running shard, seen from the grading process."""

    exercise: Exercise
    submission: Submission
    index: int
    pid: int
    pipe: int
    started: float
    data: bytes = b""
    told: int = 0


def grade_exercises(
    session: GradingSession,
    work: Sequence[tuple[Exercise, Submission]],
    *,
    jobs: int,
    listener: Listener,
    deadline: Deadline | None = None,
    finished: Finished | None = None,
) -> list[ExerciseResult]:
    """
    Grade each exercise and return the results in the order of ``work``.

    Args:
        session: Device, server and seed.

        work: Exercises with what was handed in for each; an exercise may come more than
            once.

        jobs: How many run at once.

        listener: Called with each check's result as it comes.

        deadline: When to start no other exercise and to stop those that run. What checks
            found by then stands; the others are not graded.

        finished: Called with the place in ``work`` and the result of each exercise as it
            is graded.
    """
    deadline = deadline or Deadline()
    _import_helpers(work)
    waiting = list(enumerate(work))
    running: dict[int, _Shard] = {}
    done: dict[int, ExerciseResult] = {}
    selector = selectors.DefaultSelector()
    while (waiting or running) and not deadline.is_over():
        while waiting and len(running) < jobs:
            index, (exercise, submission) = waiting.pop(0)
            shard = _start(session, exercise, submission, index)
            running[shard.pipe] = shard
            selector.register(shard.pipe, selectors.EVENT_READ)
        for key, _ in selector.select(deadline.seconds_left()):
            shard = running[key.fd]
            chunk = os.read(shard.pipe, 1 << 16)
            shard.data += chunk
            _report_lines(shard, listener)
            if not chunk:
                selector.unregister(shard.pipe)
                del running[shard.pipe]
                done[shard.index] = _finish(shard)
                if finished is not None:
                    finished(shard.index, done[shard.index])
    done |= {shard.index: _stop(shard) for shard in running.values()}
    done |= {i: not_graded(exercise, handed_in) for i, (exercise, handed_in) in waiting}
    return [done[index] for index in range(len(work))]


def _stop(shard: _Shard) -> ExerciseResult:
    """End a shard for which there is no time left; its workers end with it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(shard.pid, signal.SIGKILL)
    os.close(shard.pipe)
    os.waitpid(shard.pid, 0)
    found, _ = _found(shard)
    seconds = time.perf_counter() - shard.started
    return not_graded(shard.exercise, shard.submission, found, seconds)


def _import_helpers(work: Sequence[tuple[Exercise, Submission]]) -> None:
    """
    Import what the checks import of their own assignment, once for all shards.

    A shard inherits the modules; importing SciPy alone takes longer than most checks. What
    cannot be imported is left to the shard, which says so.
    """
    own = Path(graders.__file__).parent
    folders = {exercise.grader.parent for exercise, _ in work}
    for folder in sorted(folder for folder in folders if folder.parent == own):
        for path in sorted(folder.glob("*.py")):
            if not path.stem.startswith(_NO_HELPERS):
                with contextlib.suppress(Exception):
                    importlib.import_module(f"graders.{folder.name}.{path.stem}")


def _report_lines(shard: _Shard, listener: Listener) -> None:
    """Pass new checks to the listener, once a whole line is there: figures are long."""
    new, newline, _ = shard.data[shard.told :].rpartition(b"\n")
    shard.told += len(new) + len(newline)
    for line in new.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if "check" in event:
                listener(shard.exercise.name, check_from_dict(event["check"]))


def _start(
    session: GradingSession, exercise: Exercise, submission: Submission, index: int
) -> _Shard:
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            die_with_parent()
            os.close(read)
            _run(session, exercise, submission, write)
            code = 0
        finally:
            os._exit(code)  # a shard must never run the grading process's exit handlers
    os.close(write)
    return _Shard(exercise, submission, index, pid, read, time.perf_counter())


def _run(
    session: GradingSession, exercise: Exercise, submission: Submission, write: int
) -> None:
    """Run one exercise's checks in this forked process and write what they found."""

    def send(event: dict[str, Any]) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:  # a signal may cut a write short
            data = data[os.write(write, data) :]

    log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    # A notebook or a test may have put streams of its own in the place of these.
    sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115, PTH123
    collected = Collected(
        listener=lambda _, result: send({"check": check_to_dict(result)})
    )
    try:
        code = run_checks(session, exercise, submission.path, collected)
        output = collected.outputs.get(exercise.name, "")
        executed = collected.executed.get(exercise.name, b"")
        if session.executed is not None and executed:
            keep_executed(session.executed, exercise.name, executed)
        sys.stdout.flush()
        log.seek(0)
        said = log.read().decode("utf-8", "replace") if code in _USAGE_EXITS else ""
        send({"end": {"output": output, "problem": _problem(said)}})
    except BaseException:  # noqa: BLE001 - reported as the harness's fault
        send({"end": {"output": "", "problem": traceback.format_exc(limit=-3)}})


def run_checks(
    session: GradingSession, exercise: Exercise, path: Path, collected: Collected
) -> int:
    """Run one exercise's grader with pytest in this process; return pytest's exit code."""
    session.module = path
    arguments = [
        str(exercise.grader), "-q", "--no-header", "--tb=short", "--import-mode=importlib",
        "--capture=no",  # the shard's own output is a file already
        *(f"-pno:{name}" for name in _UNUSED), "-p", "graders.harness.plugin",
        "-c", str(_EMPTY_CONFIG), "--rootdir", str(exercise.root),
    ]  # fmt: skip
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    return int(
        pytest.main(arguments, plugins=[_Stash(session, collected, exercise.grader)])
    )


_EMPTY_CONFIG = Path(__file__).with_name("pytest.ini")


class _Stash:
    """Hands session and collector to the plugin, and keeps to the exercise's grader."""

    def __init__(
        self, session: GradingSession, collected: Collected, grader: Path
    ) -> None:
        self._session = session
        self._collected = collected
        self._grader = grader

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self._session
        config.stash[RESULTS] = self._collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Pass over the graders beside the one that is asked for: each reads a rubric."""
        is_other = collection_path.suffix == ".py" and collection_path != self._grader
        return True if is_other else None


def _problem(said: str) -> str:
    lines = [
        line for line in said.splitlines() if line.startswith("E ")
    ] or said.splitlines()
    return " ".join(line.removeprefix("E").strip() for line in lines[-6:])[:800]


def _finish(shard: _Shard) -> ExerciseResult:
    os.close(shard.pipe)
    _, code = os.waitpid(shard.pid, 0)
    found, end = _found(shard)
    problem = end.get("problem") or (
        "" if end else f"its process ended with status {code}"
    )
    return ExerciseResult(
        name=shard.exercise.name,
        title=shard.exercise.rubric.title,
        checks=tuple(
            _check_or_missing(shard.exercise, n, found, problem) for n in _names(shard)
        ),
        seconds=time.perf_counter() - shard.started,
        digest=shard.submission.digest,
        output=end.get("output", ""),
    )


def _found(shard: _Shard) -> tuple[dict[str, CheckResult], dict[str, str]]:
    """Return the results of a shard's checks, and what it said at its end."""
    found: dict[str, CheckResult] = {}
    end: dict[str, str] = {}
    for line in shard.data.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if "check" in event:
                result = check_from_dict(event["check"])
                found[result.name] = result
            end = event.get("end", end)
    return found, end


def _names(shard: _Shard) -> list[str]:
    return list(shard.exercise.rubric.checks)


def _check_or_missing(
    exercise: Exercise, name: str, found: dict[str, CheckResult], problem: str
) -> CheckResult:
    """Return a check's result; one that never ran is the harness's error, never a zero."""
    if name in found:
        return found[name]
    return CheckResult(
        name=name,
        title=name.replace("_", " "),
        status=Status.ERROR,
        reason=Reason.HARNESS,
        points=0.0,
        max_points=exercise.rubric.checks[name].points,
        visibility=exercise.rubric.checks[name].visibility,
        message=f"The check did not run: {problem or 'its grader ended early'}",
        hint="This is the harness's fault, not yours; tell your instructor.",
    )
