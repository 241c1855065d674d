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
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.random  # noqa: F401 - NumPy imports it late: here once for all shards
import PIL.Image
import pytest

import graders
from graders.harness import plugin
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
from graders.harness.order import HasRoom, always_room, starting_order
from graders.harness.plugin import RESULTS, SESSION, Collected
from graders.harness.report import keep_executed
from graders.harness.session import GradingSession, import_trusted
from graders.harness.supervisor.users import die_with_parent
from graders.harness.time_limit import Deadline, not_graded

Listener = Callable[[str, CheckResult], None]
Finished = Callable[[int, ExerciseResult], None]
_USAGE_EXITS = (2, 3, 4)
# Plugins of pytest's that no check needs, and those that collect garbage: a shard is there
# for half a second, of which pytest's own beginning is the larger part.
_UNUSED = (
    "cacheprovider", "debugging", "doctest", "faulthandler", "junitxml",
    "legacypath", "logging", "pastebin", "recwarn", "setuponly", "setupplan", "stepwise",
    "subtests", "terminalprogress", "threadexception", "unittest", "unraisableexception",
    "warnings",
)  # fmt: skip
# Seconds after which a shard is ended, whatever it is at. A program's calls have limits of
# their own, of minutes; nothing else may keep a class from coming to its end.
_LONGEST = 3600.0
# Seconds after which it is looked again whether the machine has room for one more.
_LOOK_AGAIN = 0.1
# What pytest would import in each shard.
_LATE = ("_pytest._argcomplete", "_pytest.helpconfig", "_pytest.skipping")
_NO_HELPERS = ("__init__", "test_", "tutorial_")


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One exercise of one submission to be graded.

    Attributes:
        session: The grading that it belongs to.

        exercise: What is graded.

        submission: What was handed in for it.

        listener: Called with each check's result as it comes.

        finished: Called with the exercise's result.
    """

    session: GradingSession
    exercise: Exercise
    submission: Submission
    listener: Listener
    finished: Callable[[ExerciseResult], None]


@dataclass
class _Shard:
    """A running shard, seen from the grading process."""

    job: Job
    pid: int
    pipe: int
    started: float
    data: bytes = b""
    told: int = 0


class Pool:
    """
    Runs shards side by side, and starts others while they run.

    Args:
        jobs: How many run at once.

        next_job: Gives the next one that may start now, or None.

        has_room: Says whether the machine has room for one more.
    """

    def __init__(
        self,
        jobs: int,
        next_job: Callable[[], Job | None],
        has_room: HasRoom = always_room,
    ) -> None:
        self._jobs = jobs
        self._next_job = next_job
        self._has_room = has_room
        self._running: dict[int, _Shard] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._running)

    def start_all(self) -> bool:
        """Start what may start; say whether all of that was started."""
        while len(self._running) < self._jobs:
            now = time.perf_counter()
            if not self._has_room([now - s.started for s in self._running.values()]):
                return False
            job = self._next_job()
            if job is None:
                return True
            shard = _start(job)
            self._running[shard.pipe] = shard
            self._selector.register(shard.pipe, selectors.EVENT_READ)
        return True

    def step(self, seconds: float | None = None, also: int | None = None) -> bool:
        """
        Start what may start, wait until something is told, and pass it on.

        Args:
            seconds: How long to wait at most.

            also: A descriptor to wait for as well.

        Returns:
            Whether that descriptor can be read.
        """
        if not self.start_all():
            seconds = _LOOK_AGAIN if seconds is None else min(seconds, _LOOK_AGAIN)
        if also is not None:
            self._selector.register(also, selectors.EVENT_READ)
        try:
            events = self._selector.select(self._until_overdue(seconds))
        finally:
            if also is not None:
                self._selector.unregister(also)
        told = {key.fd for key, _ in events}
        for pipe in told & self._running.keys():
            self._read(self._running[pipe])
        self._end_overdue()
        return also in told

    def _until_overdue(self, seconds: float | None) -> float | None:
        """Return how long to wait at most: until the oldest shard has run for too long."""
        if not self._running:
            return seconds
        oldest = min(shard.started for shard in self._running.values())
        left = max(0.0, oldest + _LONGEST - time.perf_counter())
        return left if seconds is None else min(seconds, left)

    def _end_overdue(self) -> None:
        now = time.perf_counter()
        for pipe, shard in list(self._running.items()):
            if now - shard.started >= _LONGEST:
                self._selector.unregister(pipe)
                del self._running[pipe]
                shard.job.finished(_end(shard))

    def _read(self, shard: _Shard) -> None:
        chunk = os.read(shard.pipe, 1 << 16)
        shard.data += chunk
        _report_lines(shard)
        if not chunk:
            self._selector.unregister(shard.pipe)
            del self._running[shard.pipe]
            shard.job.finished(_finish(shard))

    def stop(self) -> None:
        """End the shards; what their checks found stands, the rest is not graded."""
        shards, self._running = list(self._running.values()), {}
        for shard in shards:
            self._selector.unregister(shard.pipe)
            shard.job.finished(_stop(shard))

    def close(self) -> None:
        """End the shards, of which nobody wants to hear any more."""
        for shard in self._running.values():
            _stop(shard)
        self._running = {}
        self._selector.close()


def grade_exercises(
    session: GradingSession,
    work: Sequence[tuple[Exercise, Submission]],
    *,
    jobs: int,
    listener: Listener,
    deadline: Deadline | None = None,
    finished: Finished | None = None,
    has_room: HasRoom = always_room,
    in_order: bool = False,
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

        has_room: Says whether the machine has room for one more.

        in_order: Whether exercises begin in the order of ``work``.
    """
    deadline = deadline or Deadline()
    import_helpers(exercise for exercise, _ in work)
    done: dict[int, ExerciseResult] = {}
    stopping = False

    def job(index: int, exercise: Exercise, submission: Submission) -> Job:
        def end(result: ExerciseResult) -> None:
            done[index] = result
            if finished is not None and not stopping:
                finished(index, result)

        return Job(
            session=session,
            exercise=exercise,
            submission=submission,
            listener=listener,
            finished=end,
        )

    order: Sequence[int] = range(len(work))
    if not in_order:
        order = starting_order([exercise for exercise, _ in work], session.device)
    waiting = deque(job(place, *work[place]) for place in order)
    pool = Pool(jobs, lambda: waiting.popleft() if waiting else None, has_room)
    while (waiting or pool.running) and not deadline.is_over():
        pool.step(deadline.seconds_left())
    stopping = True
    pool.stop()
    pool.close()
    return [
        done[index] if index in done else not_graded(*item)
        for index, item in enumerate(work)
    ]


