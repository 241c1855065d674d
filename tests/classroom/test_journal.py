"""The journal: lines that outlive a kill, and what follows from them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from graders.harness.classroom.journal import Journal
from graders.harness.errors import UsageError

SETTINGS = {"exercises": ["a/b"], "device": "simulator"}


def begun(path: Path, regrade: tuple[str, ...] = ()) -> Journal:
    journal = Journal(path)
    journal.run_started(SETTINGS, {"engine": "1"}, regrade)
    return journal


def start(
    journal: Journal, key: str, *, alone: bool = False, digest: str = "d"
) -> None:
    journal.started(key, digest, "here", alone=alone)


def test_each_event_is_a_line_that_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with begun(path) as journal:
        start(journal, "ada")
        journal.finished("ada", "d", "graded", 0.5)
        journal.run_ended("complete")
    assert len(path.read_text().splitlines()) == 4
    with Journal(path) as again:
        assert again.history.settings == SETTINGS
        assert not again.history.in_flight
        assert not again.history.records


def test_a_torn_line_is_passed_over_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with begun(path) as journal:
        start(journal, "ada")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "finished", "key": "ada", "dig')
    with Journal(path) as again:
        assert again.history.of("ada").downs == 1  # it was in flight
        start(again, "bob")
    with Journal(path) as third:
        assert third.history.of("bob").downs == 1


def test_a_full_disk_tears_only_the_line_that_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    write = os.write
    with begun(path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda file, data: write(file, data[:20]))
            with pytest.raises(OSError, match="No space") as caught:
                start(journal, "ada")
        assert caught.value.errno == errno.ENOSPC
        assert not journal.history.in_flight
        start(journal, "bob")
    with Journal(path) as again:
        assert set(again.history.records) == {"bob"}


def test_what_a_killed_run_had_in_flight_is_suspect_after_the_second_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        with begun(path) as journal:
            assert not journal.history.of("ada").needs_to_be_alone
            start(journal, "ada")
    with Journal(path) as again:
        assert again.history.of("ada").needs_to_be_alone
        assert not again.history.of("ada").is_to_blame


def test_a_run_that_ended_in_order_blames_nobody(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(3):
        with begun(path) as journal:
            start(journal, "ada")
            journal.run_ended("interrupted")
    with Journal(path) as again:
        assert again.history.of("ada").downs == 0


def test_who_takes_the_grader_down_alone_twice_is_to_blame(tmp_path: Path) -> None:
    with begun(tmp_path / "journal.jsonl") as journal:
        for _ in range(2):
            start(journal, "ada")
            journal.down("ada", "signal 9")
        record = journal.history.of("ada")
        for count in (1, 2):
            assert not record.is_to_blame
            start(journal, "ada", alone=True)
            journal.down("ada", "signal 9")
            assert record.alone_downs == count
        assert record.is_to_blame
        assert record.attempts == 4


def test_killed_runs_alone_count_for_less_than_a_station_that_went_down(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    seen = []
    for _ in range(3):
        with begun(path) as journal:
            start(journal, "ada", alone=True)
        with Journal(path) as again:
            seen.append(again.history.of("ada").is_to_blame)
    assert seen == [False, False, True]


def test_other_files_of_the_same_learner_begin_anew(tmp_path: Path) -> None:
    with begun(tmp_path / "journal.jsonl") as journal:
        for _ in range(2):
            start(journal, "ada")
            journal.down("ada", "signal 9")
        start(journal, "ada", digest="other")
        assert not journal.history.of("ada").needs_to_be_alone
        assert journal.history.of("ada").attempts == 1


def test_what_is_to_be_graded_again_stays_due_until_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with begun(path, ("ada", "bob")) as journal:
        start(journal, "ada")
        journal.finished("ada", "d", "graded", 1.0)
    with begun(path) as again:
        assert again.history.due == {"bob"}


def test_a_journal_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event": "run_started", "format_version": 99}\n')
    with pytest.raises(UsageError, match="version 99"):
        Journal(path)


LACKING = (
    b'{"event": "started", "key": "k"}\n',
    b'{"event": "started", "key": [], "digest": "d", "alone": true}\n',
    b'{"event": "run_started", "settings": {}, "regrade": 3}\n',
    b'{"event": ["down"]}\n',
)


@pytest.mark.parametrize(
    "line", [b"[]\n", b'"x"\n', b"{}\n", b"\xff\xfe\n", b"\n", *LACKING]
)
def test_a_line_that_is_none_of_ours_is_passed_over(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line)
    with begun(path) as journal:
        history: Any = journal.history
        assert history.settings == SETTINGS
