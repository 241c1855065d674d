"""Which layout a class's folder has, and what is in it: exports of platforms and others."""

from __future__ import annotations

import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graders.harness.classroom import intake
from graders.harness.classroom.intake import LAYOUTS, read_class, tree
from graders.harness.classroom.intake.zip_tree import opened_tree
from graders.harness.errors import UsageError
from tests.classroom.exports import (
    CANVAS,
    PROGRAM,
    by_key,
    files,
    packed,
    plant,
    put,
    zipped,
)

# ---------------------------------------------------------------- folders


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    """Folders, zips, notebooks and modules are each the submission of somebody."""
    plant(tmp_path, "ada/toys/scale.py", "bob.zip", "cyd.ipynb", "dee.py", "dee.ipynb")
    classroom = read_class(tmp_path)
    assert classroom.layout == "folders"
    assert files(classroom) == {
        "ada": ["scale.py"],
        "bob": ["scale.py"],
        "cyd": ["cyd.ipynb"],
        "dee": ["dee.ipynb", "dee.py"],
    }
    assert [m.id for e in classroom.entries for m in e.members] == [
        "ada",
        "bob",
        "cyd",
        "dee",
    ]
    assert classroom.strays == classroom.notes == ()


def test_a_zip_is_as_its_folder(tmp_path: Path) -> None:
    """With the folder at its top or without it, and learners' zips in it."""
    folder = plant(tmp_path / "class", "ada/x/scale.py", "bob.zip", "ada/y/total.py")
    flat = read_class(zipped(folder))
    nested = tmp_path / "class (1).zip"
    nested.write_bytes(
        packed({f"class/{p.relative_to(folder)}": p.read_bytes()
                for p in folder.rglob("*") if p.is_file()})
    )  # fmt: skip
    expected = {"ada": ["x/scale.py", "y/total.py"], "bob": ["scale.py"]}
    assert files(read_class(folder)) == expected
    assert files(flat) == expected
    assert files(read_class(nested)) == expected


def test_one_learner_is_a_class_too(tmp_path: Path) -> None:
    """The only folder is theirs, in a zip as well."""
    plant(tmp_path / "plain", "ada/toys/scale.py", "ada/other/total.py")
    name = "Ada_12_assignsubmission_file_"
    plant(tmp_path / "moodle", f"{name}/toys/scale.py")
    for path in (tmp_path / "plain", tmp_path / "moodle"):
        key = "ada" if path.name == "plain" else "ada-12"
        assert list(files(read_class(path))) == [key]
        assert list(files(read_class(zipped(path)))) == [key]


NFC, NFD = "Zo\u00eb", "Zoe\u0308"


@pytest.mark.parametrize(
    ("layout", "below"), [("folders", ""), ("github-classroom", ""), ("nbgrader", "x/")]
)
def test_names_in_two_forms_of_unicode_are_attempts_of_one_member(
    tmp_path: Path, layout: str, below: str
) -> None:
    """They look the same: none gets lost in the other, and it is said of both."""
    for name, text in ((NFC, b"first"), (NFD, b"second")):
        put(tmp_path / name / f"{below}scale.py", text)
    put(tmp_path / "ada" / f"{below}scale.py", b"other")
    classroom = read_class(tmp_path, layout=layout)
    assert classroom.strays == ()
    ada, *attempts = classroom.entries
    assert (len(attempts), ada.notes) == (2, ())
    assert {e.handed.read()["scale.py"] for e in attempts} == {b"first", b"second"}
    assert len({m.id for e in attempts for m in e.members}) == 1
    for number, entry in enumerate(sorted(attempts, key=lambda e: len(e.key)), 1):
        (note,) = entry.notes
        assert "is there 2 times, in names that look the same" in note
        assert f"this is number {number}. Each is graded" in note


def test_files_of_one_name_in_two_forms_are_of_one_learner(tmp_path: Path) -> None:
    """Where they are not the same file: the notebook beside the module, say."""
    plant(tmp_path, f"{NFC}.py", f"{NFD}.ipynb", f"{NFC}.zip")
    (entry,) = read_class(tmp_path).entries
    assert entry.notes == ()
    plant(tmp_path, f"{NFD}.py")
    assert len(read_class(tmp_path).entries) == 2


def test_a_folder_comes_before_the_zip_that_it_was_in(tmp_path: Path) -> None:
    """They are of one learner, and it is said which counts."""
    plant(tmp_path, "ada/toys/total.py", "ada.zip")
    (entry,) = read_class(tmp_path).entries
    assert list(entry.handed.read()) == ["total.py"]
    assert entry.notes == ("ada.zip was not read: the folder of the same name counts.",)


