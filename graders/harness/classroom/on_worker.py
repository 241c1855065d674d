"""What runs in a Dask worker: a warm station for each GPU, and gradings sent to them.

A Dask worker is a process with threads, so nothing is forked in it: stations start
processes of their own. They are made at their first use, shared by all runs that ask for
the same, and end with the worker, or when nobody has used them for a while.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.harness.catalog import ROOT, Catalog
from graders.harness.classroom import doubts
from graders.harness.classroom.admission import exercises_at_once
from graders.harness.classroom.station import Station, StationDown, visible_gpus
from graders.harness.errors import HarnessError, UsageError
from graders.harness.session import choose_device, judging_digests

# What a warm station keeps of a machine is given back after so many seconds without work:
# a run that was killed can tell nobody that it is over.
_IDLE_SECONDS = 120.0
# For each of several GPUs: what keeps one busy while another exercise compiles.
_LEAST_JOBS = 4


@dataclass(frozen=True, kw_only=True)
class Kind:
    """
    What stations a run asks for.

    Attributes:
        device: ``"cuda"`` or ``"simulator"``.

        names: Of exercises, as ``grade.py`` takes them.

        jobs: Exercises at once in each station; 0 for what suits the machine.

        required: Layers of the sandbox without which nothing is graded.

        root: The repository, or an empty string for the worker's own.
    """

    device: str
    names: tuple[str, ...] = ()
    jobs: int = 0
    required: tuple[str, ...] = ()
    root: str = ""

    def catalog(self) -> Catalog:
        """Return the assignments."""
        return Catalog(Path(self.root) if self.root else ROOT)


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One submission to grade.

    Attributes:
        run: Whose it is: a name that no other run has.

        alone: Whether nothing else may be graded in the station meanwhile.
    """

    run: str
    kind: Kind
    files: Mapping[str, bytes]
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of a job.

    Attributes:
        report: The JSON report, whole; None where there is none.

        page: The learner's page.

        unreadable: Why it cannot be graded as it was handed in, or an empty string.

        down: Why the station ended while it was in flight, or an empty string.

        unfit: Why this worker can grade nothing, whatever is sent to it, or an empty
            string.

        seconds: How long the grading took.

        where: The worker's host.
    """

    report: Mapping[str, Any] | None = None
    page: str = ""
    unreadable: str = ""
    down: str = ""
    unfit: str = ""
    seconds: float = 0.0
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """
    What a worker says of itself.

    Attributes:
        judged_by: Digests of its engine and of each assignment's checks.

        problem: Why it cannot grade, or an empty string.

        slots: How many submissions it is worth giving it at once.
    """

    host: str
    judged_by: Mapping[str, str]
    problem: str = ""
    slots: int = 1


def introduce(kind: Kind) -> Introduction:
    """Return what this process can do for a run."""
    host = socket.gethostname()
    judged_by = judging_digests(kind.catalog())
    try:
        choose_device(kind.device)
        slots = _HALL.slots(kind)
    except HarnessError as err:
        return Introduction(host=host, judged_by=judged_by, problem=str(err))
    return Introduction(host=host, judged_by=judged_by, slots=slots)


def grade(job: Job) -> Outcome:
    """Grade a submission in this process's stations; nothing is raised."""
    started = time.perf_counter()
    try:
        found = _graded_anywhere(job)
    except HarnessError as err:
        found = {"unfit": str(err)}
    seconds = time.perf_counter() - started
    return Outcome(**{"seconds": seconds, **found}, where=socket.gethostname())


def _graded_anywhere(job: Job) -> dict[str, Any]:
    """Grade on one GPU after the other, as long as one can grade nothing at all."""
    while True:
        with _HALL.lent(job) as station:
            found = _graded(station, job)
        if "unfit" not in found or not _HALL.can_spare(job.kind, station):
            return found


def _graded(station: Station, job: Job) -> dict[str, Any]:
    found: dict[str, Any]
    try:
        graded = station.grade(job.files, alone=job.alone)
    except UsageError as err:
        return {"unreadable": str(err)}
    except StationDown as err:
        found = {"down": str(err)}
    except HarnessError as err:
        return {"unfit": str(err)}
    except Exception as err:  # noqa: BLE001 - one submission must not end the others
        found = {"down": f"{type(err).__name__}: {err}"}
    else:
        found = {
            "report": graded.report,
            "page": graded.page,
            "seconds": graded.seconds,
        }
        if not doubts.is_all_ours(graded.report):
            return found
    # It was alone: so either it is to blame, or this machine, which a stub tells.
    problem = _machine_problem(station, job.kind) if job.alone else ""
    return {"unfit": problem} if problem else found


