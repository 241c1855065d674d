"""The pool of shards takes work while it runs, as the machine has room."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import pytest

from graders.harness import shards
from graders.harness.catalog import Catalog
from graders.harness.models import ExerciseResult, Submission
from graders.harness.session import GradingSession
from graders.harness.shards import Job, Pool, _Shard

TOYS = Catalog(Path(__file__).parents[1] / "harness" / "toys")
(SCALE,) = TOYS.select(["scale"])


class Played:
    """Shards that do nothing until they are let go; what they found stays empty."""

    def __init__(self) -> None:
        self.let_go: dict[str, int] = {}
        self.done: list[str] = []
        self.waiting: deque[Job] = deque()
        self.session = GradingSession(
            catalog=TOYS, device="simulator", server=None,  # type: ignore[arg-type]
            seed="", submission=Path(),
        )  # fmt: skip

    def add(self, name: str) -> None:
        def finished(result: ExerciseResult) -> None:
            assert len(result.checks) == len(SCALE.rubric.checks)
            self.done.append(name)

        self.waiting.append(
            Job(
                session=self.session,
                exercise=SCALE,
                submission=Submission(exercise=SCALE.name, path=Path(name)),
                listener=lambda _name, _result: None,
                finished=finished,
            )
        )

    def next_job(self) -> Job | None:
        return self.waiting.popleft() if self.waiting else None

    def start(self, job: Job) -> _Shard:
        until, go = os.pipe()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os.read(until, 1)
            os._exit(0)
        os.close(until)
        os.close(write)
        self.let_go[str(job.submission.path)] = go
        return _Shard(job, pid, read, time.perf_counter())


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setattr(shards, "_start", made.start)
    return made


def _go(played: Played, pool: Pool, name: str) -> None:
    go = played.let_go.pop(name)
    os.write(go, b"x")  # shards that began later hold it open as well
    os.close(go)
    while name not in played.done:
        pool.step(1.0)


def test_work_that_comes_while_others_run(played: Played) -> None:
    """A free place is taken by what came meanwhile; more than so many never run."""
    pool = Pool(2, played.next_job)
    played.add("one")
    pool.step(0)
    assert pool.running == 1
    for name in ("two", "three"):
        played.add(name)
    pool.step(0)
    assert pool.running == 2
    _go(played, pool, "two")
    pool.step(0)
    assert set(played.let_go) == {"one", "three"}
    _go(played, pool, "three")
    _go(played, pool, "one")
    assert pool.running == 0
    pool.close()


def test_it_waits_for_room(played: Played) -> None:
    """It looks again by itself, also while nothing ends."""
    looked: list[Sequence[float]] = []

    def has_room(ages: Sequence[float]) -> bool:
        looked.append(ages)
        return not ages or len(looked) > 5

    pool = Pool(8, played.next_job, has_room)
    for name in ("one", "two"):
        played.add(name)
    started = time.monotonic()
    while pool.running < 2:
        pool.step(2.0)  # each would last as long, were it not looked again
    assert looked[0] == []
    assert all(len(ages) == 1 and 0 <= ages[0] < 5 for ages in looked[1:5])
    assert 0.3 <= time.monotonic() - started < 8.0
    for name in ("one", "two"):
        _go(played, pool, name)
    pool.close()


def test_another_descriptor_wakes_it(played: Played) -> None:
    """What comes in from a station is seen at once, whatever runs."""
    pool = Pool(1, played.next_job)
    played.add("one")
    read, write = os.pipe()
    assert pool.step(0, read) is False
    os.write(write, b"x")
    assert pool.step(5, read) is True
    os.close(write)
    os.close(read)
    _go(played, pool, "one")
    pool.close()


def test_closing_ends_the_shards(played: Played) -> None:
    """Nobody is told of them any more; stopping tells what was found."""
    pool = Pool(2, played.next_job)
    played.add("one")
    pool.step(0)
    pool.stop()
    assert played.done == ["one"]
    played.add("two")
    pool.step(0)
    pool.close()
    assert played.done == ["one"]
    for go in played.let_go.values():
        os.close(go)
