"""What Canvas, Moodle and nbgrader import, and what a spreadsheet must not calculate."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from graders.harness.classroom.entries import Classroom, Member
from graders.harness.classroom.gradebook import write_gradebook
from graders.harness.classroom.gradebook.cells import id_cell, text_cell
from graders.harness.models import Visibility
from tests.classroom.played_class import FORMULA, entry, large_class, result
from tests.classroom.small_gradebook import ADA, one, table, written
from tests.harness.played_reports import (
    ALL_PASSED,
    MIXED,
    PASSED,
    check,
    exercise,
    report,
)

# ------------------------------------------------------------------------------- Canvas

CANVAS_ROW = {
    "Student": "Lovelace, Ada", "ID": "101", "SIS User ID": "x1", "SIS Login ID": "ada",
    "Section": "Section  1", "Sheet 2 (11)": "7", "Sheet 3 (12)": "", "Final Score": "80",
}  # fmt: skip


def canvas(folder: Path, member: Member, **more: str) -> list[list[str]]:
    results = {member.id: result(member.id, ALL_PASSED)}
    write_gradebook(folder, one(member), results, **more)
    with (folder / "canvas.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_gets_its_own_columns_back(tmp_path: Path) -> None:
    """As they were, but no other assignment's, whose grades may have changed since."""
    member = Member(id="101", name="Ada", columns=CANVAS_ROW)
    assert canvas(tmp_path, member, title="sheet 3") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Sheet 3 (12)"],
        ["    Points Possible", "", "", "", "", "3"],
        ["Lovelace, Ada", "101", "x1", "ada", "Section  1", "3"],
    ]


def test_canvas_makes_an_assignment_of_another_name(tmp_path: Path) -> None:
    member = Member(id="101", name="Ada", columns=CANVAS_ROW)
    assert canvas(tmp_path, member, title="Sheet 9")[0][-1] == "Sheet 9"


def test_canvas_without_a_roster_knows_users_by_their_number(tmp_path: Path) -> None:
    header, _, row = canvas(tmp_path, ADA)
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert row == ["Ada Lovelace", "101", "", "", "", "3"]


@pytest.mark.parametrize(("layout", "id"), [("nbgrader", "101"), ("canvas", "a1b2c")])
def test_another_platforms_id_is_no_canvas_number(
    tmp_path: Path, layout: str, id: str
) -> None:
    classroom = Classroom(
        layout=layout, entries=(entry("a", Member(id=id, name="Ada")),)
    )
    written(tmp_path, classroom, ALL_PASSED)
    row = table(tmp_path / "canvas.csv")[1]
    assert (row["ID"], row["SIS Login ID"]) == ("", id)


# ------------------------------------------------------------------------------- Moodle


def test_moodles_worksheet_keeps_its_columns(tmp_path: Path) -> None:
    """Moodle sees by the last time of change whether somebody graded by hand since."""
    worksheet = {
        "Identifier": "Participant 101", "Full name": "Ada", "Status": "Submitted",
        "Grade": "", "Maximum grade": "100.00", "Grade can be changed": "Yes",
        "Last modified (grade)": "-",
    }  # fmt: skip
    told = written(tmp_path, one(Member(id="101", columns=worksheet)), MIXED)
    (row,) = table(tmp_path / "moodle.csv")
    assert told[-1] == (
        "The roster's worksheet has a maximum grade of 100, and scores are of 13.5 points. "
        "Set the assignment's maximum grade to 13.5 in Moodle before moodle.csv is "
        "imported."
    )
    feedback = row.pop("Feedback comments")
    assert row == worksheet | {"Grade": "5.5"}
    assert list(row) == list(worksheet)
    assert feedback.endswith("demo/double 3.5 of 11.5; demo/half 2 of 3.")


def test_another_platforms_id_is_moodles_id_number(tmp_path: Path) -> None:
    written(tmp_path, one(ADA), ALL_PASSED)
    (row,) = table(tmp_path / "moodle.csv")
    assert (row["Identifier"], row["ID number"]) == ("", "101")


def test_feedback_tells_learners_nothing_of_hidden_checks(tmp_path: Path) -> None:
    """But their points, which the score has in it."""
    secret = check(
        "secret", "failed", 0, 2, reason="wrong_value", message="Psst.",
        visibility=Visibility.HIDDEN,
    )  # fmt: skip
    written(tmp_path, one(ADA), report(exercise("demo/double", PASSED, secret)))
    (row,) = table(tmp_path / "moodle.csv")
    assert row["Grade"] == "3"
    assert row["Feedback comments"] == "Failed: 3 of 5 points."


# ----------------------------------------------------------------------------- nbgrader


