"""A worker that is hostile from the start: the test plays its side of the channels."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.errors import (
    ProtocolError,
    WorkerCrashed,
    WorkerTimedOut,
)
from graders.harness.supervisor import ForkServer, Worker
from graders.harness.supervisor import worker as worker_module


class _Other:
    """The other side of a worker's channels, in this process."""

    def __init__(self, tmp_path: Path, server: ForkServer) -> None:
        ours, self.socket = socket.socketpair()
        read, self.output = os.pipe()
        status, self.status = os.pipe()
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        self.worker = Worker(ours, read, status, scratch, server)

    def say(self, head: dict[str, Any]) -> None:
        body = json.dumps({"blobs": [], **head}).encode()
        self.socket.sendall(struct.pack("!4sIQ", b"GPX1", len(body), 0) + body)

    def answer(self, head: dict[str, Any], **end: int | None) -> None:
        """Say it when the next request comes, and end after it if that is asked."""

        def wait() -> None:
            self.socket.recv(65536)
            self.say(head)
            if end:
                self.end(**end)

        threading.Thread(target=wait, daemon=True).start()

    def hello(self) -> None:
        # No process of this id exists: ids end far below.
        self.say({"op": "hello", "pid": 2**30, "layers": ["none"]})

    def end(self, **how: int | None) -> None:
        os.write(
            self.status, json.dumps({"exit": None, "signal": None, **how}).encode()
        )


@pytest.fixture
def other(
    tmp_path: Path, kernel_server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[_Other]:
    """A worker whose other side is played by the test: no process of it will end."""
    monkeypatch.setattr(worker_module, "_ENDED_SECONDS", 0.05)
    played = _Other(tmp_path, kernel_server)
    yield played
    played.worker.kill()
    played.socket.close()
    os.close(played.output)
    os.close(played.status)


OBSERVATION: dict[str, Any] = {
    "op": "observation",
    "value": {"t": "none"},
    "exception": None,
    "evidence": {},
    "seconds": 0.1,
    "changed": [],
    "late_write": False,
}


def test_where_it_was_recorded_is_not_for_the_worker_to_say(other: _Other) -> None:
    """Its supervisor knows which device it runs on."""
    other.hello()
    other.worker.start()
    other.answer({**OBSERVATION, "evidence": {"recorded_on": "cuda"}})
    seen = other.worker.call("f", [], timeout=5)
    assert seen.evidence.recorded_on == "simulator"


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": {"t": "no such"}},
        {"value": None},
        {"exception": "a text"},
        {"exception": {"type": "x"}},
        {
            "exception": {
                "type": "x",
                "types": 3,
                "message": "",
                "frames": [],
                "innermost": 0,
            }
        },
        {
            "exception": {
                "type": "x",
                "types": [],
                "message": "",
                "frames": [1],
                "innermost": 0,
            }
        },
        {"seconds": "soon"},
        {"seconds": 10**400},
        {"changed": ["x"]},
        {"changed": 3},
        {"evidence": {"kernels": [3]}},
        {"op": "no such"},
        {"op": "missing"},
        {"op": "missing", "names": 3},
        {"op": "signature"},
        {"op": "proxy", "n": 1, "args": []},
        {"op": []},
    ],
    ids=repr,
)
def test_a_malformed_answer_is_a_protocol_error(
    wrong: dict[str, Any], other: _Other
) -> None:
    """Whatever a worker answers, its supervisor raises ProtocolError and nothing else."""
    other.hello()
    other.worker.start()
    other.answer({**OBSERVATION, **wrong})
    with pytest.raises(ProtocolError):
        other.worker.call("f", [], timeout=2)
    assert other.worker.closed


@pytest.mark.parametrize(
    "head",
    [
        {"op": "hi"},
        {"op": "hello"},
        {"op": "hello", "pid": "1"},
        {"op": "hello", "pid": True},
    ],
)
def test_a_malformed_greeting_is_a_protocol_error(
    head: dict[str, Any], other: _Other
) -> None:
    """A worker that does not begin as it should is not talked to."""
    other.say(head)
    with pytest.raises(ProtocolError):
        other.worker.start()


def test_an_end_is_seen_though_the_socket_stays_open(other: _Other) -> None:
    """The end of the process counts, also where an heir of it keeps the socket open."""
    other.hello()
    other.worker.start()
    other.end(exit=0)
    started = time.monotonic()
    with pytest.raises(WorkerCrashed, match="exit status 0") as caught:
        other.worker.call("f", [], timeout=30)
    assert caught.value.exit_code == 0
    assert time.monotonic() - started < 5


def test_an_end_with_a_request_unread_is_a_crash(other: _Other) -> None:
    """A worker that ends without reading the request has crashed."""
    other.hello()
    other.worker.start()

    def end_without_reading() -> None:
        time.sleep(0.2)  # the request lies in the socket's buffer by then
        other.socket.close()
        time.sleep(0.1)
        other.end(signal=int(signal.SIGSEGV))

    thread = threading.Thread(target=end_without_reading)
    thread.start()
    with pytest.raises(WorkerCrashed, match="SIGSEGV"):
        other.worker.call("f", [], timeout=5)
    thread.join()


def test_an_answer_sent_before_the_end_counts(other: _Other) -> None:
    """An answer that is there is read, also where the process has ended since."""
    other.hello()
    other.worker.start()
    other.answer(OBSERVATION, exit=0)
    assert other.worker.call("f", [], timeout=5).value is None


def test_an_answer_before_its_question_is_made_up(other: _Other) -> None:
    """A worker speaks when it is asked; what lies there already is no answer."""
    other.hello()
    other.worker.start()
    other.say(OBSERVATION)
    with pytest.raises(ProtocolError, match="before it was asked"):
        other.worker.call("f", [], timeout=5)


def test_silence_is_timed_out(other: _Other) -> None:
    """Bytes that trickle in do not put the deadline off."""
    other.hello()
    other.worker.start()

    def trickle() -> None:
        other.socket.recv(65536)
        other.socket.sendall(b"GPX1")

    threading.Thread(target=trickle, daemon=True).start()
    with pytest.raises(WorkerTimedOut, match=r"within 0\.3 s"):
        other.worker.call("f", [], timeout=0.3)


def test_output_is_capped_with_a_count(other: _Other) -> None:
    """Of long output the last whole lines stay, and the number of the others is said."""
    other.hello()
    other.worker.start()
    os.write(other.output, b"".join(b"line %d\n" % n for n in range(5000)))
    other.answer(OBSERVATION)
    other.worker.call("f", [], timeout=5)
    other.worker.kill()
    first, second, *rest = other.worker.output_tail().splitlines()
    assert rest[-1] == "line 4999"
    left_out = int(second.removeprefix("line "))
    assert first == f"[{left_out:,} lines left out]"
    assert len(rest) == 4999 - left_out


def test_a_long_line_is_capped(other: _Other) -> None:
    """A line without an end is cut as well."""
    other.hello()
    other.worker.start()
    os.write(other.output, b"x" * 60_000)
    other.worker.kill()
    assert len(other.worker.output_tail()) < 10_000
    assert other.worker.output_tail().startswith("[the start of a long line left out]")
