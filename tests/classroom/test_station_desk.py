"""The order of a station's work, and who is blamed: with shards that the tests play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import Catalog
from graders.harness.classroom import desk as desks
from graders.harness.classroom.admission import Admission
from graders.harness.classroom.desk import Desk, Order
from graders.harness.errors import EnvironmentUnavailable, HarnessError, UsageError
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Verdict,
)
from graders.harness.run import Request
from graders.harness.session import GradingSession, owner_of
from graders.harness.shards import Job

TOYS = Catalog(Path(__file__).parents[1] / "harness" / "toys")
BOTH = {"scale.py": b"def scale(): ...", "total.py": b"def total(): ..."}
SCALE = {"scale.py": b"def scale(): ..."}


class Server:
    """A fork server's folder, and what it was told to forget."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.forgotten: list[str] = []

    def forget(self, owner: str) -> None:
        self.forgotten.append(owner)


class Grader:
    """A grader whose server goes down and comes back as a test has it."""

    device = "simulator"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.servers = [Server(folder / "0")]
        self.alive = True
        self.broken = False
        self.seeds: list[str] = []
        self.described = 0

    @property
    def server(self) -> Any:
        return self.servers[-1]

    def is_alive(self) -> bool:
        return self.alive

    def prepare(self, _work: object) -> None: ...

    def revive(self) -> None:
        if self.broken:
            raise EnvironmentUnavailable("no server starts")  # noqa: EM101
        self.servers.append(Server(self._folder / str(len(self.servers))))
        self.alive = True

    def session(self, request: Request) -> GradingSession:
        seed = request.seed or f"seed {len(self.seeds)}"
        self.seeds.append(seed)
        return GradingSession(
            catalog=TOYS, device="simulator", server=self.server, seed=seed,
            submission=Path(),
        )  # fmt: skip

    def facts(self, _session: object) -> dict[str, Any]:
        self.described += 1
        return {"host": "here"}


class Pool:
    """Shards that end when the test says so."""

    def __init__(
        self, jobs: int, next_job: Callable[[], Job | None], has_room: object
    ) -> None:
        self._jobs = jobs
        self._next_job = next_job
        self.at_work: list[Job] = []
        self.started: list[str] = []
        self.last: Job | None = None

    @property
    def running(self) -> int:
        return len(self.at_work)

    def step(self, _seconds: float | None, _also: int | None) -> bool:
        while self.running < self._jobs and (job := self._next_job()) is not None:
            self.at_work.append(job)
            number = _number(job)
            self.started.append(f"{number} {job.exercise.slug}")
        return False

    def close(self) -> None: ...


class Room:
    """A desk, its shards and its answers."""

    def __init__(self, folder: Path, names: Sequence[str], jobs: int) -> None:
        self.grader = Grader(folder)
        self.answers: dict[int, Report | HarnessError] = {}
        self.desk = Desk(
            self.grader,  # type: ignore[arg-type]
            TOYS.select(names),
            named=bool(names),
            jobs=jobs,
            admission=Admission("simulator"),
            answer=self._answered,
        )
        self.pool: Pool = self.desk._pool  # type: ignore[assignment]

    def _answered(self, number: int, answer: Report | HarnessError) -> None:
        assert number not in self.answers
        self.answers[number] = answer

    def take(self, number: int, files: dict[str, bytes] = SCALE, **rest: Any) -> None:
        self.desk.take(Order(number=number, files=files, **rest))
        self.desk.step()

    @property
    def at_work(self) -> list[str]:
        return [f"{_number(j)} {j.exercise.slug}" for j in self.pool.at_work]

    def end(self, what: str = "", reason: Reason | None = None, text: str = "") -> None:
        """Let a shard end, the first or this one, and what may start then start."""
        place = self.at_work.index(what) if what else 0
        job = self.pool.at_work.pop(place)
        assert job.submission.path.read_bytes()
        job.finished(_result(job, reason, text))
        self.desk.step()

    def kill_server(self) -> None:
        self.grader.alive = False

    def report(self, number: int) -> Report:
        found = self.answers[number]
        assert isinstance(found, Report), found
        return found


