"""What a watch does about saves and faults, with files, jobs and keys that are made up."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.errors import WorkerCrashed
from graders.harness.models import (
    CheckResult,
    Report,
    Status,
)
from graders.harness.watching.inbox import Checked, Graded
from tests.harness.played_watch import APPLY, SCALE, TOTAL, Terminal, Watch, make


@pytest.fixture
def one(toys: Catalog, tmp_path: Path) -> Watch:
    """A watch of a single exercise, whose first verdict is there."""
    watch = make(toys, tmp_path, ["scale"])
    watch.end()
    return watch


@pytest.fixture
def three(toys: Catalog, tmp_path: Path) -> Watch:
    """A watch of all toys, unnamed, whose first verdict is there."""
    watch = make(toys, tmp_path)
    watch.end()
    return watch


# ------------------------------------------------------------------------- the start


def test_named_exercises_are_graded_once(toys: Catalog, tmp_path: Path) -> None:
    """All of them at once, then their list and the first that does not pass."""
    watch = make(toys, tmp_path, ["toys"])
    assert watch.jobs.started == [[SCALE, TOTAL, APPLY]]
    said = watch.end(SCALE)
    assert watch.session.current == TOTAL
    assert "1 of 3 exercises passed" in said
    assert "toys/total A toy 1 of 4 points values" not in said
    assert said.count("It is 2. Expected is 3.") == 1
    assert len(watch.jobs.started) == 1


def test_without_a_name_the_list_comes_first(toys: Catalog, tmp_path: Path) -> None:
    """Then only the first exercise is graded that is not done."""
    watch = make(toys, tmp_path)
    assert "> toys/scale not begun 0 of 6 toys/total not begun 0 of 2" in watch.said()
    assert watch.jobs.started == [[SCALE]]


def test_what_passed_before_is_remembered(toys: Catalog, tmp_path: Path) -> None:
    """The next watch in the folder begins with what does not pass yet."""
    reference = toys.root / "reference"
    before = make(toys, tmp_path, submission=reference)
    before.end(SCALE)
    again = make(toys, tmp_path, submission=reference)
    assert "toys/scale passed 4 of 6 > toys/total not graded yet ? of 2" in again.said()
    assert again.jobs.started == [[TOTAL]]


def test_verdict_of_another_file_is_none(toys: Catalog, tmp_path: Path) -> None:
    """A file that was saved since the last watch has not been graded."""
    before = make(toys, tmp_path, submission=toys.root / "reference")
    before.end(SCALE)
    other = make(toys, tmp_path)  # the stubs
    assert other.session.current == SCALE
    assert "> toys/scale not begun" in other.said()


def test_exercises_without_a_file_are_passed_over(
    toys: Catalog, tmp_path: Path
) -> None:
    """Neither the start nor ``n`` goes to an exercise of which there is no file."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "total.py").write_text("def total(numbers):\n    return 1\n")
    watch = make(toys, tmp_path, submission=folder)
    assert (
        "toys/scale no file ? of 6 > toys/total not graded yet ? of 2" in watch.said()
    )
    assert "Well done! All exercises that are watched here pass. 2 more" in watch.end(
        TOTAL
    )
    watch.press("n")
    assert watch.jobs.started == [[TOTAL]]


# -------------------------------------------------------------------------- the saves


def test_only_the_saved_exercise_is_graded(three: Watch) -> None:
    """And it becomes the one that is worked at."""
    three.save(TOTAL)
    assert three.jobs.started == [[SCALE], [TOTAL]]
    said = three.end()
    assert "toys/total A toy 1 of 4 points" in said
    assert "toys/scale" not in said
    assert three.session.current == TOTAL


def test_nothing_saved_grades_nothing(one: Watch) -> None:
    one.session.look()
    one.session.tick()
    assert one.jobs.started == [[SCALE]]


def test_saves_while_grading_are_one_job(one: Watch) -> None:
    """However many saves: the job is stopped, its result dropped, and one comes after."""
    for _ in range(4):
        one.save(SCALE)
    assert one.jobs.started == [[SCALE]] * 2
    assert one.jobs.stopped == 3
    assert "points" not in one.end(SCALE)  # this was of an earlier save
    assert one.jobs.started == [[SCALE]] * 3
    assert "1 of 4 points" in one.end()
    assert len(one.jobs.started) == 3


def test_result_of_an_older_job_is_not_shown(one: Watch) -> None:
    one.save(SCALE)
    assert "points" not in one.end(job=1)
    assert "1 of 4 points" in one.end(job=2)