def test_strays_are_told(tmp_path: Path) -> None:
    """Each with its reason; what systems leave behind is passed over."""
    plant(tmp_path, "ada/scale.py", "grades.csv", ".git/config", "__MACOSX/._ada")
    plant(
        tmp_path, ".DS_Store", "Thumbs.db", "desktop.ini", "._ada", "__pycache__/a.pyc"
    )
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "out.py").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.py")
    classroom = read_class(tmp_path)
    assert set(by_key(classroom)) == {"ada"}
    assert set(classroom.strays) == {
        ".git: it is hidden",
        "__pycache__: Python left it there",
        "grades.csv: no folder, zip, module or notebook",
        "loop: it is a link, which is not followed",
        "out.py: it is a link, which is not followed",
        "pipe.py: it is a pipe or a device",
    }


def test_results_in_the_same_folder_are_no_submission(tmp_path: Path) -> None:
    """A second run would grade the first one's files."""
    plant(tmp_path, "ada.py", "out/journal.jsonl", "out/results/ada.json")
    plant(tmp_path, "out/reports/ada.html")
    classroom = read_class(tmp_path)
    assert set(by_key(classroom)) == {"ada"}
    assert classroom.strays == ("out: it holds the results of a grading",)


def test_an_archive_that_is_not_opened_is_a_submission(tmp_path: Path) -> None:
    """Somebody handed it in, so somebody has to look at it."""
    plant(tmp_path, "ada.tar.gz", "bob.rar")
    found = files(read_class(tmp_path))
    assert "but 'ada.tar.gz'. Only zips are opened." in found["ada"][0]
    assert "'bob.rar'" in found["bob"][0]


def test_an_empty_folder_is_a_submission(tmp_path: Path) -> None:
    """Its owner is not lost, and its reading says what is wrong."""
    (tmp_path / "ada").mkdir()
    plant(tmp_path, "bob/notes.pdf")
    found = files(read_class(tmp_path))
    assert found["ada"][0].endswith("(.ipynb): there is nothing in it.")
    assert found["bob"][0].endswith("(.ipynb), but 'notes.pdf'.")


def test_what_looks_like_one_submission_is_said(tmp_path: Path) -> None:
    """A folder too high, and a folder too low."""
    plant(tmp_path / "all", "class/ada/scale.py", "class/bob/scale.py")
    assert str(tmp_path / "all" / "class") in read_class(tmp_path / "all").notes[0]
    plant(tmp_path / "one", "scale.py", "total.py")
    assert "grade.py --submission" in read_class(tmp_path / "one").notes[0]


# ---------------------------------------------------------------- which layout


def test_a_layout_can_be_forced(tmp_path: Path) -> None:
    """Then names are taken as it has them, and what does not fit is a stray."""
    plant(tmp_path, *CANVAS, "other.py")
    assert "other.py: " in read_class(tmp_path, layout="canvas").strays[0]
    plain = read_class(tmp_path, layout="folders")
    assert len(plain.entries) == len([n for n in CANVAS if "html" not in n]) + 1
    with pytest.raises(UsageError, match="no submissions in the layout 'moodle'"):
        read_class(tmp_path, layout="moodle")
    with pytest.raises(UsageError, match="Choose one of folders, gradescope, moodle"):
        read_class(tmp_path, layout="blackbord")


@pytest.mark.parametrize("layout", ["", *LAYOUTS])
def test_an_empty_folder_is_an_empty_class(layout: str, tmp_path: Path) -> None:
    """Nobody has handed in yet: all of the roster are missing."""
    put(tmp_path / "roster.csv", b"id,name\n1,Ada\n")
    (folder := tmp_path / "class").mkdir()
    classroom = read_class(folder, roster=tmp_path / "roster.csv", layout=layout)
    assert classroom.entries == ()
    assert [m.name for m in classroom.missing] == ["Ada"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_refuses_what_is_not_its_own(layout: str, tmp_path: Path) -> None:
    """In words, and never with an exception of another kind."""
    plant(tmp_path, "notes.txt")
    with pytest.raises(UsageError, match=r"holds no submissions.*notes\.txt"):
        read_class(tmp_path, layout=layout)


def test_what_is_ambiguous_is_said(tmp_path: Path) -> None:
    """Most of the names decide, and the others are told."""
    plant(tmp_path / "most", "ada_1_2_scale.py", "bob_2_3_scale.py", "cyd.py")
    classroom = read_class(tmp_path / "most")
    assert classroom.layout == "canvas"
    assert classroom.notes == (
        "Read as canvas, by 2 of 3 names; the others are strays.",
    )
    assert classroom.strays[0].startswith("cyd.py: ")
    plant(tmp_path / "few", "ada_1_2_scale.py", "bob.py", "cyd.py")
    classroom = read_class(tmp_path / "few")
    assert classroom.layout == "folders"
    assert "--layout canvas" in classroom.notes[0]
    assert len(classroom.entries) == 3
    ada = "Ada_1_assignsubmission_file_x.py"
    plant(tmp_path / "both", ada, "bob_2_3_scale.py")
    assert "it could be canvas as well" in " ".join(read_class(tmp_path / "both").notes)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "there is no such folder"),
        (lambda path: path.write_bytes(PROGRAM), "is no folder of submissions"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: os.mkfifo(path), "is no folder of submissions"),
    ],
    ids=["nothing", "file", "loop", "pipe"],
)
def test_paths_that_are_no_class(make: object, told: str, tmp_path: Path) -> None:
    """What was seen is said at once; nothing is waited for."""
    path = tmp_path / "class"
    make(path)  # type: ignore[operator]
    with pytest.raises(UsageError, match=told):
        read_class(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", packed(("a/x.py",))[:-9]])
def test_a_damaged_zip_of_a_class(content: bytes, tmp_path: Path) -> None:
    """It is said to be one."""
    put(tmp_path / "class.zip", content)
    with pytest.raises(UsageError, match="no zip file, or a damaged one"):
        read_class(tmp_path / "class.zip")


def test_a_zip_of_a_class_is_nothing_to_be_afraid_of(tmp_path: Path) -> None:
    """A bomb, a link and a path that leads out are each their learner's trouble alone."""
    path = tmp_path / "class.zip"
    link = zipfile.ZipInfo("eve/scale.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/scale.py", PROGRAM)
        archive.writestr("bomb/scale.py", b" " * (15 * 2**20))
        archive.writestr("../out/scale.py", PROGRAM)
        archive.writestr("/root.py", PROGRAM)
        archive.writestr(link, "/etc/passwd")
    found = files(read_class(path))
    assert found["ada"] == ["scale.py"]
    assert "grows" in found["bomb"][0]
    assert "is a link" in found["eve"][0]
    assert found["root"] == ["root.py"]
    assert not (tmp_path / "out").exists()


def test_a_zip_is_read_by_many_at_once(tmp_path: Path) -> None:
    """Submissions are read in threads, out of one file."""
    content = {f"s{n}/x.py": f"number = {n}".encode() * 5_000 for n in range(40)}
    put(tmp_path / "class.zip", packed(content))
    entries = read_class(tmp_path / "class.zip").entries
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda e: e.handed.read(), entries))
    assert read == [{"x.py": content[f"{e.key}/x.py"]} for e in entries]


