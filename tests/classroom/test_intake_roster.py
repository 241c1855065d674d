"""Rosters of all platforms, and who of them handed in what."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.harness.classroom.entries import Classroom, Member
from graders.harness.classroom.intake import read_class, roster
from graders.harness.classroom.intake.roster import read_roster
from graders.harness.errors import UsageError
from tests.classroom.exports import GRADESCOPE, plant, put

PLAIN = (
    "id,name,email\nada,Ada Lovelace,ada@example.org\nbob,Bob Émile,bob@example.org\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Toys (77)\n"
    ",,,,,Manual Posting\n"
    "    Points Possible,,,,,10\n"
    '"Lovelace, Ada",42,s-1,adal,"CS 1, CS 2",3\n'
    '"Zola, Émile",43,s-2,emile,CS 1,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade\n"
    "Participant 12,Ada Lovelace,ada@example.org,Submitted for grading,-\n"
    "Participant 13,Émile Zola,emile@example.org,No submission,-\n"
)


def saved(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a roster beside the class."""
    path = folder / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return path


def members(path: Path) -> list[Member]:
    """Return the members of a roster."""
    return [one.member for one in read_roster(path).listed]


def graded(tmp_path: Path, text: str, *names: str) -> Classroom:
    """Return a class with a roster and some submissions."""
    folder = plant(tmp_path / "class", *names)
    return read_class(folder, roster=saved(tmp_path, text))


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN, ("ada", "Ada Lovelace", "ada@example.org")),
        (CANVAS, ("42", "Lovelace, Ada", "")),
        (MOODLE, ("12", "Ada Lovelace", "ada@example.org")),
        (
            "First name,Last name,ID number,Email address\nAda,Lovelace,7,ada@x.org\n",
            ("7", "Ada Lovelace", "ada@x.org"),
        ),
        (
            "First Name,Last Name,SID,Email,Section\nAda,Lovelace,7,ada@x.org,A\n",
            ("7", "Ada Lovelace", "ada@x.org"),
        ),
        (
            "Name,Email,SID\nAda Lovelace,ada@x.org,\n",
            ("ada@x.org", "Ada Lovelace", "ada@x.org"),
        ),
        (
            "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@x.org,9\n",
            ("ada", "Ada Lovelace", "ada@x.org"),
        ),
        (
            '"identifier","github_username","github_id","name"\n"s-1","ada","9","Ada"\n',
            ("s-1", "Ada", ""),
        ),
        (
            "Vorname;SURNAME;first name;Username\nx;Lovelace;Ada;al\n",
            ("al", "Ada Lovelace", ""),
        ),
    ],
    ids=[
        "plain",
        "canvas",
        "moodle",
        "participants",
        "gradescope",
        "sidless",
        "nbgrader",
        "github",
        "other",
    ],
)
def test_headers_of_platforms(
    text: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    """They say which column is what."""
    first = members(saved(tmp_path, text))[0]
    assert (first.id, first.name, first.email) == expected


def test_rows_of_canvas_that_are_nobody(tmp_path: Path) -> None:
    """And those that are keep all of their columns for the gradebook."""
    found = read_roster(saved(tmp_path, CANVAS))
    assert [one.member.id for one in found.listed] == ["42", "43"]
    assert found.notes == ()
    assert found.listed[0].member.columns == {
        "Student": "Lovelace, Ada",
        "ID": "42",
        "SIS User ID": "s-1",
        "SIS Login ID": "adal",
        "Section": "CS 1, CS 2",
        "Toys (77)": "3",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("cp1252", b""),
    ],
)
def test_encodings_and_delimiters(
    encoding: str, mark: bytes, delimiter: str, tmp_path: Path
) -> None:
    """As spreadsheets save them, also with a name of two lines."""
    rows = (
        ("id", "name", "email"),
        ("z", '"Zola,;\t|\nÉmile"', "z@x.org"),
        ("", "", ""),
    )
    text = "\r\n".join(delimiter.join(row) for row in rows)
    path = tmp_path / "roster.csv"
    path.write_bytes(mark + text.encode(encoding))
    (listed,) = read_roster(path).listed
    assert listed.names == ("Zola,;\t|\nÉmile",)
    assert listed.member.name == "Zola,;\\t|\\nÉmile"
    assert listed.member.id == "z"


