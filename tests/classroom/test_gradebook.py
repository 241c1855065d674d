"""The gradebook's tables: what platforms import, and what nobody gets by mistake."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path

import pytest

from graders.harness.classroom.entries import Classroom, Member, Result, State
from graders.harness.classroom.gradebook import write_gradebook
from graders.harness.classroom.intake import read_class
from graders.harness.classroom.rows import read_row
from graders.harness.errors import HarnessError
from tests.classroom.played_class import entry, large_class, result
from tests.classroom.small_gradebook import (
    ADA,
    BOB,
    FAILED,
    GRADED_ON_A_GPU,
    everything,
    one,
    table,
    written,
)
from tests.harness.played_reports import (
    ALL_PASSED,
    BROKEN,
    MIXED,
    PASSED,
    PENDING,
    check,
    exercise,
    report,
)

FILES = {
    "index.html", "gradebook.csv", "canvas.csv", "moodle.csv", "nbgrader.csv",
    "gradebook.parquet",
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The gradebook of :func:`everything`, and what was said of it."""
    folder = tmp_path_factory.mktemp("class")
    classroom, results = everything()
    return folder, write_gradebook(folder, classroom, results, title="Sheet 3")


# ------------------------------------------------------------------------ our own table


def test_every_member_has_a_row_and_only_true_numbers(
    whole: tuple[Path, list[str]],
) -> None:
    """Also each of a group's; who has no score has an empty one, never a zero."""
    rows = {row["id"]: row for row in table(whole[0] / "gradebook.csv")}
    assert {i: (row["key"], row["state"], row["score"]) for i, row in rows.items()} == {
        "0": ("passed", "graded", "3"),
        "1": ("failed", "graded", "1.5"),
        "2": ("ungraded", "graded", ""),
        "3": ("unreadable", "unreadable", ""),
        "4": ("set_aside", "set_aside", ""),
        "5": ("pending", "not_graded_yet", ""),
        "101": ("pair", "graded", "3"),
        "102": ("pair", "graded", "3"),
        "103": ("", "missing", ""),
    }
    assert list(rows["101"]) == [
        "id", "name", "email", "key", "state", "verdict", "score", "max_score",
        "not_run_points", "demo/double",
    ]  # fmt: skip
    assert rows["101"] | rows["1"] | {"name": "Member 1"} == rows["1"]
    assert (rows["1"]["max_score"], rows["1"]["not_run_points"]) == ("4", "1")
    assert (rows["1"]["verdict"], rows["1"]["demo/double"]) == ("failed", "1.5")
    assert rows["3"]["demo/double"] == rows["2"]["demo/double"] == ""


def test_an_exercise_keeps_its_score_where_another_has_none(tmp_path: Path) -> None:
    """The sum is empty all the same: it would be a false one."""
    told = written(tmp_path, one(ADA), BROKEN)
    (row,) = table(tmp_path / "gradebook.csv")
    assert (row["score"], row["demo/double"], row["demo/half"]) == ("", "3", "")
    assert "1 ungraded" in told[0]


# -------------------------------------------------------------------------- who is said


def test_it_is_said_who_has_no_score(whole: tuple[Path, list[str]]) -> None:
    assert whole[1][0] == (
        "gradebook.csv has 9 members, 5 of them without a score (1 ungraded, 1 "
        "unreadable, 1 set aside, 1 not graded yet, 1 missing); canvas.csv and moodle.csv "
        "have the 4 with one score, so that an import changes nothing for the others."
    )


@pytest.mark.parametrize("name", ["canvas.csv", "moodle.csv"])
def test_platforms_get_nothing_of_those_without_a_score(
    whole: tuple[Path, list[str]], name: str
) -> None:
    text = (whole[0] / name).read_text("utf-8")
    for who in ("Member 2", "Member 3", "Member 4", "Member 5", "Eve"):
        assert who not in text
    for who in ("Member 0", "Member 1", "Ada Lovelace", "Bob"):
        assert text.count(who) == 1


def test_points_that_nobody_could_earn_are_out_of_what_is_possible(
    whole: tuple[Path, list[str]],
) -> None:
    """On a machine without a GPU the whole 3 points that it can check are full marks."""
    folder, told = whole
    points, *_ = table(folder / "canvas.csv")
    assert points["Sheet 3"] == "3"
    assert {row["Maximum Grade"] for row in table(folder / "moodle.csv")} == {"3"}
    assert {row["max_score"] for row in table(folder / "nbgrader.csv")} >= {"3.0"}
    assert told[1].startswith("1 of 4 points could not be checked where this class was")
    assert "set the assignment's points to 3" in told[1]