def test_a_file_in_a_zip_has_its_limit_too(tmp_path: Path) -> None:
    """Metadata as well as programs."""
    put(tmp_path / "class.zip", packed({"a": bytes(3 * 2**20)}))
    node = opened_tree(tmp_path / "class.zip").child("a")
    assert node is not None
    with pytest.raises(UsageError, match=r"has 3\.0 MB, and at most 2 MB are read"):
        node.read(2 * 2**20)


def test_names_that_zips_do_not_declare(tmp_path: Path) -> None:
    """macOS writes UTF-8 without saying so."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Zoe\u0308/scale.py", PROGRAM)
        archive.writestr("bob/scale.py", PROGRAM)
    content = path.read_bytes().replace("Zoe\u0308".encode(), b"Zoe\xcc\x88")
    marks = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = marks.find(mark)
        marks[at + offset + 1] &= ~0x08
    path.write_bytes(bytes(marks))
    members = [m.id for e in read_class(path).entries for m in e.members]
    assert "Zo\u00eb" in members


# ---------------------------------------------------------------- many


def test_a_great_many_strays_are_counted(tmp_path: Path) -> None:
    """The first of them are named, in little time."""
    for number in range(2_000):
        (tmp_path / f"{number:05d}.txt").touch()
    plant(tmp_path, "ada.py")
    started = time.perf_counter()
    classroom = read_class(tmp_path)
    assert time.perf_counter() - started < 3  # 0.1 s on an idle core
    assert len(classroom.strays) == 201
    assert classroom.strays[-1] == "and 1,800 more files and folders"


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With figures, before anything is read."""
    plant(tmp_path, *(f"{number}.py" for number in range(30)))
    monkeypatch.setattr(intake, "_MAX_SUBMISSIONS", 20)
    with pytest.raises(UsageError, match="holds 30 submissions; at most 20"):
        read_class(tmp_path)
    (archive := tmp_path / "x.zip").write_bytes(packed(tuple(map(str, range(30)))))
    monkeypatch.setattr(tree, "MOST_LISTED", 20)
    with pytest.raises(UsageError, match="more than 20 files"):
        read_class(archive)


def test_nothing_is_read_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of large submissions are listed without opening one."""
    plant(tmp_path, "ada/scale.py", "bob.zip", "cyd.ipynb")
    opened: list[object] = []
    monkeypatch.setattr(tree, "read_plain", lambda *a: opened.append(a))
    assert len(read_class(tmp_path).entries) == 3
    assert opened == []


def test_one_more_submission_changes_no_key(tmp_path: Path) -> None:
    """A run that goes on tomorrow finds what it wrote today."""
    names = ["Ada Lovelace/a.py", "ada lovelace/a.py", "bob.zip", "B.py", "王小明/a.py"]
    seen: dict[str, str] = {}
    for name in names:
        plant(tmp_path, name)
        keys = {e.members[0].id: e.key for e in read_class(tmp_path).entries}
        assert seen.items() <= keys.items()
        seen = keys
    assert len({key.casefold() for key in seen.values()}) == len(names)
