"""Where and when reports are written, and a grading that must end in time."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from graders.harness import cli
from graders.harness.catalog import Catalog
from graders.harness.errors import UsageError
from graders.harness.models import Report, Status, Submission
from graders.harness.report import WRITERS, Targets, repository_files, write_whole
from graders.harness.report.tally import is_pending
from graders.harness.run import Grader, Request
from graders.harness.time_limit import Deadline, margin, not_graded
from tests.harness.played_reports import BROKEN, MIXED
from tests.harness.test_report_platforms import VARIABLES

HANGS = "def scale(image, factor):\n    while True:\n        pass\n"  # for 5 s
RIGHT = "def total(numbers):\n    return sum(numbers)\n"


def targets(*wanted: tuple[str, Path]) -> Targets:
    return Targets(wanted, WRITERS, {"demo/double": "work/double.py"}, VARIABLES)


# ------------------------------------------------------------------------ files


def test_streams_come_last_and_autolab_after_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = Path("/dev/stdout")
    several = targets(("autolab", out), ("csv", tmp_path / "a.csv"), ("github", out))
    assert several.write_files(MIXED) == []
    assert capfd.readouterr().out == ""
    print("the terminal's report")  # noqa: T201
    assert several.write_streams(MIXED) == []
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "the terminal's report"
    assert lines[1].startswith("::error file=work/double.py,line=3,")
    assert json.loads(lines[-1])["scores"] == {"double": 3.5, "half": 2}
    assert (tmp_path / "a.csv").read_text().startswith("assignment,")


def test_only_its_own_writer_sees_what_a_format_needs(tmp_path: Path) -> None:
    plain = Report(device="cuda", exercises=MIXED.exercises, environment={})
    both = targets(("json", tmp_path / "a.json"), ("classroom50", tmp_path / "b.json"))
    assert both.write_files(plain) == []
    assert json.loads((tmp_path / "a.json").read_text())["environment"] == {}
    assert json.loads((tmp_path / "b.json").read_text())["owner"] == "someone"


def test_an_unknown_identity_stops_before_the_grading(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CLASSROOM, ASSIGNMENT, OWNER"):
        Targets([("classroom50", tmp_path / "a.json")], WRITERS, {}, {})


def test_what_cannot_be_said_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    """The other formats are written; of an ungraded report no zero is left behind."""
    both = targets(("coursera", tmp_path / "a.json"), ("csv", tmp_path / "b.csv"))
    (problem,) = both.write_files(BROKEN)
    assert "The grader itself failed at 1 checks. Coursera has no word" in problem
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


def test_a_full_disk_keeps_the_report_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it grades nothing is said of it; at the end it is."""
    path = tmp_path / "results.json"
    one = targets(("gradescope", path))
    one.follow(MIXED)
    before = path.read_bytes()

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    one.follow(BROKEN)
    (problem,) = one.write_files(BROKEN)
    assert "No space left on device" in problem
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_standard_output_goes_on_where_it_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    number = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    os.write(number, b"before ")
    write_whole(Path(f"/dev/fd/{number}"), "after \ud800")
    os.close(number)
    assert (tmp_path / "out").read_text() == "before after ?"
    with pytest.raises(UsageError, match="cannot be written"):
        targets(("json", Path(f"/proc/self/fd/{number}")))


def test_annotated_files_are_those_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "repository" / "work" / "a.py"
    inside.parent.mkdir(parents=True)
    inside.touch()
    outside = tmp_path / "b.py"
    outside.touch()
    paths = {"a/inside": inside, "a/outside": outside, "a/gone": inside.with_name("c")}
    workspace = {"GITHUB_WORKSPACE": str(tmp_path / "repository")}
    assert repository_files(paths, workspace) == {"a/inside": "work/a.py"}
    monkeypatch.chdir(inside.parent)
    assert repository_files(paths, {}) == {"a/inside": "a.py"}


