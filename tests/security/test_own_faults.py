"""Faults of our own: whatever ends the harness's processes, nothing is left behind.

The grader, its fork server, its workers and its shards are killed at moments drawn from a
seed. No process and no folder stays, no report is half written, and the next grading says
what an undisturbed one says. A full disk is nobody's failure.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT, Catalog
from graders.harness.run import Grader, Request
from graders.harness.submission import locate

TOYS = ROOT / "tests" / "harness" / "toys"
SEED = "00112233445566778899aabbccddeeff"
_SUBREAPER = 36
# The toys' references, slow enough to be met at work.
PROGRAMS = {
    "scale": """
import select

def scale(image, factor):
    select.select([], [], [], 0.3)
    return image * factor
""",
    "total": """
import select

def total(numbers):
    select.select([], [], [], 0.3)
    return sum(numbers)
""",
    "apply": """
import select

def apply(function, a, b):
    select.select([], [], [], 0.3)
    return function(a, b)
""",
}
# ``grade.py`` over the toys, with a disk that is full or takes no file at all.
GRADE = f"""
import resource, sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from graders.harness import cli
from graders.harness.catalog import Catalog
trouble, folder = sys.argv.pop(1), tempfile.gettempdir()
if trouble == "no files":
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
if trouble == "full":
    with open(folder + "/filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(512))
        except OSError:
            pass
cli.Catalog = lambda: Catalog(Path({str(TOYS)!r}))
sys.exit(cli.main())
"""


# ------------------------------------------------------------------------ who is there


def processes() -> dict[int, tuple[int, int]]:
    """Return every living process's parent and session."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "stat").read_text().rpartition(")")[2].split()
                if words[0] not in "ZX":
                    found[int(folder.name)] = (int(words[1]), int(words[3]))
    return found


def below(pid: int) -> set[int]:
    """Return a process's living descendants."""
    table = processes()
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = {p for p, (above, _) in table.items() if above == parent} - found
        found |= children
        waiting += children
    return found


def servers(pid: int) -> list[int]:
    """Return a grader's fork servers: its children that lead a session."""
    table = processes().items()
    return [p for p, (above, session) in table if above == pid and session == p]


def shards(pid: int) -> list[int]:
    """Return a grader's shards: its other children."""
    table = processes().items()
    return [p for p, (above, session) in table if above == pid and session != p]


def workers(pid: int) -> list[int]:
    """Return the workers below a grader's fork servers."""
    return [p for server in servers(pid) for p in below(server)]


def first(find: Callable[[], list[int]], ended: threading.Event) -> list[int]:
    """Wait until a grader has a process of a kind; return all of that kind."""
    until = time.monotonic() + 60
    while not (found := find()):
        assert not ended.is_set(), "the grading ended, and no such process was met"
        assert time.monotonic() < until, "no such process in 60 seconds"
        time.sleep(0.005)
    return found


@pytest.fixture(scope="module", autouse=True)
def adopting() -> Iterator[None]:
    """Descendants whose parents end become this process's children and stay in sight."""
    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    yield
    libc.prctl(_SUBREAPER, 0, 0, 0, 0)


@contextlib.contextmanager
def leaving_nothing() -> Iterator[Path]:
    """Give a temporary folder; in the end it is empty, and no process is left."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    folder.chmod(0o711)  # workers that have users of their own pass through
    before = below(os.getpid())
    yield folder
    until = time.monotonic() + 10
    while True:
        running = below(os.getpid()) - before
        files = sorted(path.name for path in folder.iterdir())
        if not (running or files) or time.monotonic() > until:
            break
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    assert not running, f"still running: {running}"
    assert not files, f"left behind: {files}"


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder for graders, which leave nothing in it."""
    with leaving_nothing() as folder:
        yield folder


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the slow programs."""
    folder = tmp_path_factory.mktemp("handed-in")
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text)
    return folder


# -------------------------------------------------------------- in a process of its own


def start(
    place: Path, programs: Path, report: Path, *, trouble: str = ""
) -> subprocess.Popen[str]:
    """Start a grading with a temporary folder of its own."""
    command = [
        sys.executable, "-c", GRADE, trouble, "--submission", str(programs),
        "--device", "simulator", "--seed", SEED, "--jobs", "2",
        "--report", f"json:{report}",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def timeless(data: Any) -> Any:
    """Return a report without times."""
    if isinstance(data, dict):
        return {k: timeless(v) for k, v in data.items() if k != "seconds"}
    return [timeless(item) for item in data] if isinstance(data, list) else data


def kill_at(
    find: Callable[[int], list[int]] | None,
    grader: subprocess.Popen[str],
    draw: random.Random,
) -> None:
    """Kill a grader some time after it has a process of a kind."""
    try:
        if find is not None:
            first(lambda: find(grader.pid), threading.Event())
        time.sleep(draw.uniform(0, 0.4))
        assert grader.poll() is None, "the grading ended before it was to be killed"
    finally:
        grader.kill()
        grader.communicate()


def test_a_killed_grader_leaves_nothing(
    place: Path, programs: Path, tmp_path: Path, undisturbed: Any
) -> None:
    """kill -9, early and late: no process, no folder, no half report; and once more."""
    report = tmp_path / "report.json"
    report.write_text("an older report")
    kinds = (None, servers, workers)
    with ThreadPoolExecutor(len(kinds)) as pool:
        killers = [
            pool.submit(
                kill_at, find, start(place, programs, report), random.Random(number)
            )
            for number, find in enumerate(kinds)
        ]
    for killer in killers:
        killer.result()
    assert report.read_text() == "an older report"
    assert list(tmp_path.iterdir()) == [report]
    again = start(place, programs, report)
    _, said = again.communicate()
    assert (again.returncode, said) == (0, "")
    data = timeless(json.loads(report.read_text()))
    assert data == undisturbed


def test_a_disk_that_takes_no_file(place: Path, programs: Path, tmp_path: Path) -> None:
    """Where no file can be written nothing is graded, and nobody is blamed."""
    report = tmp_path / "report.json"
    grader = start(place, programs, report, trouble="no files")
    out, err = grader.communicate()
    assert grader.returncode == 3, err
    assert "Ungraded: 0 of 10 points" in out
    assert f"the report {report} could not be written: File too large" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_full_temporary_folder(place: Path, programs: Path, tmp_path: Path) -> None:
    """With a full temporary folder the report still says so, and blames nobody."""
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=711", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        disk.rmdir()
        pytest.skip("root alone can mount a small disk")
    report = tmp_path / "report.json"
    try:
        grader = start(disk, programs, report, trouble="full")
        out, err = grader.communicate()
        (disk / "filler").unlink()
        left = list(disk.iterdir())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()
    assert grader.returncode == 3, (out, err)
    assert "No space left on device" in out
    assert not left
    for exercise in json.loads(report.read_text())["exercises"]:
        for check in exercise["checks"]:
            assert check["reason"] in ("environment", "harness", "needs_gpu"), check


# ----------------------------------------------------------------- with a warm grader


@dataclass
class Warm:
    """A warm grader of the toys, and its temporary folder."""

    grader: Grader
    place: Path

    def grade(self, programs: Path) -> Any:
        """Grade with the seed; return the report, without times."""
        work = locate(programs, Catalog(TOYS).select(()), named=False)
        request = Request(work=work, device="simulator", seed=SEED, jobs=2)
        return timeless(json.loads(json.dumps(self.grader.grade(request).to_dict())))

    @property
    def server(self) -> int:
        """The process that is the grader's fork server now."""
        return self.grader._server._process.pid

    def servers(self) -> list[int]:
        """Return the grader's fork server, and no other grader's."""
        return [self.server]

    def workers(self) -> list[int]:
        """Return the workers below its fork server."""
        return list(below(self.server))

    def disturbed(
        self, programs: Path, find: Callable[[], list[int]], draw: random.Random
    ) -> tuple[Any, int]:
        """Grade while a process of a kind is killed; return the report and the process."""
        graded = threading.Event()

        def kill() -> int:
            first(self.workers, graded)  # before that nothing is under way
            first(find, graded)
            time.sleep(draw.uniform(0, 0.2))  # less than what one call takes
            while True:
                killed = draw.choice(first(find, graded))
                assert not graded.is_set(), "the grading ended before the kill"
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed, signal.SIGKILL)
                    return killed

        with ThreadPoolExecutor(1) as pool:
            killing = pool.submit(kill)
            try:
                report = self.grade(programs)
            finally:
                graded.set()
            return report, killing.result()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """A warm grader, which leaves nothing when it closes."""
    tmp_path_factory.getbasetemp()  # pytest's own folder is to lie elsewhere
    with leaving_nothing() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        with Grader("simulator", Catalog(TOYS)) as grader:
            yield Warm(grader, folder)