def test_excels_own_line(tmp_path: Path) -> None:
    """It names the delimiter."""
    assert members(saved(tmp_path, "sep=;\nid;name\na;Ada, of course\n"))[0].name == (
        "Ada, of course"
    )


def test_rows_that_are_no_use_are_told(tmp_path: Path) -> None:
    """Nobody is made of an empty row, and nobody is listed twice."""
    found = read_roster(saved(tmp_path, "id,name,room\na,Ada,1\nA,Bob,2\n,,3\n\n"))
    assert [one.member.name for one in found.listed] == ["Ada"]
    assert "1 row names nobody" in found.notes[0]
    assert "lists twice: A." in found.notes[1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no header that is known"),
        (b"\n\n", "no header that is known"),
        (b"ada\nbob\n", "begins with 'ada'"),
        (b"first name,room\nAda,2\n", "no header that is known"),
        (b"id,name\n", "lists nobody"),
        (b"id,name\n" + b'"' + b"x" * 200_000, "is no CSV file: line"),
        (bytes(range(256)), "no header that is known"),
        (b"\xff\xfe\x00", "no header that is known"),
    ],
)
def test_rosters_that_are_none(content: bytes, told: str, tmp_path: Path) -> None:
    """What was seen is said, and what was expected."""
    put(tmp_path / "roster.csv", content)
    with pytest.raises(UsageError, match=told):
        read_roster(tmp_path / "roster.csv")


def test_rosters_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, nothing, too much."""
    for path in (tmp_path, tmp_path / "gone.csv"):
        with pytest.raises(UsageError, match="The roster"):
            read_roster(path)
    path = saved(tmp_path, PLAIN)
    monkeypatch.setattr(roster, "_MAX_MEMBERS", 1)
    with pytest.raises(UsageError, match="has more than 1 rows"):
        read_roster(path)


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(lambda s: f"id,name\n{s}".encode(errors="replace"))
)
def test_any_bytes_are_a_roster_or_refused(content: bytes) -> None:
    """Never an exception of another kind."""
    header, rows = [], []
    try:
        header, rows = roster._table("x.csv", roster._text(content))
        roster._members("x.csv", header, rows)
    except UsageError:
        pass


# ---------------------------------------------------------------- matching


def test_members_are_found_by_what_the_export_knows(tmp_path: Path) -> None:
    """By id, login, address or name, in this order, and nobody is forgotten."""
    text = (
        "sid,username,email,name\n"
        "1,ada,a@x.org,Ada Lovelace\n"
        "2,emile,e@x.org,Émile Zola\n"
        "3,mary,m@x.org,Mary Shelley\n"
        "4,jane,j@x.org,Jane Austen\n"
        "5,none,n@x.org,Nobody Here\n"
    )
    names = ("1.zip", "EMILE/a.py", "m@x.org/a.py", "austen_jane.ipynb", "guest.py")
    classroom = graded(tmp_path, text, *names)
    found = {e.key.split("-")[0]: e.members[0] for e in classroom.entries}
    assert [found[k].id for k in ("1", "emile", "m", "austen_jane")] == list("1234")
    assert found["emile"].name == "Émile Zola"
    assert found["emile"].columns["username"] == "emile"
    assert found["guest"] == Member(id="guest")
    assert [m.id for m in classroom.missing] == ["5"]
    assert classroom.notes == (
        "1 submission is of somebody who is not on the roster; graded all the same: guest.",
    )


def test_nobody_is_guessed(tmp_path: Path) -> None:
    """Two of the same name are told apart by the instructor."""
    text = "id,name\n1,Ada Lovelace\n2,Lovelace Ada\n3,Bob\n"
    classroom = graded(tmp_path, text, "ada lovelace/a.py", "bob.py")
    ada = next(e for e in classroom.entries if e.key.startswith("ada"))
    assert ada.members == (Member(id="ada lovelace"),)
    assert [m.id for m in classroom.missing] == ["1", "2"]
    assert "ada lovelace may be any of 2 on the roster (1, 2)" in classroom.notes[0]


def test_an_id_comes_before_a_name(tmp_path: Path) -> None:
    """Somebody may be called like the login of somebody else."""
    text = "id,login,name\nx,ada,Bob\ny,bob,Ada\n"
    (entry,) = graded(tmp_path, text, "ada.py").entries
    assert entry.members[0].id == "x"


def test_two_submissions_of_one_member_are_told(tmp_path: Path) -> None:
    """Both are graded; which counts is the instructor's to say."""
    classroom = graded(tmp_path, PLAIN, "ada.py", "Ada Lovelace/a.py", "bob.py")
    assert len(classroom.entries) == 3
    assert classroom.missing == ()
    assert classroom.notes[0].startswith(
        "More than one submission is of the same member"
    )