def _machine_problem(station: Station, kind: Kind) -> str:
    """Return why this machine cannot even grade a stub, or an empty string."""
    stub = kind.catalog().select(kind.names)[0].stub
    if not stub.is_file():
        return ""
    try:
        graded = station.grade({stub.name: stub.read_bytes()}, alone=True)
    except HarnessError as err:
        return str(err)
    if not doubts.is_all_ours(graded.report):
        return ""
    said = [check["message"] for check in doubts.checks_of(graded.report)]
    return f"not even a stub can be graded: {said[0]}"


def end_run(run: str) -> None:
    """Have what this run has in flight stopped, unless others use the same stations."""
    _HALL.end_run(run)


@dataclass
class _Place:
    """A station, and the runs of those that use it now."""

    station: Station
    users: list[str] = field(default_factory=list)


class _Hall:
    """The stations of this process."""

    def __init__(self) -> None:
        self._places: dict[Kind, list[_Place]] = {}
        self._busy = threading.Lock()
        self._ended: set[str] = set()
        self._timer: threading.Timer | None = None

    def slots(self, kind: Kind) -> int:
        """Return how many submissions the stations of a kind take at once."""
        with self._busy:
            return sum(place.station.slots for place in self._of(kind))

    def _of(self, kind: Kind) -> list[_Place]:
        if kind not in self._places:
            self._close_idle()  # of another run that is over
            gpus = (visible_gpus() if kind.device == "cuda" else []) or [""]
            jobs = kind.jobs or _share_of_cores(kind.device, len(gpus))
            self._places[kind] = [_Place(_station(kind, gpu, jobs)) for gpu in gpus]
        return self._places[kind]

    @contextlib.contextmanager
    def lent(self, job: Job) -> Iterator[Station]:
        """Lend the station that has the least to do."""
        with self._busy:
            if job.run in self._ended:
                msg = "the run has ended"
                raise HarnessError(msg)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            place = min(self._of(job.kind), key=lambda place: len(place.users))
            place.users.append(job.run)
        try:
            yield place.station
        finally:
            with self._busy:
                place.users.remove(job.run)
                is_used = place in self._places.get(job.kind, ())
                self._close_later()
            if not is_used and not place.users:
                _close([place])  # of a GPU that was given up

    def can_spare(self, kind: Kind, station: Station) -> bool:
        """Use a station no more that can grade nothing, if there is another one."""
        with self._busy:
            places = self._places.get(kind, [])
            others = [place for place in places if place.station is not station]
            if others and len(others) < len(places):
                # Whoever is graded there comes to an end first.
                self._places[kind] = others
                _close([p for p in places if p not in others and not p.users])
            return bool(others)

    def _close_later(self) -> None:
        if any(place.users for places in self._places.values() for place in places):
            return
        self._timer = threading.Timer(_IDLE_SECONDS, self.close_idle)
        self._timer.daemon = True
        self._timer.start()

    def close_idle(self) -> None:
        """Close the stations that nobody uses now."""
        with self._busy:
            self._close_idle()

    def _close_idle(self) -> None:
        for kind, places in list(self._places.items()):
            if not any(place.users for place in places):
                del self._places[kind]
                _close(places)

    def end_run(self, run: str) -> None:
        """Take no more of a run's jobs, and close the stations that no other run uses."""
        with self._busy:
            self._ended.add(run)
            for kind, places in list(self._places.items()):
                if {user for place in places for user in place.users} <= {run}:
                    del self._places[kind]
                    _close(places)

    def close(self) -> None:
        """Close all stations: the process ends."""
        with self._busy:
            if self._timer is not None:
                self._timer.cancel()
            for places in self._places.values():
                _close(places)
            self._places.clear()


def _share_of_cores(device: str, stations: int) -> int:
    """Return how many exercises each of several stations runs: they share the cores."""
    if stations == 1:
        return 0  # what suits the machine
    return max(_LEAST_JOBS, exercises_at_once(device) // stations)


def _station(kind: Kind, gpu: str, jobs: int) -> Station:
    return Station(
        kind.device,
        names=kind.names,
        gpu=gpu,
        jobs=jobs,
        required=kind.required,
        root=kind.catalog().root,
    )


def _close(places: list[_Place]) -> None:
    for place in places:
        with contextlib.suppress(HarnessError, OSError):
            place.station.close()


_HALL = _Hall()
atexit.register(_HALL.close)