def test_a_zips_files_are_none_of_the_repository(
    toys: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is opened into a temporary folder, of which no annotation may tell."""
    monkeypatch.setattr(cli, "Catalog", lambda: toys)
    monkeypatch.setattr(cli, "Grader", lambda *_: nullcontext(toy_grader))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        archive.writestr("scale.py", "def scale(image, factor):\n    pass\n")
    path = tmp_path / "annotations"
    handed_in = ["--submission", str(tmp_path / "work.zip"), "scale"]
    options = ["--device", "simulator", "--report", f"github:{path}"]
    assert cli.main([*handed_in, *options]) == 1
    errors = path.read_text().splitlines()[:-1]
    assert errors
    assert all(line.startswith("::error title=toys/scale") for line in errors)


# --------------------------------------------------------------------- in time


@pytest.mark.parametrize(
    ("limit", "kept"), [(1, 0.5), (6, 3), (20, 3), (60, 6), (600, 30), (3600, 30)]
)
def test_some_of_the_limit_is_kept_for_the_end(limit: float, kept: float) -> None:
    assert margin(limit) == kept


def test_a_deadline() -> None:
    assert Deadline().seconds_left() is None
    assert not Deadline().is_over()
    past = Deadline(10, started=time.monotonic() - 7.5)
    assert past.is_over()
    assert past.seconds_left() == 0
    left = Deadline(10).seconds_left()
    assert left is not None
    assert 6 < left <= 7


def test_what_was_not_reached_says_so(toys: Catalog) -> None:
    """With its title and its points; what was found by then stands."""
    (scale,) = toys.select(["scale"])
    handed_in = Submission(exercise=scale.name, path=Path("scale.py"), digest="d")
    found = {"values": MIXED.exercises[1].checks[0]}
    result = not_graded(scale, handed_in, found, 1.5)
    values, later, faster = result.checks
    assert values is found["values"]
    assert (later.status, later.max_points) == (Status.ERROR, 1)
    assert later.title == "The array is the same after the call as before."
    assert is_pending(later)
    assert is_pending(faster)
    assert (result.digest, result.seconds, result.not_run_points) == ("d", 1.5, 3)


class OverAfter(Deadline):
    """A deadline that passes when so many reports have been followed."""

    def __init__(self, reports: list[Report], most: int) -> None:
        super().__init__()
        self._reports = reports
        self._most = most
        self.passed = 0.0

    def seconds_left(self) -> float:
        if len(self._reports) < self._most:
            return 0.05
        self.passed = self.passed or time.monotonic()
        return 0.0


Cut = tuple[float, Report, list[Report]]


@pytest.fixture(scope="module")
def cut_short(
    toys: Catalog, toy_grader: Grader, tmp_path_factory: pytest.TempPathFactory
) -> Cut:
    """
    A grading in which one program takes all the time; another was graded meanwhile.

    How many seconds it took to end, its report, and the reports on the way.
    """
    folder = tmp_path_factory.mktemp("cut-short")
    (folder / "scale.py").write_text(HANGS)
    (folder / "total.py").write_text(RIGHT)
    work = [
        (e, Submission(exercise=e.name, path=folder / f"{e.slug}.py"))
        for e in toys.select(["scale", "total", "apply"])
    ]
    followed: list[Report] = []
    deadline = OverAfter(followed, 2)
    request = Request(work=work, device="simulator", jobs=2, deadline=deadline)
    toy_grader._facts = None
    report = toy_grader.grade(request, None, followed.append)
    return time.monotonic() - deadline.passed, report, followed


def test_a_grading_ends_in_time_with_what_it_has(cut_short: Cut) -> None:
    seconds, report, _ = cut_short
    assert seconds < 3.0  # what is kept for that
    scale, total, apply = report.exercises
    assert total.score == 2
    for unreached in (scale, apply):
        assert all(map(is_pending, unreached.checks))
        assert unreached.not_run_points == unreached.max_score
        assert unreached.verdict == "ungraded"
    assert report.environment["layers"] == []  # there was no time to ask
    assert cli.exit_code(report) == cli.ExitCode.HARNESS_FAILED


def test_after_each_exercise_there_is_a_report(cut_short: Cut) -> None:
    """From the beginning on, so that a platform's own limit loses nothing."""
    _, report, followed = cut_short
    assert [r.score for r in followed] == [0, 2]
    assert [len(r.exercises) for r in followed] == [3, 3]
    assert all(is_pending(c) for e in followed[0].exercises for c in e.checks)
    shown = [json.loads(WRITERS["gradescope"](r)) for r in [*followed, report]]
    for data in shown:
        late = [t for t in data["tests"] if t["output"].startswith("Not graded yet")]
        assert len(late) == (5 if data is shown[0] else 4)
        assert all(t.get("score", 0) == 0 for t in late)
    assert not any("score" in test for test in shown[0]["tests"])  # no zero as yet
    assert sum(test.get("score", 0) for test in shown[1]["tests"]) == 2


def test_the_command_says_what_the_time_limit_left_out(
    toys: Catalog,
    toy_grader: Grader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No time at all: no verdict is made up, reports are there, the exit code is 3."""
    monkeypatch.setattr(cli, "Catalog", lambda: toys)
    monkeypatch.setattr(cli, "Grader", lambda *_: nullcontext(toy_grader))
    path = tmp_path / "results.json"
    reports = [f"gradescope:{path}", f"coursera:{tmp_path / 'feedback.json'}"]
    options = [f"--report={report}" for report in reports]
    arguments = [*options, "--device", "simulator", "--exit-zero"]
    assert cli.main([*arguments, "--time-limit", "0.000001"]) == 3
    said = capsys.readouterr()
    assert "The time limit of 1e-06 s was reached: 3 of 3 exercises" in said.out
    assert "Coursera has no word for that" in said.err
    assert "10 points were not graded: the time ran out." in path.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]
    assert "score" not in json.loads(path.read_text())


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_limit_is_a_number_of_seconds(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([f"--time-limit={value}"]) == 4
    assert "must be a number of seconds above 0" in capsys.readouterr().err


def test_watching_has_no_time_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--watch", "--time-limit", "60"]) == 4
    assert "leave out --report, --exit-zero and --time-limit" in capsys.readouterr().err