def test_canvas_by_its_gradebook(tmp_path: Path) -> None:
    """By Canvas's id, and where the roster is another, by the name run together."""
    names = ("lovelaceada_42_1_scale.py", "anon_aB3xY_2_scale.py")
    classroom = graded(tmp_path, CANVAS, *names)
    ada = next(e for e in classroom.entries if e.key.startswith("lovelace")).members[0]
    assert (ada.id, ada.name, ada.columns["Section"]) == (
        "42",
        "Lovelace, Ada",
        "CS 1, CS 2",
    )
    assert [m.id for m in classroom.missing] == ["43"]
    other = graded(tmp_path, "id,name\nS9,Ada Lovelace\n", *names)
    ada = next(e for e in other.entries if e.key.startswith("lovelace")).members[0]
    # Canvas's own id stays: its gradebook takes no other.
    assert (ada.id, ada.name) == ("42", "Ada Lovelace")
    assert other.missing == ()


def test_moodle_by_its_worksheet(tmp_path: Path) -> None:
    """The number in the folder's name is the participant's."""
    file = "assignsubmission_file_/scale.py"
    classroom = graded(tmp_path, MOODLE, f"Somebody_12_{file}")
    assert classroom.entries[0].members[0].columns["Identifier"] == "Participant 12"
    assert classroom.entries[0].members[0].id == "12"
    # So are the ids of a gradebook all of one kind.
    assert [(m.id, m.name) for m in classroom.missing] == [("13", "Émile Zola")]
    # Marie Curie is not Anne-Marie Curie, although names of groups come with a hyphen.
    (tmp_path / "other").mkdir()
    other = graded(
        tmp_path / "other", "id,name\ns,Marie Curie\n", f"Anne-Marie Curie_9_{file}"
    )
    assert [m.name for m in other.missing] == ["Marie Curie"]


def test_groups_of_gradescope(tmp_path: Path) -> None:
    """Each member of a group is found by what the metadata say of them."""
    plant(tmp_path / "class", "submission_102/a.py", "submission_103/a.py")
    put(tmp_path / "class" / "submission_metadata.yml", GRADESCOPE.encode())
    text = (
        "Name,Email,SID,Section\n"
        "Мария Башкирцева,MARIA@example.org,77,A\n"
        "Emile Zola,,ZOLA,A\n"
        "Lovelace Ada,,,B\n"
    )
    classroom = read_class(tmp_path / "class", roster=saved(tmp_path, text))
    found = [[m.id for m in e.members] for e in classroom.entries]
    assert found == [["Lovelace Ada"], ["77", "ZOLA"], ["lost"]]
    assert classroom.missing == ()


def test_clones_by_the_username(tmp_path: Path) -> None:
    """Usernames have hyphens, and all may begin with the same word."""
    text = "identifier,github_username,name\ns1,team-ada,Ada\ns2,bob,Bob\ns3,ada,Eve\n"
    names = ("fft-team-ada/.git/config", "fft-team-bob/.git/config")
    classroom = graded(tmp_path, text, *names)
    assert classroom.layout == "github-classroom"
    assert [e.members[0].id for e in classroom.entries] == ["s1", "s2"]
    assert [m.id for m in classroom.missing] == ["s3"]
    (tmp_path / "other").mkdir()
    other = graded(tmp_path / "other", text, "fft-eve-ada/.git/x", "fft-bob/.git/x")
    assert [e.members[0].id for e in other.entries] == ["s2", "eve-ada"]