@pytest.fixture(scope="module")
def undisturbed(warm: Warm, programs: Path) -> Any:
    """What a grading says that nothing happens to."""
    report = warm.grade(programs)
    assert report["score"] == 8
    return report


@pytest.fixture
def kinds(warm: Warm) -> dict[str, Callable[[], list[int]]]:
    """How to find the warm grader's processes of each kind, and nobody else's."""
    children = set(shards(os.getpid()))
    return {
        "server": warm.servers,
        "shard": lambda: sorted(set(shards(os.getpid())) - children),
        "worker": warm.workers,
    }


# What may then be said of the exercise that it was at work for.
KILLED = {
    "server": set(),
    "shard": {"harness"},
    "worker": {"crashed", "harness", "prerequisite"},
}


@pytest.mark.parametrize(
    ("name", "seed"),
    [("server", 1), ("shard", 1), ("worker", 1)],
)
def test_a_killed_process_spoils_one_exercise_at_most(
    name: str,
    seed: int,
    warm: Warm,
    programs: Path,
    undisturbed: Any,
    kinds: dict[str, Callable[[], list[int]]],
) -> None:
    """kill -9 of the server is mended, of a shard or worker said; then all is well."""
    allowed = KILLED[name]
    server = warm.server
    report, killed = warm.disturbed(programs, kinds[name], random.Random(seed))
    assert killed not in processes()
    assert (killed == server) == (name == "server")
    assert (warm.server != server) == (name == "server")
    wanted = undisturbed["exercises"]
    both = zip(report["exercises"], wanted, strict=True)
    changed = [found for found, was in both if found != was]
    assert len(changed) == (1 if allowed else 0), changed
    for check in (c for e in changed for c in e["checks"]):
        assert check["reason"] in {None, "needs_gpu", *allowed}, check
    assert warm.grade(programs) == undisturbed
    assert len(list(warm.place.iterdir())) == 1
    assert not warm.workers()


def test_a_shard_killed_over_a_program_that_hangs(
    warm: Warm, tmp_path: Path, kinds: dict[str, Callable[[], list[int]]]
) -> None:
    """The program that hangs ends as well, though nobody waits for it any more."""
    text = """
import select

def {0}(*args):
    open("started", "w")
    select.select([], [], [])
"""
    for name in PROGRAMS:
        (tmp_path / f"{name}.py").write_text(text.format(name))

    def at_work() -> list[int]:
        return kinds["shard"]() if list(warm.place.rglob("started")) else []

    report, killed = warm.disturbed(tmp_path, at_work, random.Random(3))
    assert killed not in processes()
    reasons = {c["reason"] for e in report["exercises"] for c in e["checks"]}
    assert "harness" in reasons
    assert reasons <= {"harness", "timed_out", "needs_gpu", "prerequisite"}
    until = time.monotonic() + 5
    while left := warm.workers():
        assert time.monotonic() < until, f"workers that nobody waits for: {left}"
        time.sleep(0.05)
