"""Jobs in the background: they end when they are told to, and the next one is right."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.models import Verdict
from graders.harness.run import Grader, Request
from graders.harness.submission import locate
from graders.harness.watching.background import Background, Work
from graders.harness.watching.inbox import Checked, Event, Graded

ENDLESS = "while True:\n    pass\n"


class Running:
    """A background grader of the toys, and what it tells."""

    def __init__(self, grader: Grader) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.jobs = Background(grader, self._request, self._events.put)
        self.checked: list[str] = []

    def _request(self, work: Work) -> Request:
        return Request(work=work, device="simulator", jobs=1)

    def graded(self, job: int, seconds: float = 60) -> Graded:
        while not isinstance(event := self._events.get(timeout=seconds), Graded):
            assert isinstance(event, Checked)
            self.checked.append(event.result.name)
        assert event.job == job
        return event


@pytest.fixture
def running(toy_grader: Grader) -> Iterator[Running]:
    background = Running(toy_grader)
    yield background
    background.jobs.close()


@pytest.fixture
def endless(toys: Catalog, tmp_path: Path) -> Work:
    """Programs of all three toys, of which each would take seconds to be given up."""
    for slug in ("scale", "total", "apply"):
        (tmp_path / f"{slug}.py").write_text(ENDLESS)
    return locate(tmp_path, toys.select(()), named=False)


def test_job(running: Running, toys: Catalog) -> None:
    """Its checks are told as they come, then the report."""
    work = locate(toys.root / "reference", toys.select(["scale"]), named=True)
    running.jobs.start(1, work)
    found = running.graded(1)
    assert found.error is None
    assert found.report is not None
    assert found.report.verdict is Verdict.PASSED
    assert running.checked == ["values", "later", "faster"]


def test_stopped_job_ends_soon(running: Running, toys: Catalog, endless: Work) -> None:
    """With all its exercises, those included that it had not begun; the next is whole."""
    work = locate(toys.root / "reference", toys.select(()), named=False)
    running.jobs.start(1, work)  # so that the server is there
    running.graded(1)
    for number in (2, 4):
        running.jobs.start(number, endless)
        time.sleep(0.3)
        started = time.monotonic()
        running.jobs.stop()
        running.jobs.stop()
        running.graded(number)
        assert time.monotonic() - started < 3  # each of them is given 2 to 5 s
        running.jobs.start(number + 1, work)
        found = running.graded(number + 1)
        assert found.report is not None
        assert found.report.score == 8


def test_stop_without_a_job(running: Running, toys: Catalog) -> None:
    """It does nothing to the next one."""
    running.jobs.stop()
    work = locate(toys.root / "reference", toys.select(["total"]), named=True)
    running.jobs.start(1, work)
    found = running.graded(1)
    assert found.report is not None
    assert found.report.score == 2
    running.jobs.stop()
    running.jobs.start(2, work)
    again = running.graded(2)
    assert again.report is not None
    assert again.report.score == 2


def test_close_does_not_wait(toys: Catalog, endless: Work) -> None:
    """Nor for a server that has yet to import its packages."""
    with Grader("simulator", toys) as new:
        background = Running(new)
        background.jobs.start(1, endless)
        started = time.monotonic()
        background.jobs.close()
        assert time.monotonic() - started < 6


def test_error_of_the_harness_is_told(running: Running, toys: Catalog) -> None:
    """It comes in the place of a report, and the next job is graded."""
    work = locate(toys.root / "reference", toys.select(["total"]), named=True)
    running.jobs.start(1, [(toys, work[0][1])])  # type: ignore[list-item]
    found = running.graded(1)
    assert found.report is None
    assert isinstance(found.error, AttributeError)
    running.jobs.start(2, work)
    assert running.graded(2).report is not None
