"""Stations with real processes, over the toys: several at once, killed, closed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT, Catalog
from graders.harness.classroom.station import Graded, Station, StationDown
from graders.harness.errors import EnvironmentUnavailable, HarnessError, UsageError
from graders.harness.models import Report
from graders.harness.report.json_report import without_figures
from graders.harness.run import Grader, Request
from graders.harness.submission import locate
from tests.security.remains import children, descendants

TOYS = Path(__file__).parents[1] / "harness" / "toys"
RIGHT = b"def scale(image, factor):\n    return image * factor\n"
WRONG = b"def scale(image, factor):\n    return image + factor\n"
TOTAL = b"def total(values):\n    return float(sum(values))\n"
# It says that it runs, in its own scratch folder, and goes on until it is stopped.
HANGS = b"""
import select

def scale(image, factor):
    open("runs", "w").close()
    select.select([], [], [])
"""
_SECONDS = 60.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the stations' temporary folders lie; at the end nothing is there."""
    folder = tmp_path_factory.mktemp("stations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder
    _wait(lambda: not list(folder.iterdir()))


@pytest.fixture(scope="module")
def station(place: Path) -> Iterator[Station]:
    with Station("simulator", root=TOYS, jobs=3) as opened:
        yield opened
        pid = opened.pid
    assert not _is_there(pid)


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


def _is_there(pid: int) -> bool:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def _servers(station: Station) -> list[int]:
    """Return the fork server of a station: the only child with a session of its own."""
    return [p for p in children(station.pid) if os.getsid(p) == p]


def _verdicts(graded: Graded) -> dict[str, Any]:
    return {e["name"]: e["verdict"] for e in graded.report["exercises"]}


def _alike(report: dict[str, Any]) -> dict[str, Any]:
    """Return what two gradings of the same inputs have in common."""
    report = {k: v for k, v in report.items() if k != "environment"}
    report = json.loads(json.dumps(report))
    checks = [c for e in report["exercises"] for c in e["checks"]]
    for part in (report, *report["exercises"], *checks):
        part.pop("seconds")
    return report


def test_several_at_once(station: Station) -> None:
    """Each has its own result, its own seed, a page, and the machine's facts."""
    files = [{"scale.py": RIGHT}, {"toys/scale.py": WRONG, "total.py": TOTAL}] * 4
    with ThreadPoolExecutor(len(files)) as pool:
        found = list(pool.map(station.grade, files))
    for graded, handed_in in zip(found, files, strict=True):
        verdicts = _verdicts(graded)
        assert verdicts["toys/scale"] == (
            "passed" if handed_in.get("scale.py") == RIGHT else "failed"
        )
        assert verdicts["toys/total"] == (
            "passed" if "total.py" in handed_in else "failed"
        )
        assert graded.seconds > 0
        assert graded.report["environment"]["host"]["cores"] > 0
        assert graded.report["environment"]["layers"]
        assert "<html" in graded.page
        assert "A scaled array" in graded.page
    assert len({g.report["environment"]["seed"] for g in found}) == len(files)


def test_an_earlier_grading_again(station: Station) -> None:
    """The same seed draws the same inputs: the same words come out, figures and all."""
    first = station.grade({"scale.py": WRONG})
    again, other = (
        station.grade({"scale.py": WRONG}, seed=seed)
        for seed in (first.report["environment"]["seed"], "")
    )
    assert _alike(again.report) == _alike(first.report)
    assert _alike(other.report) != _alike(first.report)
    assert all(
        "figures" not in check["details"]
        for exercise in first.report["exercises"]
        for check in exercise["checks"]
    )


def test_it_is_graded_as_a_folder_is(station: Station, tmp_path: Path) -> None:
    """Also where modules are missing or stubs, at the first time and at later ones."""
    toys = Catalog(TOYS)
    (tmp_path / "handed_in").mkdir()
    folder = tmp_path / "handed_in"
    files = {"apply.py": toys.select(["apply"])[0].stub.read_bytes(), "total.py": TOTAL}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    work = locate(folder, toys.select(()), named=False)
    with Grader("simulator", toys) as grader:
        report: Report = grader.grade(
            Request(work=work, device="simulator", seed="1", figures=True)
        )
    expected = _alike(without_figures(report.to_dict()))
    for _ in range(2):
        found = station.grade(files, seed="1", alone=True)
        assert found.report["environment"]["digests"] == report.environment["digests"]
        assert _alike(found.report) == expected


def test_what_cannot_be_graded_is_said(station: Station) -> None:
    """It is the submission's fault, without a path of ours in it."""
    with pytest.raises(UsageError, match="no path within a submission"):
        station.grade({"../scale.py": RIGHT})
    pid = station.pid
    assert _verdicts(station.grade({"scale.py": RIGHT}))["toys/scale"] == "passed"
    assert station.pid == pid


def test_a_fork_server_that_is_killed(station: Station) -> None:
    """All that were in flight are graded all the same, by another server."""
    station.grade({})
    before = _servers(station)
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(station.grade, {"scale.py": RIGHT}) for _ in range(6)]
        _wait(lambda: len(children(station.pid)) > 1)
        os.kill(before[0], signal.SIGKILL)
        found = [one.result() for one in running]
    assert {_verdicts(graded)["toys/scale"] for graded in found} == {"passed"}
    assert _servers(station) != before


