"""Reading what somebody handed in: within limits, quickly, and never beyond its folder."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.classroom.intake import files as intake_files
from graders.harness.classroom.intake import read_class
from graders.harness.errors import UsageError
from graders.harness.submission import archive, find, opened
from tests.classroom.exports import PROGRAM, packed, plant, put
from tests.harness.notebook_files import SCALE, TOTAL, write

TOYS = Path(__file__).parents[1] / "harness" / "toys"


def handed(folder: Path) -> dict[str, bytes]:
    """Return what is read of the only submission of a class."""
    (entry,) = read_class(folder).entries
    return dict(entry.handed.read())


def refusal(folder: Path) -> str:
    """Return why the only submission of a class is not read, which is said quickly."""
    started = time.perf_counter()
    with pytest.raises(UsageError) as error:
        handed(folder)
    assert time.perf_counter() - started < 5
    assert "ada" in str(error.value)
    return str(error.value)


# ---------------------------------------------------------------- what is taken


def test_modules_and_notebooks_alone(tmp_path: Path) -> None:
    """As in a zip: no data, nothing hidden, no environment, nothing of a tool's."""
    taken = ["toys/scale.py", "total.ipynb", "Übung/-rf.py"]
    left = [
        "data.csv",
        ".ipynb_checkpoints/total-checkpoint.ipynb",
        ".venv/lib/x.py",
        "env/lib/python3.12/site.py",
        "env/pyvenv.cfg",
        "site-packages/numpy/core.py",
        "__pycache__/scale.py",
        "node_modules/x.py",
        "._scale.py",
        "old.zip",
    ]
    plant(tmp_path / "ada", *taken, *left)
    (tmp_path / "ada" / "env" / "lib64").symlink_to("lib")
    assert sorted(handed(tmp_path)) == sorted(taken)


def test_a_single_folder_at_the_top_is_entered(tmp_path: Path) -> None:
    """However many there are, and whatever lies beside them that is no program."""
    plant(tmp_path, "ada/homework/final/x/scale.py", "ada/homework/final/y/total.py")
    plant(tmp_path, "ada/README.md")
    assert list(handed(tmp_path)) == ["x/scale.py", "y/total.py"]


def test_zips_are_opened_where_there_is_nothing_else(tmp_path: Path) -> None:
    """Several of them together, each without the folder at its top."""
    put(tmp_path / "ada" / "a.zip", packed(("a/scale.py", "a/same.py")))
    put(tmp_path / "ada" / "deep" / "b.zip", packed(("total.py", "same.py")))
    put(tmp_path / "ada" / "data.zip", packed(("data.csv",)))
    assert list(handed(tmp_path)) == ["same.py", "scale.py", "total.py"]
    put(tmp_path / "ada" / "deep" / "b.zip", packed({"same.py": b"other = 1"}))
    assert "both hold 'same.py', which is not the same in both" in refusal(tmp_path)
    put(tmp_path / "ada" / "mine.py")
    assert list(handed(tmp_path)) == ["mine.py"]


