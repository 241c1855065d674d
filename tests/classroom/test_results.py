"""The folder of results: held by one run, written whole, tidied after a kill."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.harness.classroom import results as results_module
from graders.harness.classroom.entries import Result, State
from graders.harness.classroom.results import (
    Results,
    ResultsFolder,
    disk_problem,
    expect_apart,
    files_digest,
)
from graders.harness.errors import HarnessError, UsageError

GRADED = Result(
    key="ada",
    digest="d",
    state=State.GRADED,
    report={"exercises": [], "text": "\u202e\ud800"},
    attempts=2,
    seconds=1.5,
    where="host",
)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path / "new" / "results") as folder:
        folder.write(GRADED, "<p>page")
        assert folder.read("ada") == GRADED
        assert folder.page("ada").read_text() == "<p>page"
        assert dict(Results(folder, ["bob", "ada"])) == {"ada": GRADED}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: folder._file("ada").write_text('{"key": "ad'),
        lambda folder: folder._file("ada").write_text("[]"),
        lambda folder: folder._file("ada").write_text('{"format_version": 99}'),
        lambda folder: folder._file("ada").unlink(),
        lambda folder: folder.page("ada").unlink(),
        lambda folder: folder._file("ada").rename(folder._file("bob")),
    ],
    ids=["torn", "other", "version", "gone", "no page", "another's"],
)
def test_what_is_not_whole_counts_as_none(tmp_path: Path, spoil) -> None:
    with ResultsFolder(tmp_path / "results") as folder:
        folder.write(GRADED, "<p>page")
        spoil(folder)
        assert folder.read("ada") is None
        assert folder.read("bob") is None
        assert not Results(folder, ["ada", "bob"])


def test_an_earlier_page_goes_when_there_is_no_report_any_more(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path / "results") as folder:
        folder.write(GRADED, "<p>page")
        folder.write(replace(GRADED, state=State.UNREADABLE, report=None))
        assert not folder.page("ada").exists()
        found = folder.read("ada")
        assert found is not None
        assert found.state is State.UNREADABLE


def test_a_second_run_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    with ResultsFolder(tmp_path / "results") as folder:
        with pytest.raises(UsageError, match=f"process {os.getpid()} on"):
            ResultsFolder(folder.path)
        assert (folder.path / "lock").read_text()  # the refused one changed nothing
    with ResultsFolder(tmp_path / "results"):
        pass


def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(results_module.fcntl, "flock", flock)
    with ResultsFolder(tmp_path / "results") as folder:
        assert any("without locks" in note for note in folder.notes)


def test_a_folder_with_other_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        ResultsFolder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(UsageError, match="is a file"):
        ResultsFolder(tmp_path / "thesis.tex")


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "results"
    with ResultsFolder(path) as folder:
        folder.write(GRADED, "<p>page")
    (path / ".scratch" / "dask").mkdir(parents=True)
    left = [
        path / "results" / ".bob.json.k3_9xyz1",
        path / "reports" / ".b.html.abcdefgh",
    ]
    for file in left:
        file.touch()
    (path / ".gitignore").touch()
    (path / ".my.notes").touch()
    with ResultsFolder(path) as folder:
        assert folder.read("ada") == GRADED
        assert not any(file.exists() for file in left)
        assert not (path / ".scratch").exists()
        assert (path / ".gitignore").exists()
        assert (path / ".my.notes").exists()


def test_results_and_submissions_lie_apart(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    for pair in ((tmp_path, inner), (inner, tmp_path), (inner, inner)):
        with pytest.raises(UsageError, match="in each other"):
            expect_apart(*pair)
    expect_apart(inner, tmp_path / "other")


def test_a_full_disk_is_told_from_other_trouble() -> None:
    cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    error = HarnessError("the report could not be written")
    error.__cause__ = cause
    assert disk_problem(error) == disk_problem(cause) == "No space left on device"
    assert disk_problem(HarnessError("no worker")) == ""


FILES = st.dictionaries(st.text(max_size=4), st.binary(max_size=4), max_size=4)


@given(FILES, FILES)
def test_digests_differ_where_files_do(
    one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    same = files_digest(one) == files_digest(other)
    assert same == (one == other)
    assert files_digest(dict(reversed(one.items()))) == files_digest(one)
