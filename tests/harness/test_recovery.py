"""A fork server that is ended: who is to blame is found out, the others are graded."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Status,
    Submission,
    Verdict,
)
from graders.harness.run import Grader, Request, blamed, suffered
from graders.harness.submission import digest
from graders.harness.supervisor import Worker, forkserver

# The sandbox lets no program end the server: this one asks the test to, and waits for it.
ASKS = """
import select


def scale(x, factor):
    open("asks", "w").close()
    select.select([], [], [], 2.0)
    return x * factor
"""
_BLAME = "The program ended the server that runs it, not only itself, twice."


def _end_when_asked(
    grader: Grader, times: int, graded: threading.Event, ended: list[int]
) -> None:
    """End the grader's server as often as a program asks, until all is graded."""
    while len(ended) < times and not graded.wait(0.01):
        server = grader._server
        with contextlib.suppress(FileNotFoundError):  # workers come and go
            asked = any(server._folder.glob("worker-*/work/asks"))
            if asked and server._process.pid not in ended:
                os.kill(server._process.pid, signal.SIGKILL)
                ended.append(server._process.pid)


@contextlib.contextmanager
def ended_when_asked(grader: Grader, times: int) -> Iterator[list[int]]:
    """End the server from outside; give the processes that were ended."""
    graded = threading.Event()
    ended: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(_end_when_asked, grader, times, graded, ended)
        try:
            yield ended
        finally:
            graded.set()
        ending.result()


@pytest.fixture(scope="module")
def grader(toys: Catalog) -> Iterator[Grader]:
    """A grader of its own: others' servers are not to be ended."""
    with Grader("simulator", toys) as own:
        yield own


@pytest.mark.parametrize("times", [1, 2])
def test_the_server_comes_back(
    grader: Grader, toys: Catalog, tmp_path: Path, times: int
) -> None:
    """Who takes it down again has crashed; every other program keeps its points."""
    scale, total = toys.select(["scale"])[0], toys.select(["total"])[0]
    asks = tmp_path / "scale.py"
    asks.write_text(ASKS)
    reference = scale.reference
    work = [(total, _handed_in(total.name, total.reference))]
    work += [(scale, _handed_in(scale.name, p)) for p in (asks, reference, reference)]
    before = grader._server._process.pid
    request = Request(work=work, device="simulator", jobs=4)
    with ended_when_asked(grader, times) as ended:
        first, found, *others = grader.results(request)
    after = grader._server._process.pid
    again = grader.results(Request(work=work[:1], device="simulator"))
    assert grader._server._process.pid == after
    assert len(ended) == times
    assert ended[0] == before
    assert after not in ended
    if times == 1:
        assert found.verdict is Verdict.PASSED, found
    else:
        assert found.verdict is Verdict.FAILED
        assert found.score == 0
        (failed,) = (c for c in found.checks if c.status is Status.FAILED)
        assert failed.reason is Reason.CRASHED
        assert failed.message.startswith(_BLAME)
    for result in (first, *others, *again):
        assert result.verdict is Verdict.PASSED, result


def test_the_machine_is_described_after_a_server_went_down(
    toys: Catalog, tmp_path: Path
) -> None:
    """Who was to tell the facts went down with it; another worker tells them."""
    scale = toys.select(["scale"])[0]
    asks = tmp_path / "scale.py"
    asks.write_text(ASKS)
    work = [(scale, _handed_in(scale.name, asks))]
    with Grader("simulator", toys) as own, ended_when_asked(own, 1) as ended:
        report = own.grade(Request(work=work, device="simulator"))
    assert len(ended) == 1
    assert "problem" not in report.environment
    assert report.environment["layers"]


def test_the_machine_is_described_by_one_worker(
    toys: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is forked beside the programs, and gone with the grading."""
    total = toys.select(["total"])[0]
    with Grader("simulator", toys) as own:
        forked: list[str] = []
        fork = own.server.fork

        def counted(owner: str = "", library_code: str = "") -> Worker:
            forked.append(owner)
            return fork(owner, library_code)

        monkeypatch.setattr(own.server, "fork", counted)
        request = Request(
            work=[(total, _handed_in(total.name, total.reference))], device="simulator"
        )
        assert own.grade(request).environment["layers"]
        assert own.grade(request).verdict is Verdict.PASSED
        assert forked == [""]  # programs' own are forked elsewhere, in shards
        assert not [*own.server._folder.glob("worker-*")]


def _handed_in(exercise: str, path: Path) -> Submission:
    return Submission(exercise=exercise, path=path, digest=digest(path))


def _result(*reasons: Reason | None) -> ExerciseResult:
    """Return a result whose checks have these reasons."""
    states = {
        None: Status.PASSED,
        Reason.HARNESS: Status.ERROR,
        Reason.ENVIRONMENT: Status.ERROR,
        Reason.NEEDS_GPU: Status.SKIPPED,
        Reason.PREREQUISITE: Status.SKIPPED,
    }
    checks = tuple(
        CheckResult(
            name=f"check_{number}",
            title="A check.",
            status=states.get(reason, Status.FAILED),
            reason=reason,
            points=1.0 if reason is None else 0.0,
            max_points=1.0,
            message=f"What was seen: {reason}.",
            hint="Look there.",
        )
        for number, reason in enumerate(reasons)
    )
    return ExerciseResult(name="toys/scale", title="A scaled array", checks=checks)


@pytest.mark.parametrize("reason", [None, *Reason])
def test_what_may_be_due_to_a_server_that_went_down(reason: Reason | None) -> None:
    """A crash, a fault of the harness, or an answer that never came; nothing else."""
    due = {Reason.CRASHED, Reason.HARNESS, Reason.TIMED_OUT}
    assert suffered(_result(reason)) == (reason in due)
    assert suffered(_result(None, reason, Reason.NEEDS_GPU)) == (reason in due)


@pytest.mark.parametrize("reason", [None, *Reason])
def test_who_is_blamed_has_crashed(reason: Reason | None) -> None:
    """What its end explains becomes its failure, in words; all else stays as it was."""
    result = _result(None, reason)
    found = blamed(result)
    assert found.checks[0] == result.checks[0]
    if reason not in (Reason.CRASHED, Reason.HARNESS):
        assert found == result
        return
    check = found.checks[1]
    assert (check.status, check.reason) == (Status.FAILED, Reason.CRASHED)
    assert check.points == 0
    assert check.message.startswith(_BLAME)
    assert "os.kill" in check.hint
    assert (check.name, check.max_points) == ("check_1", 1.0)
    assert found.verdict is Verdict.FAILED


def test_a_server_that_never_starts_is_nobodys_program(
    toys: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a library is missing no program is blamed, and no points are taken."""
    server = tmp_path / "server.py"
    server.write_text("raise SystemExit('libcudart.so.13 was not found')\n")
    monkeypatch.setattr(forkserver, "_SERVER", server)
    (exercise,) = toys.select(["scale"])
    work = [(exercise, Submission(exercise=exercise.name, path=exercise.reference))]
    with (
        Grader("simulator", toys) as grader,
        pytest.raises(EnvironmentUnavailable, match=r"libcudart.*grade\.py doctor"),
    ):
        grader.grade(Request(work=work, device="simulator", jobs=1))
