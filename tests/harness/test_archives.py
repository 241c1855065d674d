"""Opening zips: those that learners make, and those that somebody made on purpose."""

from __future__ import annotations

import os
import resource
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from graders.harness.errors import UsageError
from graders.harness.submission import archive, opened

Writer = Callable[[zipfile.ZipFile], object]
PROGRAM = b"def scale(image, factor):\n    return image * factor\n"


@pytest.fixture(autouse=True)
def temporaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for temporary ones, so that what is left shows."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """Where the zip goes."""
    return tmp_path / "work.zip"


def pack(path: Path, *names: str) -> Path:
    """Write a zip with a small program under each name."""
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, PROGRAM)
    return path


def test_an_entry_without_a_name_is_damage(upload: Path) -> None:
    pack(upload, "scale.py", "q")
    data = upload.read_bytes()
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    named = data[at : at + 46 + 1]
    nameless = named[:28] + b"\0\0" + named[30:46]
    end = bytearray(data[at + 47 :])
    size = struct.unpack_from("<I", end, 12)[0]
    struct.pack_into("<I", end, 12, size - 1)
    upload.write_bytes(data[:at] + nameless + bytes(end))
    with pytest.raises(UsageError, match="no zip file, or a damaged one"):
        contents(upload)


def contents(path: Path) -> list[str]:
    """Return what is found in a zip that is opened."""
    with opened(path) as folder:
        files = [p for p in folder.rglob("*") if p.is_file()]
        assert all(stat.S_ISREG(p.lstat().st_mode) for p in files)
        return sorted(str(p.relative_to(folder)) for p in files)


def refusal(path: Path) -> str:
    """Return why a zip is not opened."""
    with pytest.raises(UsageError) as error, opened(path):
        pass
    assert str(path) in str(error.value)
    return str(error.value)


# ---------------------------------------------------------------- learners' zips


def test_modules_and_notebooks_are_taken_out(upload: Path, temporaries: Path) -> None:
    """With their bytes, into a folder that is removed afterwards."""
    pack(upload, "toys/scale.py", "work.ipynb")
    with opened(upload) as folder:
        assert (folder / "toys" / "scale.py").read_bytes() == PROGRAM
        assert (folder / "work.ipynb").read_bytes() == PROGRAM
        assert folder.is_relative_to(temporaries)
    assert not list(temporaries.iterdir())


def test_the_folder_is_removed_after_a_fault(upload: Path, temporaries: Path) -> None:
    """Whatever happens to the grading."""
    pack(upload, "scale.py")
    with pytest.raises(KeyboardInterrupt), opened(upload):
        raise KeyboardInterrupt
    assert not list(temporaries.iterdir())


@pytest.mark.parametrize("top", ["homework 1/", "a/b/c/", "assignments/", "toys/"])
def test_a_single_top_folder_is_entered(top: str, upload: Path) -> None:
    """Most tools pack the folder, not what is in it."""
    assert contents(pack(upload, f"{top}x/scale.py", f"{top}w.ipynb")) == [
        "w.ipynb",
        "x/scale.py",
    ]


def test_what_systems_leave_is_not_taken_out(upload: Path) -> None:
    """Nor data, environments and whatever else is no program."""
    names = [
        "work.ipynb",
        "__MACOSX/._work.ipynb",
        ".DS_Store",
        "._scale.py",
        ".ipynb_checkpoints/work-checkpoint.ipynb",
        ".venv/lib/x.py",
        "venv/lib/site-packages/numpy/core.py",
        "__pycache__/scale.py",
        "data.csv",
        "inner.zip",
        "scale.pyc",
    ]
    assert contents(pack(upload, *names)) == ["work.ipynb"]


def test_names_of_windows_and_of_other_languages(upload: Path) -> None:
    """Backslashes are folders; names need not be English."""
    pack(upload, "toys\\scale.py", "b/Übung.ipynb", "b/-rf.py")
    assert contents(upload) == ["b/-rf.py", "b/Übung.ipynb", "toys/scale.py"]


def test_other_paths_are_left_as_they_are(tmp_path: Path) -> None:
    """A folder, a module, what is not there, a folder that is called like a zip."""
    folder = tmp_path / "folder.zip"
    folder.mkdir()
    for path in (folder, tmp_path, tmp_path / "a.py", tmp_path / "gone.zip"):
        with opened(path) as same:
            assert same == path


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name",
    [
        "../outside.py",
        "a/../../outside.py",
        "a/../outside.py",
        "/tmp/outside.py",
        "..\\outside.py",
        "C:\\outside.py",
        "C:/outside.py",
        "../outside.txt",
        "//host/outside.py",
    ],
)
def test_no_name_leads_out(name: str, upload: Path, tmp_path: Path) -> None:
    """Not even one of a file that would not be taken out."""
    pack(upload, "scale.py", name)
    before = sorted(tmp_path.rglob("*"))
    assert "leads out of the folder" in refusal(upload)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "names",
    [
        ("a.py", "a.py"),
        ("./a.py", "a.py"),
        ("a.py", "a.py/b.py"),
        ("a.py/b.py", "a.py"),
        ("a\nb.py",),
        ("\x1b[31m.py",),
        ("n" * 256 + ".py",),
        ("/".join("d" * 20) + "/a.py",),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_odd_names_are_refused(names: tuple[str, ...], upload: Path) -> None:
    """Twice the same, a file that is a folder, names that no terminal shows."""
    said = refusal(pack(upload, *names))
    assert any(s in said for s in ("twice", "both a file and", "a name that is not"))


def _entry(name: str, mode: int, system: int = 3) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = system
    entry.external_attr = mode << 16
    return entry


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (stat.S_IFLNK | 0o777, "is a link"),
        (stat.S_IFIFO | 0o644, "is no ordinary file"),
        (stat.S_IFCHR | 0o644, "is no ordinary file"),
        (stat.S_IFSOCK | 0o644, "is no ordinary file"),
    ],
)
def test_links_and_devices_are_refused(mode: int, said: str, upload: Path) -> None:
    """A link could lead to a solution."""
    with zipfile.ZipFile(upload, "w") as file:
        file.writestr(_entry("scale.py", mode), "/etc/passwd")
    assert said in refusal(upload)


def test_a_link_to_a_folder_is_not_made(upload: Path, tmp_path: Path) -> None:
    """What lies behind it by name lands in a folder of its own."""
    with zipfile.ZipFile(upload, "w") as file:
        file.writestr(_entry("toys", stat.S_IFLNK | 0o777), str(tmp_path))
        file.writestr("toys/scale.py", PROGRAM)
        file.writestr("a.py", PROGRAM)
    assert contents(upload) == ["a.py", "toys/scale.py"]
    assert not (tmp_path / "scale.py").exists()


# ---------------------------------------------------------------- sizes


def test_many_files_are_refused(upload: Path) -> None:
    """Programs that would be taken out, and entries that would only be looked at."""
    assert "holds 1,001 modules" in refusal(
        pack(upload, *(f"{n}.py" for n in range(1001)))
    )
    content = upload.read_bytes() + b"PK\x01\x02" * 20_000
    upload.write_bytes(content)
    assert "at most 20,000 are looked at" in refusal(upload)


def _bomb(path: Path, size: int, name: str = "scale.py") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(name, b" " * size)
    return path


def test_a_bomb_is_not_opened(upload: Path) -> None:
    """A file that grows too much, and one that is too large."""
    assert "-fold when it is opened" in refusal(_bomb(upload, 8 * 2**20))
    assert "has 21.0 MB; at most 20 MB" in refusal(_bomb(upload, 21 * 2**20))


def test_all_files_together_are_bounded(
    upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, and each small enough."""
    monkeypatch.setattr(archive, "MAX_TOTAL", 3 * 2**20)
    noise = os.urandom(2**20)
    with zipfile.ZipFile(upload, "w") as file:
        for number in range(3):
            file.writestr(f"{number}.py", noise)
    assert len(contents(upload)) == 3
    with zipfile.ZipFile(upload, "a") as file:
        file.writestr("3.ipynb", noise)
    assert "holds 4 MB of modules and notebooks" in refusal(upload)