def _number(job: Job) -> str:
    """Return the order's number: its files lie in a folder of that name."""
    parts = job.submission.path.parts
    return parts[parts.index("handed-in") + 1]


def _result(job: Job, reason: Reason | None, text: str) -> ExerciseResult:
    ours = reason in (Reason.HARNESS, Reason.ENVIRONMENT)
    status = Status.ERROR if ours else Status.FAILED if reason else Status.PASSED
    check = CheckResult(
        name="value", title="It is so.", status=status, reason=reason, message=text,
        points=0.0 if reason else 1.0, max_points=1.0,
    )  # fmt: skip
    return ExerciseResult(
        name=job.exercise.name, title="A toy", checks=(check,), digest="d"
    )


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "Pool", Pool)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path, ["scale"], jobs=2)


def test_first_come_first_served(tmp_path: Path) -> None:
    """Each is answered when its own exercises are done, with a seed of its own."""
    room = Room(tmp_path, ["scale", "total"], jobs=3)
    room.take(1, BOTH)
    room.take(2, BOTH, seed="asked")
    assert room.at_work == ["1 scale", "1 total", "2 scale"]
    room.end("1 total")
    assert room.at_work == ["1 scale", "2 scale", "2 total"]
    room.end("2 total", Reason.WRONG_VALUE)
    room.end("2 scale")
    assert set(room.answers) == {2}
    report = room.report(2)
    assert [e.name for e in report.exercises] == ["toys/scale", "toys/total"]
    assert [e.verdict for e in report.exercises] == [Verdict.PASSED, Verdict.FAILED]
    assert report.environment["seed"] == "asked"
    assert report.environment["host"] == "here"
    assert report.environment["digests"] == {"toys/scale": "d", "toys/total": "d"}
    room.end("1 scale")
    assert room.report(1).environment["seed"] == "seed 0"
    assert room.desk.is_idle


def test_nothing_of_a_submission_is_kept(room: Room) -> None:
    """Its files are removed, and what compilers made for it is forgotten."""
    room.take(1)
    (job,) = room.pool.at_work
    room.end()
    assert room.grader.server.forgotten == [owner_of(job.submission.path)]
    assert list((room.grader.server.folder / "handed-in").iterdir()) == []


def test_alone_nothing_else_runs(room: Room) -> None:
    """Those before it end first, those behind it wait until it is done."""
    room.take(1)
    room.take(2, alone=True)
    room.take(3)
    assert room.at_work == ["1 scale"]
    room.end()
    assert room.at_work == ["2 scale"]
    room.end()
    assert room.at_work == ["3 scale"]
    room.end()
    assert set(room.answers) == {1, 2, 3}


@pytest.mark.parametrize(
    "files",
    [
        {"../scale.py": b""},
        {"/scale.py": b""},
        {"a\0b.py": b""},
        {"scale.py": b"", "scale.py/x.py": b""},
        {"a" * 300 + ".py": b""},
        {"a" * 300 + "/b.py": b""},
        {"a/" * 3000 + "b.py": b""},
        {"\ud800.py": b""},
        {"": b""},
    ],
)
def test_what_leads_out_of_its_folder(room: Room, files: dict[str, bytes]) -> None:
    """It is told as the submission's fault, nothing is left, and others go on."""
    room.take(1, files)
    assert isinstance(room.answers[1], UsageError)
    assert str(room.grader.server.folder) not in str(room.answers[1])
    assert list((room.grader.server.folder / "handed-in").iterdir()) == []
    room.take(2)
    room.end()
    assert room.report(2).score == 1