def _stop(shard: _Shard) -> ExerciseResult:
    """End a shard for which there is no time left; its workers end with it."""
    _kill(shard)
    found, _ = _found(shard)
    seconds = time.perf_counter() - shard.started
    return not_graded(shard.job.exercise, shard.job.submission, found, seconds)


def import_helpers(exercises: Iterable[Exercise]) -> None:
    """
    Import what the checks import of their own assignment, once for all shards.

    A shard inherits the modules; importing SciPy alone takes longer than most checks. What
    cannot be imported is left to the shard, which says so.
    """
    exercises = list(exercises)
    for name in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    PIL.Image.preinit()
    for path in sorted({exercise.oracles for exercise in exercises}):
        with contextlib.suppress(Exception):
            import_trusted(path)
    own = Path(graders.__file__).parent
    folders = {exercise.grader.parent for exercise in exercises}
    for folder in sorted(folder for folder in folders if folder.parent == own):
        for path in sorted(folder.glob("*.py")):
            if not path.stem.startswith(_NO_HELPERS):
                with contextlib.suppress(Exception):
                    importlib.import_module(f"graders.{folder.name}.{path.stem}")


def _report_lines(shard: _Shard) -> None:
    """Pass new checks to the listener, once a whole line is there: figures are long."""
    new, newline, _ = shard.data[shard.told :].rpartition(b"\n")
    shard.told += len(new) + len(newline)
    for line in new.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if "check" in event:
                result = check_from_dict(event["check"])
                shard.job.listener(shard.job.exercise.name, result)


def _start(job: Job) -> _Shard:
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            die_with_parent()
            os.close(read)
            _run(job.session, job.exercise, job.submission, write)
            code = 0
        finally:
            os._exit(code)  # a shard must never run the grading process's exit handlers
    os.close(write)
    return _Shard(job, pid, read, time.perf_counter())


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
        "--assert=plain",  # checks raise failures; what they assert is a fault of ours
        *(f"-pno:{name}" for name in _UNUSED),
        "-c", str(_EMPTY_CONFIG), "--rootdir", str(exercise.root),
    ]  # fmt: skip
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    # Not "-p NAME": for that pytest reads what every installed package declares.
    stash = _Stash(session, collected, exercise.grader)
    return int(pytest.main(arguments, plugins=[plugin, stash]))


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


def _kill(shard: _Shard) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(shard.pid, signal.SIGKILL)
    os.close(shard.pipe)
    os.waitpid(shard.pid, 0)


def _finish(shard: _Shard) -> ExerciseResult:
    os.close(shard.pipe)
    _, code = os.waitpid(shard.pid, 0)
    found, end = _found(shard)
    problem = end.get("problem") or (
        "" if end else f"its process ended with status {code}"
    )
    return _result(shard, found, end.get("output", ""), problem)


def _end(shard: _Shard) -> ExerciseResult:
    """End a shard that has run for too long; what its checks found stands."""
    _kill(shard)
    found, _ = _found(shard)
    return _result(shard, found, "", f"its grader had gone on for {_LONGEST:g} s")


def _result(
    shard: _Shard, found: dict[str, CheckResult], output: str, problem: str
) -> ExerciseResult:
    exercise = shard.job.exercise
    return ExerciseResult(
        name=exercise.name,
        title=exercise.rubric.title,
        checks=tuple(
            _check_or_missing(exercise, name, found, problem)
            for name in exercise.rubric.checks
        ),
        seconds=time.perf_counter() - shard.started,
        digest=shard.job.submission.digest,
        output=output,
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
