"""Whose program was saved, however an editor saves; and that the system tells."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import watchfiles
from nbformat.v4 import new_code_cell, new_notebook

from graders.harness.catalog import Catalog
from graders.harness.errors import UsageError
from graders.harness.watching import files as files_module
from graders.harness.watching.files import Files, Saved, Watcher

SCALE, TOTAL, APPLY = "toys/scale", "toys/total", "toys/apply"
PROGRAM = "def scale(image, factor):\n    return image * {}\n"

Make = Callable[..., Files]


@pytest.fixture
def folder(toys: Catalog, tmp_path: Path) -> Path:
    """A copy of the toys' stubs, laid out like ``assignments/``."""
    shutil.copytree(toys.root / "assignments", tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def make(toys: Catalog, folder: Path) -> Make:
    """A function that begins to watch the copy, or something else."""

    def begin(submission: Path = folder, *names: str) -> Files:
        return Files(submission, toys.select(names), named=bool(names))

    return begin


def programs(files: Files) -> tuple[str, ...]:
    return files.look().programs


def settled(files: Files) -> Saved:
    """Look until nothing may be about to be written any more."""
    until = time.monotonic() + 5
    while not (found := files.look(thorough=False)) and files.unsettled:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------------------- editors


def _in_place(path: Path, text: str) -> None:  # VS Code, nano
    path.write_text(text)


def _through_another(path: Path, text: str) -> None:  # JetBrains, gedit, sed -i
    beside = path.with_name(f"{path.name}___jb_tmp___")
    beside.write_text(text)
    beside.replace(path)


def _with_backup(path: Path, text: str) -> None:  # vim, emacs
    path.rename(path.with_name(f"{path.name}~"))
    path.write_text(text)


def _without_it_first(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


@pytest.mark.parametrize(
    "save", [_in_place, _through_another, _with_backup, _without_it_first]
)
def test_editors(save: Callable[[Path, str], None], folder: Path, make: Make) -> None:
    """Each save is found once, whatever the editor does, and no other exercise's."""
    files = make()
    for factor in (2, 3):
        save(folder / "toys" / "scale.py", PROGRAM.format(factor))
        assert files.look() == Saved((SCALE,))
        assert not files.look()


@pytest.mark.parametrize("between", ["removed", "emptied"])
def test_half_saved(between: str, folder: Path, make: Make) -> None:
    """Between two steps of an editor the file is away or empty: that is no save."""
    files = make()
    path = folder / "toys" / "scale.py"
    path.unlink() if between == "removed" else path.write_text("")
    assert not files.look()
    assert files.unsettled
    path.write_text(PROGRAM.format(2))
    assert programs(files) == (SCALE,)
    assert not files.unsettled


@pytest.mark.parametrize("between", ["removed", "emptied"])
def test_left_so(between: str, folder: Path, make: Make) -> None:
    """After a moment it is a save like any other, and so is its return."""
    files = make()
    path = folder / "toys" / "scale.py"
    path.unlink() if between == "removed" else path.write_text("")
    assert settled(files) == Saved((SCALE,))
    assert not files.unsettled
    assert not files.look()
    path.write_text(PROGRAM.format(2))
    assert programs(files) == (SCALE,)


def test_moved_away_and_back(folder: Path, make: Make) -> None:
    """The same file at the same place: nothing was saved."""
    files = make()
    path = folder / "toys" / "scale.py"
    path.rename(folder / "kept")
    assert not files.look()
    (folder / "kept").rename(path)
    assert not files.look()
    assert not files.unsettled


def test_growing_file_is_saved_again(folder: Path, make: Make) -> None:
    """Each piece of a file that is written in pieces counts: the last one wins."""
    files = make()
    path = folder / "toys" / "scale.py"
    text = PROGRAM.format(2)
    path.write_text(text[:20])
    assert programs(files) == (SCALE,)
    path.write_text(text)
    assert programs(files) == (SCALE,)


def test_digest_is_that_of_the_save(folder: Path, make: Make) -> None:
    """Also where the save was found without searching."""
    files = make()
    before = files.work[SCALE][1].digest
    (folder / "toys" / "scale.py").write_text(PROGRAM.format(2))
    files.look(thorough=False)
    assert files.work[SCALE][1].digest not in ("", before)


# -------------------------------------------------------------------- what is watched


def test_other_files_are_no_save(folder: Path, make: Make) -> None:
    files = make()
    for name in (".scale.py.swp", "4913", "notes.txt", "scale.py~", "scale.pyc"):
        (folder / "toys" / name).write_text("x")
    assert not files.look()


def test_exercises_that_were_not_named(folder: Path, make: Make) -> None:
    files = make(folder, "scale")
    (folder / "toys" / "total.py").write_text("x = 1\n")
    assert not files.look()


def test_single_module(folder: Path, make: Make) -> None:
    module = folder / "toys" / "scale.py"
    files = make(module)
    module.write_text(PROGRAM.format(2))
    assert files.look() == Saved((SCALE,))
    assert files.folders() == {folder / "toys"}


@pytest.mark.parametrize(
    ("importing", "uses"),
    [
        ("from helper import factor\n", True),
        ("import os, helper as h\n", True),
        ("try:\n    from .helper import factor\nexcept ImportError:\n    pass\n", True),
        ("from through import factor\n", True),
        ("# import helper\nimport helpers\n", False),
        ("", False),
    ],
)
def test_file_beside(importing: str, uses: bool, folder: Path, make: Make) -> None:
    """A program that imports it, itself or through another file, is told."""
    place = folder / "toys"
    (place / "helper.py").write_text("factor = 1\n")
    (place / "through.py").write_text("import helper\nimport scale\n")
    (place / "scale.py").write_text(importing + PROGRAM.format(2))
    files = make()
    (place / "helper.py").write_text("factor = 22\n")
    assert files.look() == Saved((), (SCALE,) if uses else ())


def test_new_file_beside(folder: Path, make: Make) -> None:
    """A file that the program imports already and that is made only now."""
    (folder / "toys" / "scale.py").write_text("import helper\n")
    files = make()
    (folder / "toys" / "helper.py").write_text("factor = 1\n")
    assert files.look() == Saved((), (SCALE,))


def test_notebook(folder: Path, make: Make) -> None:
    """A notebook that defines the function is its program; a save of it is one."""
    place = folder / "toys"
    (place / "scale.py").unlink()
    path = place / "toys.ipynb"

    def save(factor: int) -> None:
        cells = [new_code_cell(PROGRAM.format(factor))]
        nbformat.write(new_notebook(cells=cells), path)

    save(1)
    files = make(folder, "scale")
    assert files.work[SCALE][1].path == path
    save(2)
    assert files.look() == Saved((SCALE,))


def test_folder_that_is_made_later(toys: Catalog, make: Make, tmp_path: Path) -> None:
    """Its programs are saved when they appear, at whichever place."""
    empty = tmp_path / "empty"
    empty.mkdir()
    files = make(empty)
    assert empty / "toys" not in files.folders()
    (empty / "toys").mkdir()
    (empty / "toys" / "scale.py").write_text(PROGRAM.format(1))
    assert programs(files) == (SCALE,)
    assert empty / "toys" in files.folders()
    (empty / "total.py").write_text("x = 1\n")
    assert programs(files) == (TOTAL,)


def test_submission_that_goes_and_comes_back(folder: Path, make: Make) -> None:
    """Programs are missing where they were, and are found again."""
    files = make()
    folder.rename(folder.with_name("kept"))
    assert not files.look()
    assert set(settled(files).programs) == {SCALE, TOTAL, APPLY}
    assert files.saved_at(SCALE) is None
    folder.with_name("kept").rename(folder)
    assert set(programs(files)) == {SCALE, TOTAL, APPLY}
    assert files.saved_at(SCALE) is not None


def test_nothing_to_watch(make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file or folder"):
        make(tmp_path / "nowhere")


# ----------------------------------------------------------------------- the watcher


@pytest.fixture
def told() -> Iterator[tuple[Watcher, threading.Event]]:
    """A watcher, and what it sets when it tells."""
    event = threading.Event()
    watcher = Watcher(event.set)
    yield watcher, event
    watcher.close()


def _until_told(event: threading.Event, act: Callable[[], object]) -> float:
    """Act until it is told, for the watcher starts in its own time; return how long."""
    for _ in range(100):
        event.clear()
        started = time.perf_counter()
        act()
        if event.wait(0.5):
            return time.perf_counter() - started
    pytest.fail("nothing was told")


def test_system_tells(told: tuple[Watcher, threading.Event], tmp_path: Path) -> None:
    """Soon after a save in a folder, and of no folder that is not watched."""
    watcher, event = told
    inner = tmp_path / "inner"
    inner.mkdir()
    watcher.watch({tmp_path})
    path = tmp_path / "scale.py"
    _until_told(event, lambda: path.write_text("1"))
    times = [_until_told(event, lambda: path.write_text("2")) for _ in range(5)]
    assert min(times) < 0.2
    time.sleep(0.2)
    event.clear()
    (inner / "scale.py").write_text("3")
    assert not event.wait(0.2)
    watcher.watch({tmp_path, inner})
    _until_told(event, lambda: (inner / "scale.py").write_text("4"))


def test_system_that_cannot_tell(
    told: tuple[Watcher, threading.Event],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A limit of the system's that is reached: it is known, and nothing is raised."""

    def limited(*_: object, **__: object) -> Iterator[object]:
        raise OSError(28, "inotify watch limit reached")
        yield

    watcher, _ = told
    assert files_module.watchfiles is watchfiles
    monkeypatch.setattr(watchfiles, "watch", limited)
    watcher.watch({tmp_path})
    until = time.monotonic() + 5
    while watcher.works:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_folder_that_is_made_anew(
    told: tuple[Watcher, threading.Event], tmp_path: Path
) -> None:
    """One of the same name is watched in the place of the one that was removed."""
    watcher, event = told
    inner = tmp_path / "inner"
    inner.mkdir()
    watcher.watch({inner})
    _until_told(event, (inner / "a.py").touch)
    shutil.rmtree(inner)
    (tmp_path / "other").mkdir()  # so that the number of the old one is not used again
    inner.mkdir()
    watcher.watch({inner})
    _until_told(event, (inner / "a.py").touch)


def test_folder_that_is_gone(
    told: tuple[Watcher, threading.Event], tmp_path: Path
) -> None:
    """It does no harm, and there is nothing to watch."""
    watcher, _ = told
    watcher.watch({tmp_path / "gone"})
    assert not watcher.works