def test_other_exercises_of_a_stopped_job_come_later(
    toys: Catalog, tmp_path: Path
) -> None:
    """A save during the first grading comes first; the rest is not forgotten."""
    watch = make(toys, tmp_path, ["toys"])
    watch.save(TOTAL)
    watch.end()
    assert watch.jobs.started[1:] == [[TOTAL]]
    assert "toys/total A toy 1 of 4" in watch.end()
    assert watch.jobs.started[2:] == [[SCALE, APPLY]]
    assert "points" not in watch.end()  # not what is worked at
    watch.press("a")
    assert "toys/apply failed 1 of 2" in watch.said()


def test_file_beside(three: Watch) -> None:
    """One that programs import: those are graded of which a verdict is shown."""
    three.save(users=(SCALE, TOTAL))
    assert three.jobs.started == [[SCALE], [SCALE]]
    three.end()
    three.save(users=(TOTAL,))
    assert len(three.jobs.started) == 2


def test_time_of_the_save_and_age(one: Watch) -> None:
    """The last line says when the file was saved and how old the verdict is."""
    one.save(SCALE)
    one.now[0] += 1
    assert re.search(
        r"scale saved at \d\d:\d\d:\d\d\. This verdict is 0 s old\.$", one.end()
    )
    for seconds, text in [(12, "12 s"), (60, "1 min"), (7_200, "2 h 1 min")]:
        one.now[0] += seconds
        one.session.tick()
        assert f"This verdict is {text} old." in one.said()


def test_progress_is_shown(one: Watch) -> None:
    one.save(SCALE)
    assert one.said().endswith("Grading toys/scale: 0 of 3 checks ...")
    result = CheckResult(
        name="values", title="", status=Status.PASSED, points=1, max_points=1
    )
    one.session.handle(Checked(2, SCALE, result))
    assert one.said().endswith("Grading toys/scale: 1 of 3 checks ...")
    one.session.handle(Checked(1, SCALE, result))  # of a job that was stopped
    assert one.said() == ""


# ------------------------------------------------------------------------- what fails


def test_fault_of_the_harness_does_not_end_it(one: Watch) -> None:
    """It is shown as ours, and the next save is graded."""
    one.save(SCALE)
    said = one.end(error=WorkerCrashed("the fork server is gone."))
    assert "not your program's fault: the fork server is gone. No points" in said
    one.save(SCALE)
    one.said()
    assert "not your program's fault" not in one.end(SCALE)


def test_surprise_of_the_harness_is_named(one: Watch) -> None:
    one.save(SCALE)
    assert "KeyError('x')" in one.end(error=KeyError("x"))


def test_notes_that_cannot_be_written(one: Watch, tmp_path: Path) -> None:
    """That is said below the verdict, and nothing else changes."""
    (tmp_path / ".grade.json").write_text("{")
    one.save(SCALE)
    said = one.end()
    assert "1 of 4 points" in said
    assert ".grade.json is not JSON any more" in said
    one.press("h")
    assert "Hint 1 of 2" in one.said()


# --------------------------------------------------------------------- where lines stay


def test_without_a_terminal_lines_stay(toys: Catalog, tmp_path: Path) -> None:
    """No cursor is moved; a save is said, a verdict's age is not."""
    out = io.StringIO()
    watch = make(toys, tmp_path, ["scale"], out=out)
    watch.end()
    watch.save(SCALE)
    assert re.fullmatch(r"Saved at [\d:]{8}: toys/scale\.", watch.said())
    watch.session.handle(Graded(2, Report(device="", exercises=(), environment={})))
    watch.session.tick()
    watch.save(SCALE)
    watch.end(SCALE)
    assert "\x1b" not in out.getvalue()
    assert "\r" not in out.getvalue()
    assert "old" not in out.getvalue()


def test_without_keys_none_are_named(toys: Catalog, tmp_path: Path) -> None:
    """What comes next is said by its name."""
    watch = make(toys, tmp_path, out=io.StringIO(), keys=False)
    said = watch.end(SCALE)
    assert "Well done, toys/scale passes! Next is toys/total." in said
    assert "hint" not in said


def test_pages_are_scrolled_away_not_wiped(
    toys: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there is pushed up into what one can scroll back to."""
    monkeypatch.setenv("LINES", "25")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    watch = make(toys, tmp_path, ["scale"], out=out)
    watch.end()
    watch.save(SCALE)
    watch.said()
    watch.session.handle(Graded(2, Report(device="", exercises=(), environment={})))
    assert f";1H{chr(10) * 25}\x1b[H" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b[3J" not in out.getvalue()