def _hanging(place: Path) -> Callable[[], bool]:
    return lambda: bool(list(place.rglob("work/runs")))


def test_a_station_that_is_killed(place: Path) -> None:
    """Whoever waits for it is told; nothing of it is left; the next call starts another."""
    with Station("simulator", root=TOYS, names=["scale"], jobs=2) as station:
        with ThreadPoolExecutor(3) as pool:
            waiting = [
                pool.submit(station.grade, {"scale.py": HANGS}) for _ in range(3)
            ]
            _wait(_hanging(place))
            all_of_it = [station.pid, *descendants(station.pid)]
            assert len(all_of_it) > 3
            os.kill(station.pid, signal.SIGKILL)
            for one in waiting:
                with pytest.raises(StationDown, match="signal 9"):
                    one.result(_SECONDS)
        _wait(lambda: not any(map(_is_there, all_of_it)))
        _wait(lambda: not _hanging(place)())
        found = station.grade({"scale.py": RIGHT})
        assert _verdicts(found) == {"toys/scale": "passed"}
        assert station.pid not in all_of_it


def test_closing_ends_what_is_in_flight(place: Path) -> None:
    """Whoever waits is told, and no other grading begins."""
    station = Station("simulator", root=TOYS, names=["scale"], jobs=1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(station.grade, {"scale.py": HANGS})
        _wait(_hanging(place))
        all_of_it = [station.pid, *descendants(station.pid)]
        started = time.monotonic()
        station.close()
        with pytest.raises(StationDown):
            waiting.result(_SECONDS)
    assert time.monotonic() - started < 15
    _wait(lambda: not any(map(_is_there, all_of_it)))
    assert not _hanging(place)()
    with pytest.raises(HarnessError, match="closed"):
        station.grade({"scale.py": RIGHT})
    station.close()


CLASS = """
import sys
from pathlib import Path
from graders.harness.classroom.station import Station
station = Station("simulator", root=Path(sys.argv[1]), names=["scale"], jobs=1)
station.grade({"scale.py": sys.argv[2].encode()})
"""


def test_it_ends_with_the_process_that_uses_it(place: Path) -> None:
    """Also where that is killed in the middle of a grading."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CLASS), str(TOYS), HANGS.decode()],
        cwd=ROOT,
    ) as user:
        _wait(_hanging(place))
        all_of_it = list(descendants(user.pid))
        assert len(all_of_it) >= 4  # the process, a shard, the server, a worker
        user.kill()
    _wait(lambda: not any(map(_is_there, all_of_it)))
    _wait(lambda: not _hanging(place)())


def test_a_machine_that_cannot_grade_says_so(place: Path) -> None:
    """That is no submission's fault, and no crash."""
    with (
        Station("simulator", root=TOYS, required=["no such layer"]) as station,
        pytest.raises(EnvironmentUnavailable, match="1 of 1 layers do not hold"),
    ):
        station.grade({"scale.py": RIGHT})


def test_threads_do_not_wait_for_one_another_to_hand_in(station: Station) -> None:
    """A large submission is read while others are graded."""
    large = {"scale.py": RIGHT, "notes.py": b"#" * 3_000_000}
    done: list[Graded] = []
    threads = [
        threading.Thread(target=lambda: done.append(station.grade(large)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_SECONDS)
    assert [_verdicts(graded)["toys/scale"] for graded in done] == ["passed"] * 3
