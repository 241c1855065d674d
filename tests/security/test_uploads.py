"""Uploads that no repository can hold: pipes, devices, odd names, sizes, archives."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import UsageError
from graders.harness.models import ExerciseResult, Reason, Submission, Verdict
from graders.harness.run import Grader, Request
from graders.harness.submission import locate
from tests.security.hostile_corpus import FOLDER

RIGHT = FOLDER / "uploads" / "libraries_replaced" / "matmul_validation.py"
_SECONDS = 15.0
_BYTES = 2**30


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    """What the uploads are for."""
    return Catalog().select(["kernel_fusion/matmul_validation"])[0]


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """An empty upload; its module belongs at ``kernel_fusion/matmul_validation.py``."""
    (tmp_path / "kernel_fusion").mkdir()
    return tmp_path


@pytest.fixture
def graded(
    grader: Grader, exercise: Exercise, upload: Path
) -> Callable[[], ExerciseResult]:
    """Grade the upload as it is now."""

    def grade() -> ExerciseResult:
        work = [(exercise, _located(exercise, upload))]
        return grader.results(Request(work=work, device=grader.device, jobs=1))[0]

    return grade


def _located(exercise: Exercise, upload: Path) -> Submission:
    """Find the module in a process that ends if this takes long or much memory."""
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=_locate_within_bounds, args=(exercise, upload))
    process.start()
    process.join(_SECONDS)
    alive = process.is_alive()
    process.kill()
    process.join()
    assert not alive, "looking for the module did not end"
    assert process.exitcode == 0, "looking for the module took too much memory"
    return locate(upload, [exercise], named=True)[0][1]


def _locate_within_bounds(exercise: Exercise, upload: Path) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
    resource.setrlimit(resource.RLIMIT_AS, (used + _BYTES, used + _BYTES))
    locate(upload, [exercise], named=True)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**33)


def _too_large(path: Path) -> None:
    path.write_text(RIGHT.read_text() + "# " + "x" * 5 * 2**20)


def _null_bytes(path: Path) -> None:
    path.write_bytes(b"\0" * 1000)


def _deep(path: Path) -> None:
    path.write_text("deep = " + "(" * 100_000 + ")" * 100_000)


def _wide(path: Path) -> None:
    path.write_text("wide = " + "+".join(["1"] * 500_000))


# The compiler may run out of stack or memory before it finds that nothing is wrong.
_ENDED = {Reason.IMPORT_FAILED, Reason.CRASHED, Reason.OUT_OF_MEMORY}


@pytest.mark.parametrize(
    ("make", "allowed", "said"),
    [
        (_pipe, {Reason.IMPORT_FAILED}, ""),
        (_folder, {Reason.IMPORT_FAILED}, ""),
        (_device, {Reason.IMPORT_FAILED}, ""),
        (_hole, {Reason.IMPORT_FAILED}, "at most 4 MB"),
        (_too_large, {Reason.IMPORT_FAILED}, "at most 4 MB"),
        (_null_bytes, {Reason.IMPORT_FAILED}, "not valid Python"),
        (_deep, _ENDED, ""),
        (_wide, _ENDED, ""),
    ],
)
def test_what_is_no_module_fails(
    make: Callable[[Path], None],
    allowed: set[Reason],
    said: str,
    upload: Path,
    graded: Callable[[], ExerciseResult],
) -> None:
    """It is refused in words, and holds nobody up."""
    make(upload / "kernel_fusion" / "matmul_validation.py")
    result = graded()
    assert result.verdict is Verdict.FAILED
    reasons = {c.reason for c in result.checks}
    assert reasons <= allowed
    assert all(c.message and said in c.message for c in result.checks)
    assert all(c.points == 0 for c in result.checks)


def _cells(path: Path, cells: list[object]) -> None:
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))


def _many_cells(path: Path) -> None:
    _cells(path, [{"cell_type": "code", "source": "def make_case(): ..."}] * 100_000)


def _deep_json(path: Path) -> None:
    path.write_text('{"cells": ' + "[" * 1_000_000)


def _many_lists(path: Path) -> None:
    path.write_text('{"cells": [' + "[]," * 1_500_000 + "[]]}")


def _no_json(path: Path) -> None:
    path.write_bytes(b"\x93NUMPY" * 1000)


@pytest.mark.parametrize(
    "make",
    [
        _pipe,
        _folder,
        _device,
        _hole,
        _null_bytes,
        _no_json,
        _deep_json,
        _many_lists,
        _many_cells,
    ],
)
def test_what_is_no_notebook_fails(
    make: Callable[[Path], None],
    upload: Path,
    graded: Callable[[], ExerciseResult],
) -> None:
    """It is refused in words, by its name, and holds nobody up."""
    make(upload / "kernel_fusion" / "work.ipynb")
    result = graded()
    assert result.verdict is Verdict.FAILED
    assert {c.reason for c in result.checks} == {Reason.IMPORT_FAILED}
    assert all("work.ipynb" in c.message and c.hint for c in result.checks)


def test_a_right_module_is_graded_beside_odd_notebooks(
    upload: Path, graded: Callable[[], ExerciseResult]
) -> None:
    """Those are left out."""
    folder = upload / "kernel_fusion"
    (folder / "matmul_validation.py").write_bytes(RIGHT.read_bytes())
    for number, make in enumerate((_pipe, _folder, _device, _hole, _many_cells)):
        make(folder / f"{number}.ipynb")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.ipynb")).touch()
    assert graded().verdict is Verdict.PASSED


def test_odd_neighbours_do_no_harm(
    upload: Path, graded: Callable[[], ExerciseResult]
) -> None:
    """Names of every kind, thousands of files, pipes and loops beside a right module."""
    folder = upload / "kernel_fusion"
    (folder / "matmul_validation.py").write_bytes(RIGHT.read_bytes())
    names = [
        b"new\nline.py",
        b"\xff\xfe.py",
        b"-rf.py",
        b" .py",
        b"n" * 252 + b".py",
        b".py",
    ]
    for name in (*names, *(b"%d.py" % number for number in range(3000))):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).touch()
    os.mkfifo(folder / "a_pipe.py")
    (folder / "a_loop.py").symlink_to("a_loop.py")
    (folder / "a_folder.py").mkdir()
    assert graded().verdict is Verdict.PASSED


def test_other_archives_are_not_opened(exercise: Exercise, tmp_path: Path) -> None:
    """Only zips are."""
    archive = tmp_path / "upload.tar"
    with tarfile.open(archive, "w") as file:
        file.add(RIGHT, "kernel_fusion/matmul_validation.py")
    with pytest.raises(UsageError, match=r"grade a folder or a Python module"):
        locate(archive, [exercise], named=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["upload.tar"]
