"""Uploads that no repository can hold: pipes, devices, odd names, sizes, archives."""

from __future__ import annotations

import multiprocessing
import os
import resource
import zipfile
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
_SECONDS = 5.0
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


@pytest.mark.parametrize(
    "make", [_pipe, _folder, _device, _hole, _too_large, _null_bytes, _deep, _wide]
)
def test_what_is_no_module_fails(
    make: Callable[[Path], None],
    upload: Path,
    graded: Callable[[], ExerciseResult],
) -> None:
    """It is refused in words, and holds nobody up."""
    make(upload / "kernel_fusion" / "matmul_validation.py")
    result = graded()
    assert result.verdict is Verdict.FAILED
    reasons = {c.reason for c in result.checks}
    # The compiler runs out of stack before it finds that there is nothing wrong.
    assert reasons <= {Reason.IMPORT_FAILED, Reason.CRASHED, Reason.OUT_OF_MEMORY}
    assert all(c.message and c.points == 0 for c in result.checks)


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


def test_an_archive_is_not_opened(exercise: Exercise, tmp_path: Path) -> None:
    """Nothing unpacks an archive, so that no name in it leads out of a folder."""
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../hostile-canary", "outside")
        file.writestr("kernel_fusion/matmul_validation.py", RIGHT.read_text())
    with pytest.raises(UsageError, match=r"grade a folder or a Python module"):
        locate(archive, [exercise], named=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["upload.zip"]