def test_a_class_graded_on_a_gpu_has_all_points(tmp_path: Path) -> None:
    told = written(tmp_path, one(ADA), GRADED_ON_A_GPU)
    points, row = table(tmp_path / "canvas.csv")
    assert (points["GPU exercises"], row["GPU exercises"]) == ("4", "4")
    assert told == [
        "gradebook.csv has 1 member; canvas.csv and moodle.csv have all of them too."
    ]


def test_scores_that_do_not_compare_are_named(tmp_path: Path) -> None:
    """One was graded on a GPU, the other was not."""
    classroom = Classroom(layout="canvas", entries=(entry("a", ADA), entry("b", BOB)))
    told = written(tmp_path, classroom, GRADED_ON_A_GPU, ALL_PASSED)
    assert told[1] == (
        "Of 1 submission less could be checked than of others: Bob. Such scores do not "
        "compare; grade them again where the others were graded."
    )
    assert table(tmp_path / "canvas.csv")[0]["GPU exercises"] == "4"


def test_points_a_program_hides_from_the_simulator_stay_possible(
    tmp_path: Path,
) -> None:
    """Else a program that the simulator cannot run would have full marks."""
    hides = check(
        "values", "skipped", 0, 3, reason="needs_gpu",
        details={"not_modelled_points": 3.0},
    )  # fmt: skip
    classroom = Classroom(layout="canvas", entries=(entry("a", ADA), entry("b", BOB)))
    hidden = report(exercise("demo/double", hides, check("t", "passed", 1, 1)))
    written(tmp_path, classroom, hidden, hidden)
    assert [row["GPU exercises"] for row in table(tmp_path / "canvas.csv")] == [
        "4", "1", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("others", [(), (BOB,)])
def test_which_of_two_submissions_counts_is_not_guessed(
    tmp_path: Path, others: tuple[Member, ...]
) -> None:
    """Each has a row in our table; others of a group have theirs everywhere."""
    classroom = Classroom(
        layout="canvas", entries=(entry("one", ADA), entry("two", ADA, *others))
    )
    told = written(tmp_path, classroom, ALL_PASSED, FAILED)
    rows = table(tmp_path / "gradebook.csv")
    assert [(row["key"], row["score"]) for row in rows if row["id"] == ADA.id] == [
        ("one", "3"),
        ("two", "1.5"),
    ]
    for name in ("canvas.csv", "moodle.csv"):
        text = (tmp_path / name).read_text("utf-8")
        assert ADA.name not in text
        assert text.count("Bob") == len(others)
    number = len(others)
    assert f"moodle.csv have the {number} with one score" in told[0]
    assert told[1] == (
        "Ada Lovelace is in 2 submissions: one with 3 points, two with 1.5 points. "
        "canvas.csv and moodle.csv have none of them: enter by hand which one counts."
    )


def test_a_roster_that_was_read_gives_canvas_its_rows(tmp_path: Path) -> None:
    """From Canvas's own files to the one that Canvas imports."""
    handed, roster = tmp_path / "handed", tmp_path / "roster.csv"
    handed.mkdir()
    for name in ("lovelaceada_101_9_double.py", "bob_LATE_102_8_double.py"):
        (handed / name).write_text("")
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Sheet 3 (12),Final Score\n"
        "    Points Possible,,,,,10,(read only)\n"
        '"Lovelace, Ada",101,x1,ada,S 1,,80\n"Lee, Eve",103,x3,eve,S 1,,\n',
        "utf-8",
    )
    classroom = read_class(handed, roster=roster)
    results = {e.key: result(e.key, ALL_PASSED) for e in classroom.entries}
    told = write_gradebook(tmp_path, classroom, results, title="Sheet 3")
    assert "1 of them without a score (1 missing)" in told[0]
    assert sorted((tmp_path / "canvas.csv").read_text("utf-8").splitlines()) == [
        "    Points Possible,,,,,3",
        '"Lovelace, Ada",101,x1,ada,S 1,3',
        "Student,ID,SIS User ID,SIS Login ID,Section,Sheet 3 (12)",
        "bob,102,,,,3",
    ]


def test_moodle_finds_participants_by_their_number(
    whole: tuple[Path, list[str]],
) -> None:
    rows = table(whole[0] / "moodle.csv")
    assert rows[2] == {
        "Identifier": "Participant 101", "Full name": "Ada Lovelace", "ID number": "",
        "Email address": "ada@example.org", "Grade": "3", "Maximum Grade": "3",
        "Feedback comments":
            "Passed: 3 of 4 points. 1 point could not be checked on this machine.",
    }  # fmt: skip


# ------------------------------------------------------------------------------ Parquet