def test_a_shard_that_ended_early_is_tried_once_more(room: Room) -> None:
    """The second result stands, whatever it is."""
    room.take(1)
    room.end(reason=Reason.HARNESS)
    assert room.at_work == ["1 scale"]
    room.end()
    assert room.report(1).score == 1
    room.take(2)
    room.end(reason=Reason.HARNESS)
    room.end(reason=Reason.HARNESS)
    assert room.report(2).exercises[0].checks[0].reason is Reason.HARNESS


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason.OUT_OF_MEMORY, "it ran out of memory"),
        (Reason.CRASHED, "scale took its process down: it was ended by SIGKILL."),
    ],
)
def test_who_lacked_memory_has_it_all_once(
    room: Room, reason: Reason, text: str
) -> None:
    """Neighbours may have had it: so it is graded again with none."""
    for number in (1, 2, 3):
        room.take(number)
    room.end("1 scale", reason, text)
    assert room.at_work == ["2 scale"]
    room.end("2 scale")
    assert room.at_work == ["1 scale"]
    room.end("1 scale", reason, text)
    assert room.at_work == ["3 scale"]
    assert room.report(1).exercises[0].checks[0].reason is reason


def test_an_ordinary_crash_is_believed(room: Room) -> None:
    room.take(1)
    room.end(reason=Reason.CRASHED, text="ZeroDivisionError")
    assert room.report(1).exercises[0].checks[0].reason is Reason.CRASHED


def test_a_server_that_goes_down_costs_nobody_anything(room: Room) -> None:
    """Who suffered is graded again by itself; who had an answer keeps it."""
    for number in (1, 2, 3):
        room.take(number)
    before = room.pool.at_work[1].submission.path
    room.kill_server()
    room.end("1 scale", Reason.CRASHED, "it ended without a word")
    assert room.at_work == ["2 scale"]  # nothing new on a server that is down
    room.end("2 scale", Reason.HARNESS)
    assert not room.answers
    assert room.at_work == ["1 scale"]
    room.end()
    assert room.at_work == ["2 scale"]
    assert room.pool.at_work[0].submission.path != before  # beside the new server
    assert room.pool.at_work[0].session.server is room.grader.server
    room.end()
    assert room.at_work == ["3 scale"]
    room.end()
    assert [room.report(n).score for n in (1, 2, 3)] == [1, 1, 1]
    assert len(room.grader.servers) == 2


def test_who_ends_it_alone_twice_is_blamed(room: Room) -> None:
    """Once may be somebody else's deed; the others are graded as if nothing was."""
    room.take(1)
    room.take(2)
    room.kill_server()
    room.end("1 scale", Reason.HARNESS)
    room.end("2 scale", Reason.HARNESS)
    for _ in range(2):
        assert room.at_work == ["1 scale"]
        room.kill_server()
        room.end("1 scale", Reason.HARNESS)
    assert room.at_work == ["2 scale"]
    room.end()
    (check,) = room.report(1).exercises[0].checks
    assert (check.status, check.reason) == (Status.FAILED, Reason.CRASHED)
    assert check.message.startswith("The program ended the server")
    assert room.report(2).score == 1
    assert len(room.grader.servers) == 4


def test_what_passed_before_stands(tmp_path: Path) -> None:
    """Only exercises that suffered are graded again, not their whole submission."""
    room = Room(tmp_path, ["scale", "total"], jobs=2)
    room.take(1, BOTH)
    room.end("1 scale")
    room.kill_server()
    room.end("1 total", Reason.CRASHED, "it ended without a word")
    assert room.at_work == ["1 total"]
    room.end()
    assert room.pool.started == ["1 scale", "1 total", "1 total"]
    assert room.report(1).score == 2


def test_a_server_that_is_found_dead(room: Room) -> None:
    """It went down while nothing ran: the next order has another."""
    room.kill_server()
    room.take(1)
    room.end()
    assert room.report(1).score == 1


def test_where_no_server_starts_all_are_told(room: Room) -> None:
    room.take(1)
    room.take(2)
    room.take(3)
    room.kill_server()
    room.grader.broken = True
    room.end(reason=Reason.HARNESS)
    with pytest.raises(EnvironmentUnavailable, match="no server starts"):
        room.end(reason=Reason.HARNESS)
    assert {type(answer) for answer in room.answers.values()} == {
        EnvironmentUnavailable
    }
    assert len(room.answers) == 3


