"""What is read of the platforms' exports, and of clones of repositories."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from graders.harness.classroom.intake import read_class
from graders.harness.errors import UsageError
from tests.classroom.exports import (
    CANVAS,
    GRADESCOPE,
    by_key,
    files,
    packed,
    plant,
    put,
    zipped,
)

# ---------------------------------------------------------------- Canvas


def test_canvas(tmp_path: Path) -> None:
    """Names are taken apart, resubmissions count under their first name."""
    classroom = read_class(plant(tmp_path, *CANVAS))
    assert classroom.layout == "canvas"
    found = files(classroom)
    anonymous = next(key for key in found if key.startswith("anonymous-"))
    assert found == {
        "lovelaceada-42": ["scale.py", "total.py"],
        "zolaemile-43": ["work.ipynb", "zolaémile_LATE_43_1003_work-1.ipynb"],
        "obrien-44": ["scale.py"],
        "typist-45": ["typist (45) handed in text or a link, and no file."],
        "mixed-46": ["scale.py"],
        anonymous: ["scale.py"],
    }
    entries = by_key(classroom)
    assert [k for k, e in entries.items() if e.late] == ["zolaemile-43"]
    assert entries["lovelaceada-42"].notes == (
        "scale.py was uploaded more than once: the last upload counts.",
    )
    assert "was not read" in entries["mixed-46"].notes[0]
    assert entries["zolaemile-43"].members[0].id == "43"
    assert entries[anonymous].members[0].name == ""


def test_the_last_upload_counts_on_canvas(tmp_path: Path) -> None:
    """By Canvas's number of the file, which does not sort as a text."""
    put(tmp_path / "ada_1_99_scale.py", b"old = 1")
    put(tmp_path / "ada_1_100_scale-1.py", b"new = 1")
    put(tmp_path / "bob_2_99_toys.zip", packed({"scale.py": b"old = 1", "a.py": b""}))
    put(tmp_path / "bob_2_100_toys-1.zip", packed({"scale.py": b"new = 1"}))
    ada, bob = read_class(tmp_path).entries
    assert ada.handed.read() == {"scale.py": b"new = 1"}
    assert bob.handed.read() == {"scale.py": b"new = 1", "a.py": b""}


# ---------------------------------------------------------------- Moodle


@pytest.mark.parametrize("end", ["_", ""])
def test_moodle_in_folders(tmp_path: Path, end: str) -> None:
    """A folder for each participant and kind of what was handed in."""
    plant(
        tmp_path,
        f"Ada Lovelace_12_assignsubmission_file{end}/toys/scale.py",
        f"Ada Lovelace_12_assignsubmission_file{end}/more/total.py",
        f"Ada Lovelace_12_assignsubmission_onlinetext{end}/onlinetext.html",
        f"O'Brien Zoë_13_assignsubmission_file{end}/first.zip",
        f"O'Brien Zoë_13_assignsubmission_file{end}/apply.py",
        f"Participant 14_14_assignsubmission_file{end}/scale.py",
        f"Typist_15_assignsubmission_onlinetext{end}/onlinetext.html",
        f"Ada Lovelace_12_assignfeedback_file{end}/marked.py",
        "readme.txt",
    )
    classroom = read_class(tmp_path)
    assert classroom.layout == "moodle"
    found = files(classroom)
    assert "handed in typed text, and no file" in found.pop("typist-15")[0]
    assert found == {
        "ada-lovelace-12": ["more/total.py", "toys/scale.py"],
        "obrien-zoe-13": ["apply.py", "scale.py"],
        "participant-14-14": ["scale.py"],
    }
    entries = by_key(classroom)
    assert entries["obrien-zoe-13"].members[0].name == "O'Brien Zoë"
    assert entries["participant-14-14"].members[0].name == ""
    assert "was not read" in entries["ada-lovelace-12"].notes[0]
    assert len(classroom.strays) == 2