def test_parquet_has_a_typed_row_a_check(whole: tuple[Path, list[str]]) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = whole[0] / "gradebook.parquet"
    read = parquet.read_table(path)
    rows = {(row["key"], row["check"]): row for row in read.to_pylist()}
    assert len(rows) == read.num_rows == 8
    assert rows["failed", "values"] == {
        "key": "failed", "members": ["1"], "submitted": None, "late": False,
        "exercise": "demo/double", "check": "values", "title": "The values are right.",
        "visibility": "public", "status": "failed", "reason": "wrong_value",
        "points": 1.5, "max_points": 3.0, "not_run": False, "seconds": 1.25,
        "message": "It is 3.", "device": "simulator", "host": None,
    }  # fmt: skip
    paired = rows["pair", "faster"]
    assert (paired["members"], paired["late"]) == (["101", "102"], True)
    assert (paired["host"], paired["submitted"]) == ("host-1", "2026-11-22T14:00:00Z")
    assert (paired["reason"], paired["not_run"]) == ("needs_gpu", True)
    schema = read.schema
    assert schema.metadata[b"format_version"] == b"1"
    assert all(field.metadata[b"about"] for field in schema)
    assert schema.field("points").type == pa.float64()
    assert schema.field("members").type == pa.list_(pa.string())
    assert (
        parquet.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    )


def test_parquet_of_nothing_has_its_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_gradebook(tmp_path, Classroom(layout="plain", entries=()), {})
    read = parquet.read_table(tmp_path / "gradebook.parquet")
    assert read.num_rows == 0
    assert "max_points" in read.column_names


def test_without_pyarrow_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older file is taken away: it would tell of other results."""
    (tmp_path / "gradebook.parquet").write_text("old")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    told = written(tmp_path, one(ADA), ALL_PASSED)
    assert {path.name for path in tmp_path.iterdir()} == FILES - {"gradebook.parquet"}
    assert "pyarrow is not installed" in told[-1]


# ------------------------------------------------------------------------------ as files


def test_all_files_are_there_and_nothing_else(whole: tuple[Path, list[str]]) -> None:
    assert {path.name for path in whole[0].iterdir()} == FILES


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which results came."""
    classroom, results = large_class(60)
    turned = dict(reversed([*results.items()]))
    for name, given in (("first", results), ("again", turned)):
        write_gradebook(tmp_path / name, classroom, given)
    for name in FILES:
        first, again = ((tmp_path / f / name).read_bytes() for f in ("first", "again"))
        assert first == again, name


def test_results_read_from_files_give_the_same(tmp_path: Path) -> None:
    """The same as those that were never JSON."""
    classroom, results = large_class(20)
    read = {
        key: Result(**{**vars(r), "report": json.loads(json.dumps(r.report))})
        for key, r in results.items()
    }
    for name, given in (("first", results), ("again", read)):
        write_gradebook(tmp_path / name, classroom, given)
    table_of = [
        (tmp_path / f / "gradebook.csv").read_text() for f in ("first", "again")
    ]
    assert table_of[0] == table_of[1]


def test_a_result_that_is_none_is_ungraded(tmp_path: Path) -> None:
    """A report of another version or a damaged one stops no gradebook."""
    broken = Result(key="101", digest="", state=State.GRADED, report={"exercises": 3})
    told = write_gradebook(tmp_path, one(ADA), {"101": broken})
    (row,) = table(tmp_path / "gradebook.csv")
    assert (row["state"], row["score"]) == ("graded", "")
    assert "1 ungraded" in told[0]
    assert "cannot be read" in (tmp_path / "index.html").read_text("utf-8")


def test_a_thousand_reports_fit_into_memory() -> None:
    """What no table shows, such as sources and traces, is not kept."""
    heavy = check(
        "values", "passed", 3, 3, details={"records": ["x" * 100_000]}, hint="h" * 99
    )
    played = report(
        exercise("demo/double", heavy, output="said " * 10_000), big="y" * 100_000
    )
    row = read_row(entry("101", ADA), result("101", played))
    assert row.score == 3
    assert len(pickle.dumps(row)) < 3_000


def test_time_that_ran_out_is_no_score(tmp_path: Path) -> None:
    told = written(tmp_path, one(ADA), report(exercise("demo/double", PASSED, PENDING)))
    assert "1 ungraded" in told[0]
    assert len(table(tmp_path / "canvas.csv")) == 1


def test_a_folder_that_is_none_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match="could not be written"):
        written(tmp_path / "file", one(ADA), ALL_PASSED)


def test_a_full_disk_leaves_the_files_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, one(ADA), ALL_PASSED)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HarnessError, match="No space left on device"):
        written(tmp_path, one(ADA), MIXED)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