def test_nbgrader_has_a_row_a_member_and_exercise(tmp_path: Path) -> None:
    classroom = Classroom(
        layout="nbgrader",
        entries=(entry("ada", ADA, submitted="2026-11-22T15:00:00+01:00"),),
        missing=(Member(id="eve", name="Lee, Eve"),),
    )
    written(tmp_path, classroom, MIXED)
    rows = table(tmp_path / "nbgrader.csv")
    assert [(row["student_id"], row["assignment"], row["score"]) for row in rows] == [
        ("101", "demo/double", "3.5"),
        ("101", "demo/half", "2.0"),
        ("eve", "demo/double", ""),
        ("eve", "demo/half", ""),
    ]
    assert rows[0] == {
        "assignment": "demo/double", "duedate": "", "timestamp": "2026-11-22 14:00:00",
        "student_id": "101", "last_name": "Ada Lovelace", "first_name": "",
        "email": "ada@example.org", "raw_score": "3.5", "late_submission_penalty": "0.0",
        "score": "3.5", "max_score": "10.5",
    }  # fmt: skip
    assert (rows[2]["last_name"], rows[2]["first_name"]) == ("Lee", "Eve")


@pytest.mark.parametrize(
    ("submitted", "written_as"),
    [
        ("2026-06-01T10:00:00+00:00", "2026-06-01 10:00:00"),
        ("2026-06-01T10:00:00.5Z", "2026-06-01 10:00:00.500000"),
        ("2026-06-01T10:00:00", "2026-06-01 10:00:00"),
        ("=yesterday", "'=yesterday"),
        ("", ""),
    ],
)
def test_times_are_written_as_nbgrader_writes_them(
    submitted: str, written_as: str, tmp_path: Path
) -> None:
    """In UTC, for it reads what says no zone so."""
    classroom = Classroom(
        layout="nbgrader", entries=(entry("ada", ADA, submitted=submitted),)
    )
    written(tmp_path, classroom, ALL_PASSED)
    (row,) = table(tmp_path / "nbgrader.csv")
    assert row["timestamp"] == written_as


def test_the_rosters_parts_of_a_name_are_taken(tmp_path: Path) -> None:
    columns = {"First name": "Ada King", "Surname": "Lovelace"}
    member = Member(id="1", name="Ada King Lovelace", columns=columns)
    written(tmp_path, one(member), ALL_PASSED)
    (row,) = table(tmp_path / "nbgrader.csv")
    assert (row["last_name"], row["first_name"]) == ("Lovelace", "Ada King")


# ------------------------------------------------------------------------- spreadsheets


@pytest.mark.parametrize(
    "text", [FORMULA, "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1", "\n@a"]
)
def test_a_name_is_no_formula(text: str) -> None:
    assert text_cell(text).startswith("'")
    assert not re.search(r"[\t\r\n]", text_cell(text))


@pytest.mark.parametrize(
    "id", ["-12", "+a@b.c", "@ada", "a=b", "1234", "Section  1", "王"]
)
def test_an_id_stays_what_a_platform_looks_for(id: str) -> None:
    assert id_cell(id) == id


@pytest.mark.parametrize("id", [FORMULA, "=1+1", "+cmd|' /C calc'!A0", "-(1)", " =A1"])
def test_an_id_that_calculates_is_text(id: str) -> None:
    assert id_cell(id).startswith("'")


def test_no_file_has_a_formula_and_it_is_said(tmp_path: Path) -> None:
    """Of strange names, ids, addresses and a roster's columns."""
    columns = {"Student": FORMULA, "ID": FORMULA, "Section": FORMULA, FORMULA: FORMULA}
    members = (
        Member(id=FORMULA, name=FORMULA, email=FORMULA),
        Member(id="2", name=FORMULA, columns=columns),
        Member(id="3", name="x", columns={"Identifier": FORMULA, "Full name": FORMULA}),
    )
    classroom = Classroom(
        layout="canvas",
        entries=tuple(
            entry(f"k{n}", m, submitted=FORMULA) for n, m in enumerate(members)
        ),
    )
    results = {e.key: result(e.key, ALL_PASSED) for e in classroom.entries}
    told = write_gradebook(tmp_path, classroom, results, title=FORMULA)
    for path in tmp_path.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert any("HYPERLINK" in cell for cell in cells)
        assert [cell for cell in cells if re.match(r"\s*[=+@-]", cell)] == []
    assert told[-1].startswith(
        "The id or address of 3 members could be a formula to a spreadsheet"
    )


def test_names_of_any_script_survive(tmp_path: Path) -> None:
    classroom, results = large_class(14)
    write_gradebook(tmp_path, classroom, results)
    names = [row["name"] for row in table(tmp_path / "gradebook.csv")]
    assert names[2:5] == ["王小明", "Иван Петров", "محمد علي"]
    assert names[10] == "[U+202E]esrever"