def test_moodle_without_folders(tmp_path: Path) -> None:
    """Files lie side by side, with the participant's name before their own."""
    ada = "Ada Lovelace_12_assignsubmission_file_"
    plant(tmp_path, f"{ada}scale.py", f"{ada}total_2.py", f"{ada}x.zip")
    put(tmp_path / f"{ada}data.zip", packed({"data.csv": b"1"}))
    classroom = read_class(tmp_path)
    assert classroom.layout == "moodle"
    assert files(classroom) == {"ada-lovelace-12": ["scale.py", "total_2.py"]}


# ---------------------------------------------------------------- nbgrader


def test_nbgrader(tmp_path: Path) -> None:
    """A course's folder, its submissions, and the folder of one assignment's learners."""
    course = plant(
        tmp_path / "course",
        "submitted/bitdiddle/ps1/scale.ipynb",
        "submitted/bitdiddle/ps2/total.ipynb",
        "submitted/hacker/ps1/scale.ipynb",
        "submitted/hacker/loose.ipynb",
        "source/ps1/scale.ipynb",
        "nbgrader_config.py",
    )
    put(
        course / "submitted/bitdiddle/ps1/timestamp.txt",
        b"2026-02-02 15:58:23.948203 America/Mars\n",
    )
    put(
        course / "submitted/hacker/ps1/timestamp.txt",
        b"2026-02-02 15:58:23.948203 UTC\n",
    )
    for path in (course, course / "submitted", zipped(course)):
        classroom = read_class(path)
        assert classroom.layout == "nbgrader"
        assert files(classroom) == {
            "bitdiddle--ps1": ["scale.ipynb"],
            "bitdiddle--ps2": ["total.ipynb"],
            "hacker--ps1": ["scale.ipynb"],
        }
        entries = by_key(classroom)
        assert entries["hacker--ps1"].submitted == "2026-02-02T15:58:23.948203+00:00"
        assert entries["bitdiddle--ps1"].submitted == "2026-02-02T15:58:23.948203"
        assert entries["bitdiddle--ps2"].submitted == ""
        assert any(s.startswith("hacker/loose.ipynb: ") for s in classroom.strays)
        assert "2 assignments (ps1, ps2)" in classroom.notes[0]


def test_nbgraders_exchange(tmp_path: Path) -> None:
    """Of a learner's submissions to an assignment the last counts."""
    plant(
        tmp_path,
        "ada+ps1+2026-02-02 15:58:23.948203 UTC+x1/old.ipynb",
        "ada+ps1+2026-02-03 15:58:23.948203 UTC+a1/new.ipynb",
        "bob+ps1+2026-02-03 15:58:23.948203 UTC/new.ipynb",
    )
    classroom = read_class(tmp_path)
    assert classroom.layout == "nbgrader"
    assert files(classroom) == {"ada--ps1": ["new.ipynb"], "bob--ps1": ["new.ipynb"]}
    assert "1 earlier submission" in classroom.entries[0].notes[0]


def test_attempts_as_blackboard_names_them(tmp_path: Path) -> None:
    """The example of ``nbgrader zip_collect``; the last attempt counts."""
    plant(
        tmp_path,
        "ps1_bitdiddle_attempt_2016-01-30-15-00-00_problem1.ipynb",
        "ps1_bitdiddle_attempt_2016-01-30-16-00-00_problem2.ipynb",
        "ps1_bitdiddle_attempt_2016-01-30-16-00-00.txt",
        "ps1_hacker_attempt_2016-01-30-16-00-00.txt",
    )
    classroom = read_class(tmp_path)
    assert classroom.layout == "blackboard"
    found = files(classroom)
    assert found["bitdiddle"] == ["problem2.ipynb"]
    assert "handed in no file" in found["hacker"][0]
    assert by_key(classroom)["bitdiddle"].submitted == "2016-01-30T16:00:00"


# ---------------------------------------------------------------- Gradescope