def test_modules_come_before_those_in_zips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each file was uploaded by itself, and both count against the limits."""
    folder = tmp_path / "Ada_1_assignsubmission_file_"
    put(folder / "ada.zip", packed(("scale.py", "total.py")))
    put(folder / "scale.py", b"mine = 1")
    assert handed(tmp_path) == {"scale.py": b"mine = 1", "total.py": PROGRAM}
    put(folder / "apply.py")
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    with pytest.raises(UsageError, match="holds 3 modules and notebooks; at most 2"):
        handed(tmp_path)


def test_a_zip_is_read_as_it_is_opened(tmp_path: Path) -> None:
    """The same files as ``grade.py --submission`` sees."""
    names = ("top/toys/scale.py", "top/total.ipynb", "top/.x.py", "top/data.csv")
    put(tmp_path / "ada.zip", packed(names))
    with opened(tmp_path / "ada.zip") as folder:
        seen = {
            str(p.relative_to(folder)): p.read_bytes()
            for p in folder.rglob("*")
            if p.is_file()
        }
    assert handed(tmp_path) == seen


def test_the_same_is_found_as_in_the_original(tmp_path: Path) -> None:
    """Exercises, files, digests and what is said about them."""
    original = tmp_path / "class" / "ada"
    plant(original, "toys/scale.py", "toys/data.csv", "README.md")
    (original / "toys" / "nested").mkdir()
    write(original / "work.ipynb", SCALE, TOTAL)
    write(original / "toys" / "total.ipynb", TOTAL)
    copy = tmp_path / "copy"
    for name, content in handed(tmp_path / "class").items():
        put(copy / name, content)
    exercises = Catalog(TOYS).select(())
    there, here = (find(p, exercises, named=False) for p in (original, copy))
    assert there.notes == here.notes != []
    assert [
        (e.name, s.path.relative_to(original), s.digest) for e, s in there.work
    ] == [(e.name, s.path.relative_to(copy), s.digest) for e, s in here.work]


# ---------------------------------------------------------------- what is refused


def _socket(path: Path) -> None:
    """Make a socket; its path may have 107 bytes, so it is bound from its folder."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: (p / "scale.py").symlink_to("/etc/passwd"), "scale.py is a link"),
        (lambda p: (p / "scale.py").symlink_to("total.py"), "scale.py is a link"),
        (lambda p: (p / "toys").symlink_to("/etc"), "toys is a link"),
        (lambda p: (p / "loop").symlink_to("."), "loop is a link"),
        (lambda p: (p / "loop").symlink_to("loop"), "loop is a link"),
        (lambda p: (p / "scale.py").symlink_to("gone"), "scale.py is a link"),
        (lambda p: os.mkfifo(p / "scale.py"), "a pipe or a device"),
        (lambda p: _socket(p / "scale.py"), "a pipe or a device"),
        (lambda p: put(p / "a\nb.py"), "is a name that is not taken"),
        (lambda p: put(p / os.fsdecode(b"\xff.py")), "is a name that is not taken"),
        (lambda p: put(p / "/".join("abcdefghijklmn") / "x.py"), "deeper than 12"),
        (
            lambda p: put(p / "n.ipynb", bytes(21 * 2**20)),
            "has 21.0 MB, and at most 20",
        ),
    ],
    ids=[
        "link-out",
        "link-in",
        "folder-link",
        "loop",
        "knot",
        "dangling",
        "pipe",
        "socket",
        "newline",
        "bytes",
        "deep",
        "large",
    ],
)
def test_what_is_not_read(
    make: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    """It is said by its name; nothing is followed and nothing waited for."""
    plant(tmp_path / "ada", "total.py")
    make(tmp_path / "ada")
    assert told in refusal(tmp_path)


def test_links_and_pipes_that_are_no_program_are_passed_over(tmp_path: Path) -> None:
    """Data need not be handed in at all."""
    plant(tmp_path / "ada", "scale.py", "data.csv")
    (tmp_path / "ada" / "more.csv").symlink_to("data.csv")
    os.mkfifo(tmp_path / "ada" / "pipe")
    assert list(handed(tmp_path)) == ["scale.py"]


def test_gigabytes_are_not_touched(tmp_path: Path) -> None:
    """Data of any size lie there unread; a module of that size is refused by its size."""
    plant(tmp_path / "ada", "scale.py")
    for name in ("data.bin", "huge.py"):
        (tmp_path / "ada" / name).touch()
        os.truncate(tmp_path / "ada" / name, 10 * 2**30)  # a sparse file
    assert "10,240 MB of modules and notebooks; at most 100 MB" in refusal(tmp_path)
    (tmp_path / "ada" / "huge.py").unlink()
    assert list(handed(tmp_path)) == ["scale.py"]
    (tmp_path / "ada" / "data.bin").rename(tmp_path / "ada" / "data.zip")
    assert list(handed(tmp_path)) == ["scale.py"]
    (tmp_path / "ada" / "scale.py").unlink()
    assert "has 10,240.0 MB, and at most 100 MB" in refusal(tmp_path)


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one folder or in many, programs or anything."""
    plant(tmp_path / "ada", *(f"{n}.txt" for n in range(60)), "scale.py")
    monkeypatch.setattr(archive, "MAX_ENTRIES", 50)
    assert "holds more than 50 files and folders" in refusal(tmp_path)
    monkeypatch.setattr(archive, "MAX_ENTRIES", 70)
    assert list(handed(tmp_path)) == ["scale.py"]
    plant(tmp_path / "ada", *(f"deep/{n}.txt" for n in range(10)))
    assert "holds more than 70 files and folders" in refusal(tmp_path)
    monkeypatch.setattr(archive, "MAX_ENTRIES", 1_000)
    monkeypatch.setattr(archive, "MAX_FILES", 9)
    plant(tmp_path / "ada", *(f"deep/{n}.py" for n in range(10)))
    assert "holds 11 modules and notebooks; at most 9" in refusal(tmp_path)


def test_limits_are_of_all_zips_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one zip may not do, many may not either."""
    for number in range(5):
        names = tuple(f"{number}/{n}.py" for n in range(4))
        put(tmp_path / "ada" / f"{number}.zip", packed((*names, f"{number}.py")))
    opened_zips: list[str] = []
    real = archive.files_in
    with monkeypatch.context() as patch:
        patch.setattr(archive, "MAX_FILES", 9)
        patch.setattr(
            archive, "files_in", lambda s, c: opened_zips.append(s) or real(s, c)
        )
        assert "at most 9 are read" in refusal(tmp_path)
    assert len(opened_zips) == 2  # no more is taken into memory than is needed
    with monkeypatch.context() as patch:
        patch.setattr(archive, "MAX_TOTAL", 20 * len(PROGRAM))
        assert "MB of modules and notebooks" in refusal(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(archive, "MAX_ARCHIVE", 1_000)
        assert "MB are read" in refusal(tmp_path)
    monkeypatch.setattr(intake_files, "_MAX_ZIPS", 4)
    assert "holds 5 zips; at most 4 are opened" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no zip file, or a damaged one"),
        (packed(("scale.py",))[:-5], "no zip file, or a damaged one"),
        (packed(("../scale.py",)), "leads out of the folder"),
        (packed({"scale.py": b" " * (15 * 2**20)}), "grows"),
        (packed({"x.py": b"", "x.py/y.py": b""}), "is both a file and a folder"),
        (packed(("data.csv",)), "holds no module"),
        (packed({"inner.zip": packed(("scale.py",))}), "Archives in archives"),
    ],
    ids=["empty", "cut", "out", "bomb", "both", "data", "nested"],
)
def test_zips_that_are_not_read(content: bytes, told: str, tmp_path: Path) -> None:
    """The rules are those of a zip that is graded by itself."""
    put(tmp_path / "ada.zip", content)
    assert told in refusal(tmp_path)


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or a file without permission is said, and so is one that is gone."""
    plant(tmp_path / "ada", "scale.py")
    (entry,) = read_class(tmp_path).entries
    scandir, real_open = os.scandir, os.open

    def refuse(path: object, *rest: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    def refuse_ada(path: str) -> object:
        return refuse(path) if Path(path).name == "ada" else scandir(path)

    monkeypatch.setattr(os, "scandir", refuse_ada)
    assert [e.key for e in read_class(tmp_path).entries] == ["ada"]
    with pytest.raises(UsageError, match=r"ada cannot be read: Permission denied"):
        entry.handed.read()
    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError, match=r"scale\.py cannot be read: Permission"):
        entry.handed.read()
    monkeypatch.setattr(os, "open", real_open)
    (tmp_path / "ada" / "scale.py").unlink()
    (tmp_path / "ada").rmdir()
    with pytest.raises(UsageError, match="ada cannot be read: No such file"):
        entry.handed.read()