def test_a_size_is_only_a_claim(upload: Path) -> None:
    """An entry that says it is small is not inflated beyond that."""
    _bomb(upload, 2**28)
    data = bytearray(upload.read_bytes())
    lie = struct.pack("<L", 1000)
    head = data.index(b"PK\x01\x02")
    data[head + 24 : head + 28] = lie
    data[22:26] = lie
    upload.write_bytes(data)

    def within_bounds() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, used + 2**27))
        assert "damaged" in refusal(upload)

    process = get_context("fork").Process(target=within_bounds)
    process.start()
    process.join(20)
    assert process.exitcode == 0


# ---------------------------------------------------------------- no zips


def _damaged(path: Path) -> None:
    content = bytearray(pack(path, "scale.py").read_bytes())
    content[50:60] = b"0123456789"
    path.write_bytes(content)


def _encrypted(path: Path) -> None:
    content = bytearray(pack(path, "scale.py").read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def _lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("scale.py", PROGRAM)


def _nested(path: Path) -> None:
    inner = pack(path.with_name("inner.zip"), "scale.py")
    with zipfile.ZipFile(path, "w") as file:
        file.write(inner, "inner.zip")


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**33)


NO_ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda p: p.write_text("hello"), "is no zip file, or a damaged one"),
    "empty file": (lambda p: p.touch(), "is no zip file, or a damaged one"),
    "cut": (lambda p: p.write_bytes(pack(p, "a.py").read_bytes()[:60]), "is no zip"),
    "damaged": (_damaged, "is no zip file, or a damaged one"),
    "encrypted": (_encrypted, "'scale.py' is encrypted"),
    "lzma": (_lzma, "compressed in a way that is not read"),
    "nested": (_nested, "but 'inner.zip'. Archives in archives are not opened"),
    "nothing in it": (pack, "holds no module (.py) and no notebook (.ipynb)"),
    "data only": (lambda p: pack(p, "a.csv"), "holds no module (.py)"),
    "pipe": (os.mkfifo, "is a pipe or a device"),
    "hole": (_hole, "has 8,192.0 MB, and at most 100 MB"),
}


@pytest.mark.parametrize("name", NO_ZIPS)
def test_what_cannot_be_opened_is_said(
    name: str, upload: Path, temporaries: Path
) -> None:
    """Each with what to do, and nothing is left."""
    make, said = NO_ZIPS[name]
    make(upload)
    assert said in refusal(upload)
    assert not list(temporaries.iterdir())


def test_a_full_disk_is_ours(upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the learner's fault."""
    pack(upload, "scale.py")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with (
        pytest.raises(archive.EnvironmentUnavailable, match="Make room there"),
        opened(upload),
    ):
        pass