@pytest.mark.parametrize("wrapped", [False, True])
def test_gradescope(tmp_path: Path, *, wrapped: bool) -> None:
    """Who handed in what stands in the metadata; groups, and the last of several."""
    export = tmp_path / "assignment_7_export" if wrapped else tmp_path
    plant(
        export,
        "submission_101/scale.py",
        "submission_102/homework/scale.py",
        "submission_103/scale.ipynb",
        "submission_105/scale.py",
        "notes.txt",
    )
    put(export / "submission_metadata.yml", GRADESCOPE.encode())
    classroom = read_class(tmp_path)
    assert classroom.layout == "gradescope"
    entries = by_key(classroom)
    group = next(key for key in entries if key.startswith("bashkirtseff"))
    found = files(classroom)
    assert "but it is not there" in found.pop("lost")[0]
    assert found == {
        "0042": ["scale.ipynb"],
        group: ["scale.py"],
        "submission_105": ["scale.py"],
    }
    assert entries["0042"].members[0].name == "Ada Lovelace"
    assert entries["0042"].submitted == "2026-03-06T05:06:07.123456+00:00"
    assert [m.id for m in entries[group].members] == ["maria@example.org", "zola"]
    assert entries[group].submitted == "2026-03-05T05:06:07.123456+01:00"
    assert "does not say who" in entries["submission_105"].notes[0]
    assert classroom.strays == (
        "notes.txt: submission_metadata.yml does not name it",
        "submission_101: the same people handed in again, which counts",
    )


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"\xff\xfe\x00",
        b"a: [\n" * 5_000,
        b"a: &a [b]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: !!python/object:os.system {}\n- x",
        b"just a text",
        b"",
    ],
    ids=["open", "bytes", "deep", "mixed", "text", "empty"],
)
def test_metadata_that_cannot_be_read(tmp_path: Path, text: bytes) -> None:
    """They are ours to mend: nobody can tell whose the folders are."""
    plant(tmp_path, "submission_1/scale.py")
    put(tmp_path / "submission_metadata.yml", text)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml"):
        read_class(tmp_path)


def test_metadata_that_refer_to_themselves(tmp_path: Path) -> None:
    """They are read in as much time as they are long."""
    plant(tmp_path, "submission_1/scale.py")
    lines = [f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(60)]
    text = "a: &a {b: *a}\na0: &a0 [x]\n" + "".join(lines)
    mine = "submission_1:\n  :submitters:\n  - :sid: a1\n  :created_at: *a60\n"
    put(tmp_path / "submission_metadata.yml", (text + mine).encode())
    assert files(read_class(tmp_path))["a1"] == ["scale.py"]


def test_what_learners_wrote_is_not_parsed(tmp_path: Path) -> None:
    """Results are most of the metadata: they are passed over, whatever is in them."""
    plant(tmp_path, "submission_1/scale.py")
    mine = "submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: a1\n"
    noise = (
        "  :results:\n    broken: {[}\n    output: |\n"
        + "      submission_2: {[}\n" * 200_000
    )
    put(tmp_path / "submission_metadata.yml", (mine + noise).encode())
    started = time.perf_counter()
    assert files(read_class(tmp_path)) == {"a1": ["scale.py"]}
    assert time.perf_counter() - started < 5


def test_gradescope_without_metadata(tmp_path: Path) -> None:
    """Folders are known by their names then."""
    classroom = read_class(plant(tmp_path, "submission_1/a.py", "submission_2.zip"))
    assert files(classroom) == {"submission_1": ["a.py"], "submission_2": ["scale.py"]}
    assert "is missing" in classroom.notes[0]


# ---------------------------------------------------------------- clones


def test_clones_of_repositories(tmp_path: Path) -> None:
    """The folder says the assignment's name, or what all names have in common does."""
    names = ("fft-ada-lovelace", "fft-bob")
    for folder in ("fft-submissions", "work"):
        for name in names:
            plant(tmp_path / folder / name, "assignments/toys/scale.py", ".git/config")
            put(tmp_path / folder / name / "data.zip", packed({"other.py": b""}))
        classroom = read_class(tmp_path / folder)
        assert classroom.layout == "github-classroom"
        assert files(classroom) == {name: ["scale.py"] for name in names}
        members = [m.id for e in classroom.entries for m in e.members]
        assert members == ["ada-lovelace", "bob"]
