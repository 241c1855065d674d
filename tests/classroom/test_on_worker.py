"""The stations of a worker's process: one a GPU, shared by runs, closed when idle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graders.harness.classroom import on_worker
from graders.harness.classroom.on_worker import Job, Kind, end_run, grade, introduce
from graders.harness.errors import HarnessError
from tests.classroom.conftest import wait_for
from tests.classroom.fake_station import FakeStation, graded, report_check

GPUS = ["GPU-a", "GPU-b"]
KIND = Kind(device="cuda", names=("sepia_blur",))


class Noted(FakeStation):
    """A fake that says how it was made, and what was sent to it."""

    made: list[Noted] = []  # noqa: RUF012 - emptied for each test

    def __init__(self, device: str, **facts: Any) -> None:
        super().__init__(device, **facts)
        self.facts = facts
        self.sent: list[str] = []
        self.is_closed = False
        self.made.append(self)

    def grade(self, files: Any, **options: Any) -> Any:
        self.sent.append(next(iter(files.values())).decode())
        return super().grade(files, **options)

    def close(self) -> None:
        self.is_closed = True
        super().close()


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(on_worker, "Station", Noted)
    monkeypatch.setattr(on_worker, "visible_gpus", lambda: GPUS)
    monkeypatch.setattr(on_worker, "choose_device", lambda _: ("cuda", ""))
    monkeypatch.setattr(on_worker, "exercises_at_once", lambda _: 32)
    monkeypatch.setattr(on_worker, "_HALL", on_worker._Hall())
    Noted.made.clear()
    yield
    on_worker._HALL.close()


def job(text: str, run: str = "r", **more: Any) -> Job:
    return Job(run=run, kind=KIND, files={"sepia_blur.py": text.encode()}, **more)


def in_thread(wanted: Job) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(grade(wanted)))
    thread.start()
    return thread, found


def test_one_station_a_gpu_and_the_cores_are_shared() -> None:
    said = introduce(KIND)
    assert [station.facts["gpu"] for station in Noted.made] == GPUS
    assert [station.facts["jobs"] for station in Noted.made] == [16, 16]
    assert said.slots == 32
    assert introduce(KIND).slots == 32
    assert len(Noted.made) == 2  # the same ones


def test_work_goes_to_the_station_that_has_less() -> None:
    running = [in_thread(job("slow 0.3"))[0] for _ in range(4)]
    wait_for(lambda: sum(len(station.sent) for station in Noted.made) == 4)
    assert [len(station.sent) for station in Noted.made] == [2, 2]
    for thread in running:
        thread.join()


def test_a_run_that_ends_stops_what_is_its_own() -> None:
    thread, found = in_thread(job("slow 60"))
    wait_for(lambda: Noted.made and Noted.made[0].sent)
    end_run("r")
    thread.join(10)
    assert found[0].report is None
    assert all(station.is_closed for station in Noted.made)
    assert "the run has ended" in grade(job("passed")).unfit
    assert grade(job("passed", run="another")).report is not None


def test_a_run_that_ends_leaves_alone_what_another_uses() -> None:
    thread, found = in_thread(job("slow 0.5", run="another"))
    wait_for(lambda: Noted.made and Noted.made[0].sent)
    end_run("over")
    assert not Noted.made[0].is_closed
    thread.join()
    assert found[0].report["verdict"] == "passed"


def test_stations_that_nobody_uses_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_worker, "_IDLE_SECONDS", 0.05)
    grade(job("passed"))
    wait_for(lambda: all(station.is_closed for station in Noted.made))
    assert grade(job("passed")).report is not None
    assert len(Noted.made) == 4


def test_an_error_that_nobody_thought_of_is_one_submission_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def grade_it(self: object, files: object, **_: object) -> None:
        raise TypeError(str(files)[:9])

    monkeypatch.setattr(Noted, "grade", grade_it)
    assert grade(job("passed")).down.startswith("TypeError")


class FirstGone(Noted):
    """The first GPU disappears after one submission."""

    def grade(self, files: Any, **options: Any) -> Any:
        found = super().grade(files, **options)
        if self.facts["gpu"] == GPUS[0] and len(self.sent) > 1:
            msg = "the GPU is gone"
            raise HarnessError(msg)
        return found


def test_a_gpu_that_disappears_leaves_the_work_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_worker, "Station", FirstGone)
    outcomes = [grade(job("passed")) for _ in range(4)]
    assert all(outcome.report is not None for outcome in outcomes)
    first, second = Noted.made
    assert (len(first.sent), len(second.sent)) == (2, 3)
    assert first.is_closed
    assert not second.is_closed


def test_a_gpu_that_disappears_is_closed_when_its_last_submission_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_worker, "Station", FirstGone)
    slow, found = in_thread(job("slow 0.5"))
    wait_for(lambda: Noted.made and Noted.made[0].sent)
    beside, _ = in_thread(job("slow 0.5"))
    wait_for(lambda: Noted.made[1].sent)
    assert grade(job("passed")).report is not None  # the first one is asked first
    assert not Noted.made[0].is_closed
    slow.join()
    beside.join()
    assert found[0].report is not None
    wait_for(lambda: Noted.made[0].is_closed)


def test_without_a_gpu_that_can_grade_the_worker_is_unfit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_STATION_BROKEN", "unfit")
    assert grade(job("passed")).unfit == "this machine has no GPU any more"
    assert [len(station.sent) for station in Noted.made] == [1, 1]


def test_a_stub_tells_which_gpu_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says that a GPU is gone: all it grades ends in errors of ours."""

    class Failing(Noted):
        def grade(self, files: Any, **options: Any) -> Any:
            if self.facts["gpu"] == GPUS[0]:
                return graded(self.device, report_check("error"))
            return super().grade(files, **options)

    monkeypatch.setattr(on_worker, "Station", Failing)
    report = grade(job("passed", alone=True)).report
    assert report is not None
    assert report["verdict"] == "passed"
    assert Noted.made[0].is_closed
