"""The folder of results: who uses it, and the files that are written there, whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graders.harness.classroom.entries import Result, State
from graders.harness.errors import HarnessError, UsageError
from graders.harness.report.files import write_whole

#: Of the files ``results/KEY.json``.
FORMAT_VERSION = 1
_RESULTS, _REPORTS, _SCRATCH = "results", "reports", ".scratch"
_LOCK, _JOURNAL = "lock", "journal.jsonl"
# As write_whole names what is not whole yet: tempfile's eight characters at the end.
_TEMPORARY = re.compile(r"\..+\.(json|html|csv|parquet)\.[a-z0-9_]{8}")
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


def files_digest(files: Mapping[str, bytes]) -> str:
    """Return a SHA-256 over names and content of what was handed in."""
    whole = hashlib.sha256()
    for name in sorted(files):
        for part in (os.fsencode(name), files[name]):
            whole.update(len(part).to_bytes(8))
            whole.update(part)
    return whole.hexdigest()


class ResultsFolder:
    """
    A folder of results, held by this run alone.

    Args:
        path: The folder; it is made where it is not there.

    Attributes:
        notes: Sentences for the instructor.

    Raises:
        UsageError: Another run uses it, or it holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        _expect_ours(path)
        path.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(path / _LOCK, flags, 0o644)
        try:
            self._hold()
            self._tidy()
            for name in (_RESULTS, _REPORTS):
                (path / name).mkdir(exist_ok=True)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.path / _JOURNAL

    @property
    def scratch(self) -> Path:
        """A folder for what a run writes down for itself; it is gone after the run."""
        folder = self.path / _SCRATCH
        folder.mkdir(exist_ok=True)
        return folder

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            holder = os.pread(self._lock, 1000, 0).decode("utf-8", "replace").strip()
            msg = (
                f"{self.path} is used by another run ({holder or 'which has just begun'})."
                " Wait until it ends, stop it, or name another folder with -o."
            )
            raise UsageError(msg) from err
        except OSError as err:
            if err.errno not in _NO_LOCKS:
                raise
            self.notes.append(
                f"{self.path} is on a file system without locks: make sure that no other "
                "run uses it."
            )
        since = datetime.now(UTC).isoformat(timespec="seconds")
        said = f"process {os.getpid()} on {socket.gethostname()} since {since}\n"
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, said.encode(), 0)

    def _tidy(self) -> None:
        """Remove what a killed run left behind: its scratch, files that are not whole."""
        shutil.rmtree(self.path / _SCRATCH, ignore_errors=True)
        for name in ("", _RESULTS, _REPORTS):
            for left in (self.path / name).glob(".*"):
                if _TEMPORARY.fullmatch(left.name) and left.is_file():
                    left.unlink()

    def write(self, result: Result, page: str = "") -> None:
        """
        Write a result and the learner's page; the result comes last and vouches for both.

        Raises:
            HarnessError: The disk is full, say. What was there before is there still.
        """
        target = self.page(result.key)
        if page:
            write_whole(target, page)
        else:
            target.unlink(missing_ok=True)  # of files that are graded no more
        data = {"format_version": FORMAT_VERSION, **asdict(result)}
        write_whole(self._file(result.key), json.dumps(data) + "\n")

    def read(self, key: str) -> Result | None:
        """Return a submission's result; None where there is none, or none that is whole."""
        try:
            data = json.loads(self._file(key).read_text("utf-8"))
            result = _result(data)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if result.key != key:
            return None
        is_graded = result.state is State.GRADED
        has_both = result.report is not None and self.page(key).is_file()
        return result if has_both or not is_graded else None

    def keys(self) -> set[str]:
        """Return the keys of all results that lie here."""
        return {path.stem for path in (self.path / _RESULTS).glob("*.json")}

    def page(self, key: str) -> Path:
        """Return where a learner's page is."""
        return self.path / _REPORTS / f"{key}.html"

    def _file(self, key: str) -> Path:
        return self.path / _RESULTS / f"{key}.json"

    def close(self) -> None:
        """Let others use the folder."""
        shutil.rmtree(self.path / _SCRATCH, ignore_errors=True)
        with contextlib.suppress(OSError):  # so that nobody takes us for the holder
            os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def __enter__(self) -> ResultsFolder:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Results(Mapping[str, Result]):
    """
    The results of a class by key, each read when it is asked for: memory stays flat.

    Args:
        folder: Where they lie.

        keys: The keys of the class, in order; those without a result are not in it.
    """

    def __init__(self, folder: ResultsFolder, keys: Sequence[str]) -> None:
        there = folder.keys()
        self._folder = folder
        whole = (key for key in keys if key in there and folder.read(key) is not None)
        self._keys = dict.fromkeys(whole)

    def __getitem__(self, key: str) -> Result:
        result = self._folder.read(key) if key in self._keys else None
        if result is None:
            raise KeyError(key)
        return result

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _result(data: dict[str, Any]) -> Result:
    if data["format_version"] != FORMAT_VERSION:
        msg = f"is of format version {data['format_version']}"
        raise ValueError(msg)
    del data["format_version"]
    return Result(**{**data, "state": State(data["state"])})


def _expect_ours(path: Path) -> None:
    """Make sure that a folder is empty or holds a class's results already."""
    if path.exists() and not path.is_dir():
        msg = f"-o {path} is a file. Name a folder for the results."
        raise UsageError(msg)
    try:
        there = [entry.name for entry in os.scandir(path)] if path.exists() else []
    except OSError as err:
        msg = f"-o {path} cannot be read: {err.strerror}."
        raise UsageError(msg) from err
    if there and _LOCK not in there:
        msg = (
            f"-o {path} holds other files ({sorted(there)[0]}), and no results of a "
            "class. Name a new folder."
        )
        raise UsageError(msg)


def expect_apart(submissions: Path, results: Path) -> None:
    """
    Make sure that results are not taken for submissions, nor the other way round.

    Raises:
        UsageError: One folder is in the other.
    """
    handed_in, made = submissions.resolve(), results.resolve()
    if made.is_relative_to(handed_in) or handed_in.is_relative_to(made):
        msg = f"-o {results} and {submissions} lie in each other. Name a folder elsewhere."
        raise UsageError(msg)


def disk_problem(error: BaseException) -> str:
    """Return what the system said of a file that could not be written, or nothing."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ if isinstance(cause, HarnessError) else None
    return (cause.strerror or str(cause)) if isinstance(cause, OSError) else ""
