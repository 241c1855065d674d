"""Reports go where they are told to, whole or not at all; the results are shown anyway."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graders.harness import cli
from graders.harness.catalog import ROOT, Catalog
from graders.harness.errors import HarnessError
from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import files, write_whole

TOYS = ROOT / "tests" / "harness" / "toys"
CHECK = CheckResult(
    name="values", title="It works.", status=Status.PASSED, points=1.0, max_points=1.0
)
REPORT = Report(
    device="simulator",
    exercises=(ExerciseResult(name="toys/scale", title="A toy", checks=(CHECK,)),),
    environment={"seed": "0"},
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def graded() -> list[str]:
    """What was graded."""
    return []


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    graded: list[str],
) -> Run:
    """A function that runs the command line with a grader that passes everything."""

    def grade(*_: Any) -> Report:
        graded.append("all")
        return REPORT

    @contextlib.contextmanager
    def grader(*_: Any) -> Iterator[Any]:
        yield SimpleNamespace(grade=grade)

    monkeypatch.setattr(cli, "Catalog", lambda: Catalog(TOYS))
    monkeypatch.setattr(cli, "Grader", grader)

    def by_targets(*targets: Path) -> tuple[int, str, str]:
        options = [f"--report=json:{path}" for path in targets]
        code = cli.main(["scale", "--device", "simulator", *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return by_targets


def test_folders_are_made(run: Run, tmp_path: Path) -> None:
    """A folder that is missing is made, with those above it."""
    target = tmp_path / "a" / "b" / "report.json"
    assert run(target)[0] == 0
    assert json.loads(target.read_text())["score"] == 1
    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_folder_is_no_file(run: Run, tmp_path: Path, graded: list[str]) -> None:
    """A folder in the file's place is said before anything is graded."""
    code, _, err = run(tmp_path)
    assert (code, graded) == (4, [])
    assert err == f"grade.py: --report: {tmp_path} is a folder. Name a file.\n"


@pytest.mark.parametrize("place", ["/proc/report.json", "/proc/1/none/report.json"])
def test_a_place_that_takes_no_files(place: str, run: Run, graded: list[str]) -> None:
    """Where not even root can write, that is said before anything is graded."""
    code, _, err = run(Path(place))
    assert (code, graded) == (4, [])
    assert err.startswith(f"grade.py: --report: {place} cannot be written: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_may_not_be_written(
    run: Run, tmp_path: Path, graded: list[str]
) -> None:
    """A folder without the right to write is said before anything is graded."""
    tmp_path.chmod(0o555)
    code, _, err = run(tmp_path / "report.json")
    tmp_path.chmod(0o755)
    assert (code, graded) == (4, [])
    assert "cannot be written: Permission denied." in err


def test_a_full_device(run: Run) -> None:
    """Where it turns out too late, results are shown, the reason is said, the code is 3."""
    code, out, err = run(Path("/dev/full"))
    assert code == 3
    assert "Passed: 1 of 1 points" in out
    assert "the report /dev/full could not be written: No space left on device." in err
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode), "no file may take its place"


def test_devices_stay_devices(run: Run) -> None:
    """A device is written to, and not replaced."""
    assert run(Path("/dev/null"))[0] == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_descriptor_is_a_target(run: Run) -> None:
    """The report can go to a descriptor that is open, as standard output is."""
    read, write = os.pipe()
    assert run(Path(f"/dev/fd/{write}"))[0] == 0
    os.close(write)
    with os.fdopen(read) as pipe:
        assert json.load(pipe)["score"] == 1


def test_a_pipe_gets_the_report(run: Run, tmp_path: Path) -> None:
    """The reader of a named pipe gets all of the report, once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_text()))
    reader.start()
    assert run(pipe)[0] == 0
    reader.join(10)
    assert json.loads(texts[0])["score"] == 1
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(run: Run, tmp_path: Path) -> None:
    """What a link leads to is replaced, not the link."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    for _ in range(2):
        assert run(link)[0] == 0
        assert link.is_symlink()
        assert json.loads(target.read_text())["score"] == 1


def _no_room(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_older_report_survives(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no room the older report stays, and no half one beside it."""
    target = tmp_path / "report.json"
    target.write_text("older")
    monkeypatch.setattr(files.os, "fsync", _no_room)
    code, out, err = run(target)
    assert code == 3
    assert "Passed: 1 of 1 points" in out
    assert f"the report {target} could not be written: No space left on device." in err
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_one_bad_target_does_not_spoil_another(run: Run, tmp_path: Path) -> None:
    """Every report that can be written is."""
    targets = [Path("/dev/full"), tmp_path / "a.json", Path("/dev/full")]
    code, _, err = run(*targets)
    assert code == 3
    assert json.loads(targets[1].read_text())["score"] == 1
    assert err.count("could not be written") == 2


def test_a_report_is_written_though_nobody_reads_the_table(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output that is closed or full costs the table alone."""

    def broken(*_: Any) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(cli, "print_report", broken)
    code, _, err = run(tmp_path / "report.json")
    assert code == 3
    assert err == "grade.py: Broken pipe. No points are affected.\n"
    assert json.loads((tmp_path / "report.json").read_text())["score"] == 1


def test_a_fault_of_ours_is_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else goes wrong in the harness, the exit code is not the learner's."""

    def broken(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(cli, "print_report", broken)
    code, _, err = run()
    assert code == 3
    assert "AssertionError" in err


def test_a_writer_that_is_killed_leaves_a_whole_report(tmp_path: Path) -> None:
    """kill -9 at any moment: the file is one report or the other, never half of one."""
    target = tmp_path / "report.json"
    texts = [letter * 2**20 for letter in "ab"]
    write_whole(target, texts[0])
    draw = random.Random(1)
    for _ in range(12):
        pid = os.fork()
        if pid == 0:
            while True:
                for text in texts:
                    write_whole(target, text)
        time.sleep(draw.uniform(0.005, 0.03))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert target.read_text() in texts
    write_whole(target, texts[1])
    assert target.read_text() == texts[1]


def test_a_folder_that_goes_meanwhile(tmp_path: Path) -> None:
    """A file where the folder was is said in words."""
    (tmp_path / "gone").write_text("")
    with pytest.raises(HarnessError, match="could not be written: File exists"):
        write_whole(tmp_path / "gone" / "report.json", "{}")
