"""The stations of a worker's process: one a GPU, shared by runs, closed when idle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graders.harness.classroom import on_worker
from graders.harness.classroom.on_worker import Job, Kind, end_run, grade, introduce
from tests.classroom.conftest import wait_for
from tests.classroom.fake_station import FakeStation

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