def test_what_is_missing_or_a_stub_is_graded_once(tmp_path: Path) -> None:
    """The next submission has the same result; another program has its own."""
    room = Room(tmp_path, ["scale", "total"], jobs=2)
    stub = TOYS.select(["scale"])[0].stub.read_bytes()
    room.take(1, {"scale.py": stub})
    for reason in (Reason.UNIMPLEMENTED, Reason.IMPORT_FAILED):
        job = room.pool.at_work.pop(0)
        job.finished(_result(job, reason, "as it was given out"))
    room.desk.step()
    assert room.report(1).score == 0
    room.take(2, {"scale.py": stub})
    assert room.report(2).exercises == room.report(1).exercises
    assert room.report(2).environment["seed"] != room.report(1).environment["seed"]
    room.take(3, {"scale.py": stub + b"#"})
    assert room.at_work == ["3 scale"]
    room.take(4, {"scale.py": stub, "numpy.py": b"x"})  # which the stub would import
    assert room.at_work == ["3 scale", "4 scale"]


def test_what_says_nothing_of_the_stub_is_not_kept(room: Room) -> None:
    """A fault of ours is no verdict on those that follow."""
    stub = TOYS.select(["scale"])[0].stub.read_bytes()
    room.take(1, {"scale.py": stub})
    room.end(reason=Reason.ENVIRONMENT)
    room.take(2, {"scale.py": stub})
    assert room.at_work == ["2 scale"]


def test_those_that_are_alike_wait_for_the_first(tmp_path: Path) -> None:
    """Handed in at once they are graded once as well, and what differs runs meanwhile."""
    room = Room(tmp_path, ["scale", "total"], jobs=8)
    stub = TOYS.select(["scale"])[0].stub.read_bytes()
    for number in (1, 2):
        room.take(number, {"scale.py": stub})
    room.take(3, {"scale.py": stub, "total.py": b"def total(): ..."})
    assert room.at_work == ["1 scale", "1 total", "3 total"]
    for reason in (Reason.UNIMPLEMENTED, Reason.IMPORT_FAILED):
        job = room.pool.at_work.pop(0)
        job.finished(_result(job, reason, "as it was given out"))
    assert room.report(2).exercises == room.report(1).exercises
    room.end("3 total")
    assert room.report(3).exercises[0].checks == room.report(1).exercises[0].checks
    assert room.pool.started == ["1 scale", "1 total", "3 total"]
    assert room.desk.is_idle


def test_the_next_one_is_graded_where_the_first_one_told_nothing(
    tmp_path: Path,
) -> None:
    """Those behind it wait for nothing then."""
    room = Room(tmp_path, ["scale"], jobs=8)
    stub = TOYS.select(["scale"])[0].stub.read_bytes()
    for number in (1, 2, 3):
        room.take(number, {"scale.py": stub})
    assert room.at_work == ["1 scale"]
    job = room.pool.at_work.pop(0)
    job.finished(_result(job, Reason.WRONG_VALUE, "the stub is a solution"))
    room.desk.step()
    assert room.at_work == ["2 scale", "3 scale"]


def test_those_that_wait_for_the_first_go_on_after_the_server_went_down(
    tmp_path: Path,
) -> None:
    """What it was at is graded again by itself, and then the others, each once."""
    room = Room(tmp_path, ["scale"], jobs=8)
    stub = TOYS.select(["scale"])[0].stub.read_bytes()
    for number in (1, 2):
        room.take(number, {"scale.py": stub})
    room.kill_server()
    room.end(reason=Reason.CRASHED)
    assert room.at_work == ["1 scale"]
    room.end(reason=Reason.UNIMPLEMENTED)
    assert room.at_work == ["2 scale"]
    room.end(reason=Reason.UNIMPLEMENTED)
    assert sorted(room.answers) == [1, 2]


def test_any_name_will_do_for_the_one_exercise(room: Room) -> None:
    """As for ``grade.py scale --submission alice.py``."""
    room.take(1, {"alice.py": b"def scale(): ..."})
    assert room.pool.at_work[0].submission.path.name == "alice.py"
