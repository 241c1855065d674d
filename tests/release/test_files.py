"""Bundles as folders and zips: the same each time, and never over somebody's work."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from graders.harness import cli
from graders.harness.errors import CatalogError, UsageError
from graders.harness.release.files import (
    BundleFile,
    digests,
    read_tree,
    text_file,
    write_folder,
    write_zip,
)
from graders.harness.release.manifest import NAME, Manifest


def made(*files: BundleFile) -> list[BundleFile]:
    manifest = Manifest(kind="learners", version="1", files=digests(files))
    return [*files, text_file(NAME, manifest.to_text())]


A = text_file("a.txt", "a\n")
B = text_file("deep/er/b.sh", "b\n", executable=True)


def test_a_folder_is_written_with_modes(tmp_path: Path) -> None:
    write_folder(tmp_path / "new", made(A, B))
    assert (tmp_path / "new" / "a.txt").read_text() == "a\n"
    assert (tmp_path / "new" / "deep/er/b.sh").stat().st_mode & 0o777 == 0o755


def test_an_earlier_bundle_is_replaced(tmp_path: Path) -> None:
    """What it no longer has goes, empty folders too; what others put there stays."""
    write_folder(tmp_path, made(A, B))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("mine")
    write_folder(tmp_path, made(text_file("a.txt", "new\n")))
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*"))
    assert names == [".git", ".git/config", "a.txt", NAME]
    assert (tmp_path / "a.txt").read_text() == "new\n"


@pytest.mark.parametrize("name", ["notes.txt", NAME])
def test_somebody_elses_folder_is_left_alone(name: str, tmp_path: Path) -> None:
    """A folder that is not empty and holds no bundle; a file of that name is none."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="is not empty, and holds no bundle"):
        write_folder(tmp_path, made(A))
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_work_in_a_bundle_is_left_alone(tmp_path: Path) -> None:
    """A file that was changed, and one that stands where a new one would come."""
    write_folder(tmp_path, made(A))
    (tmp_path / "a.txt").write_text("my work")
    with pytest.raises(UsageError, match=r"a\.txt is not as a bundle left it"):
        write_folder(tmp_path, made(A))
    assert (tmp_path / "a.txt").read_text() == "my work"
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep/er/b.sh").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.sh is not as a bundle left it"):
        write_folder(tmp_path, made(A, B))
    assert (tmp_path / "deep/er/b.sh").read_text() == "mine"


def test_a_manifest_leads_nowhere_else(tmp_path: Path) -> None:
    """A forged manifest has no file outside the folder removed."""
    outside = tmp_path / "outside.txt"
    outside.write_text("a\n")
    folder = tmp_path / "bundle"
    folder.mkdir()
    forged = Manifest(
        kind="learners",
        version="1",
        files=digests([text_file("../outside.txt", "a\n")]),
    )
    (folder / NAME).write_text(forged.to_text())
    with pytest.raises(UsageError, match=r"outside\.txt"):
        write_folder(folder, made(A))
    assert outside.exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        write_folder(tmp_path / "x", made(A))


def test_a_zip_has_modes_and_replaces_only_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    write_zip(path, made(B))
    with zipfile.ZipFile(path) as archive:
        (entry,) = (e for e in archive.infolist() if e.filename == B.path)
        assert entry.external_attr >> 16 == 0o100755
        assert entry.create_system == 3
    write_zip(path, made(A))
    for mine in (b"my notes", b"PK\x05\x06" + bytes(18)):
        path.write_bytes(mine)
        with pytest.raises(UsageError, match="is no bundle"):
            write_zip(path, made(A))
        assert path.read_bytes() == mine
    assert [p.name for p in tmp_path.iterdir()] == ["b.zip"]


def test_left_over_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.py", "__pycache__/a.pyc", ".hidden", "x.egg-info/y", "build/z"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text("")
    assert [f.path for f in read_tree(tmp_path, "tree")] == ["tree/a.py"]
    (tmp_path / "tree" / "link").symlink_to(tmp_path)
    with pytest.raises(CatalogError, match="is a link"):
        list(read_tree(tmp_path, "tree"))


def test_names_are_for_platforms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Learners get all exercises; an unknown name is said before anything is made."""
    assert cli.main(["release", str(tmp_path / "b"), "sepia_blur"]) == 4
    assert "holds all exercises" in capsys.readouterr().err
    words = ["release", "--platform", "gradescope", str(tmp_path / "b.zip"), "sepia"]
    assert cli.main(words) == 4
    assert "sepia" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that ends in .zip gives a zip with one folder in it; learners' by default."""
    assert cli.main(["release", str(tmp_path / "b.zip")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "for learners: no solution and no hidden check is in it" in said
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"gpu-exercises"}
