"""The protocol under answers that are late, early, cut, endless or huge.

Out of ``Worker`` come plain data or a ``WorkerError``, soon after the deadline at the
latest and in bounded memory.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.harness.errors import WorkerCrashed, WorkerError, WorkerTimedOut
from graders.harness.supervisor import Proxy
from graders.harness.supervisor import worker as worker_module
from graders.harness.worker import wire
from tests.security import fake_child as fake

FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
NAMES = ("describe", "load", "hold", "call", "missing", "signature")


@pytest.fixture(scope="module", autouse=True)
def signalled() -> Iterator[list[int]]:
    """No signal leaves this module."""
    with fake.no_signals() as numbers:
        yield numbers


names = st.sampled_from(NAMES)
Answer = bytes | Callable[[Any, dict[str, Any]], None]


# --------------------------------------------------------------- wrong order, wrong time


@pytest.mark.parametrize("asked", NAMES)
@pytest.mark.parametrize("given_", NAMES)
def test_answers_to_another_request(asked: str, given_: str) -> None:
    """An answer to something else is refused."""
    answer, request = fake.EXCHANGES[given_][0], fake.EXCHANGES[asked][1]
    found = fake.outcome(fake.Peer([fake.message(answer, fake.BLOBS)]), request, 5.0)
    alike = {"call", "missing", "signature", "variable"}
    fits = {asked, given_} <= alike or asked == given_
    assert fits or isinstance(found, WorkerError)


@FUZZ
@given(asked=st.lists(names, min_size=1, max_size=5), sent=st.lists(names, max_size=6))
def test_replays(asked: list[str], sent: list[str]) -> None:
    """Answers sent ahead, twice or not at all only ever end the worker."""
    flood = b"".join(fake.message(fake.EXCHANGES[n][0], fake.BLOBS) for n in sent)
    peer = fake.Peer([flood])
    for name in asked:
        if not peer.worker.closed:
            with contextlib.suppress(WorkerError):
                peer.worker.start()
                fake.assert_plain(fake.EXCHANGES[name][1](peer.worker, 1.0))
    peer.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("then", ["silence", "close"])
def test_half_messages(name: str, then: str) -> None:
    """A message cut anywhere, and then silence or the end: timed out, or crashed."""
    answer, request = fake.EXCHANGES[name]
    whole = fake.message(answer, fake.BLOBS)
    draw = random.Random(name)
    cuts = {0, 1, 4, 15, 16, len(whole) - 1, *draw.sample(range(17, len(whole)), 6)}
    for cut in sorted(cuts) if then == "close" else [0, 16, len(whole) - 1]:
        if name == "describe" and then == "silence":
            continue  # its deadline is a minute, and the same code keeps it
        found = fake.outcome(fake.Peer([whole[:cut]], then=then), request, 0.1)
        assert type(found) is (WorkerTimedOut if then == "silence" else WorkerCrashed)
    if then == "silence":
        found = fake.outcome(
            fake.Peer(hello=fake.message(fake.HELLO)[:9], then=then), request, 0.1
        )
        assert type(found) is WorkerTimedOut


@pytest.mark.parametrize("size", [0, 1, 2**24, 2**32 - 1])
@pytest.mark.parametrize("total", [0, 1, 2**31, 2**63, 2**64 - 1])
def test_lengths_that_lie(size: int, total: int) -> None:
    """Lengths that do not fit what follows, or nothing at all."""
    bad = fake.framed(b'{"op": "held", "blobs": []}', body=size, total=total)
    request = fake.EXCHANGES["hold"][1]
    assert isinstance(fake.outcome(fake.Peer([bad]), request, 0.2), WorkerError)


# ------------------------------------------------------------------------ without an end


def endless(piece: bytes) -> Answer:
    """An answer that goes on for ever."""

    def answer(peer: Any, _request: dict[str, Any]) -> None:
        for _ in itertools.count():
            peer.socket.sendall(piece)

    return answer


ENDLESS = {
    "zeros": b"\x00" * 4096,
    "magic": b"GPX1" * 1024,
    "answers": {"op": "held"},
    "requests": {"op": "proxy", "n": 0, "args": []},
}


@pytest.mark.parametrize("what", ENDLESS)
def test_endless_streams(what: str) -> None:
    """A worker that never stops sending is an error at once, or at the deadline."""
    piece: Any = ENDLESS[what]
    data = piece if isinstance(piece, bytes) else fake.message(piece)
    request = fake.EXCHANGES["call"][1]
    assert isinstance(
        fake.outcome(fake.Peer([endless(data)]), request, 0.3), WorkerError
    )


def test_endless_requests_for_a_function() -> None:
    """A program that calls our function again and again ends at its deadline."""

    def ask(peer: Any, request: dict[str, Any]) -> None:
        head = {"op": "proxy", "n": request["args"][0]["n"], "args": []}
        while True:
            peer.socket.sendall(fake.message(head))
            wire.read_message(peer.read)

    found = fake.outcome(
        fake.Peer([ask]),
        lambda worker, seconds: worker.call(
            "f", [Proxy(lambda _: np.zeros(3))], timeout=seconds
        ),
        0.3,
    )
    assert type(found) is WorkerTimedOut


def test_endless_output() -> None:
    """Output without an end fills no memory and puts no deadline off."""

    def shout(peer: Any, _request: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            while True:
                os.write(peer.output, b"x" * 65536)

    peer = fake.Peer([shout])
    os.set_blocking(peer.output, True)
    found = fake.outcome(peer, fake.EXCHANGES["call"][1], 0.3)
    assert type(found) is WorkerTimedOut
    assert len(peer.worker.output_tail()) < 10_000


def test_a_slow_reader() -> None:
    """A worker that takes our request in sips is stopped at its deadline."""

    def sip(peer: Any) -> None:
        with contextlib.suppress(OSError):
            while peer.socket.recv(2048):
                time.sleep(0.002)

    large = np.zeros(2**24, np.uint8)
    found = fake.outcome(
        fake.Peer(then=sip),
        lambda worker, seconds: worker.call("f", [large], timeout=seconds),
        0.3,
    )
    assert type(found) is WorkerTimedOut


def test_a_worker_that_lives_on_without_its_socket() -> None:
    """Who closes the socket but does not end is waited for no longer than its deadline."""

    def hang_up(peer: Any, _request: dict[str, Any]) -> None:
        peer.socket.shutdown(socket.SHUT_RDWR)
        time.sleep(1.5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_module, "_ENDED_SECONDS", 5.0)
        found = fake.outcome(fake.Peer([hang_up]), fake.EXCHANGES["hold"][1], 0.3)
    assert isinstance(found, WorkerCrashed | WorkerTimedOut)


# ----------------------------------------------------------------------- small and large


class Growth:
    """How much more memory this process had at a time than at the beginning."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
        self._before = self._read("VmRSS")

    @property
    def bytes(self) -> int:
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024


HEADS: dict[str, Callable[[], bytes]] = {
    "lists": lambda: b"[" + b"[]," * 7_000_000 + b"[]]",
    "dictionaries": lambda: b"[" + b"{}," * 7_000_000 + b"{}]",
    "numbers": lambda: b"[" + b"1," * 11_000_000 + b"1]",
    "commas": lambda: b"," * 24_000_000,
    "one text": lambda: b'"' + b"x" * 24_000_000 + b'"',
    "escapes": lambda: b'"' + b"\\u0041" * 4_000_000 + b'"',
    "one number": lambda: b"0." + b"1" * 24_000_000,
    "keys": lambda: b"{" + b",".join(b'"%d":1' % n for n in range(200_000)) + b"}",
    "nodes": lambda: b'{"t":"list","items":[' + b'{"t":"none"},' * 1_700_000 + b"0]}",
}


@pytest.mark.parametrize("what", HEADS)
def test_the_largest_heads(what: str) -> None:
    """A head as large as it may be is read or refused soon, in bounded memory."""
    body = json.dumps({**fake.OBSERVATION, "value": "@", "blobs": []}).encode()
    data = fake.framed(body.replace(b'"@"', HEADS[what]()))
    growth = Growth()
    fake.outcome(fake.Peer([data]), fake.EXCHANGES["call"][1], 1.0)
    assert growth.bytes < 400e6


def test_numbers_that_collide() -> None:
    """A dictionary whose keys all have one hash does not hold the grader up."""
    step = 2**61 - 1  # Python's hash of an integer is its remainder by this
    items = [
        [{"t": "int", "v": str(7 + n * step)}, {"t": "none"}] for n in range(20_000)
    ]
    answer = {**fake.OBSERVATION, "value": {"t": "dict", "items": items}}
    request = fake.EXCHANGES["call"][1]
    fake.outcome(fake.Peer([fake.message(answer)]), request, 1.0)
    small = {"t": "dict", "items": items[:100]}
    many = {**fake.OBSERVATION, "value": {"t": "list", "items": [small] * 200}}
    fake.outcome(fake.Peer([fake.message(many)]), request, 1.0)


def test_bytes_that_many_arrays_name() -> None:
    """The bytes of a message become one array each, not as many as there are nodes."""
    size = 2**24
    node = {"t": "array", "dtype": "uint8", "shape": [size], "order": [0],
            "strides": [1], "space": "cpu", "type": "numpy.ndarray", "blob": 0}  # fmt: skip
    answer = {**fake.OBSERVATION, "value": {"t": "list", "items": [node] * 60}}
    growth = Growth()
    data = fake.message(answer, [bytes(size)])
    found = fake.outcome(fake.Peer([data]), fake.EXCHANGES["call"][1], 2.0)
    assert isinstance(found, WorkerError)
    assert growth.bytes < 300e6


def test_an_array_is_not_copied_needlessly() -> None:
    """A flood of NaN is read once and kept once."""
    flood = np.full(2**24, np.nan, np.float32)
    answer = {**fake.OBSERVATION, "value": wire.Encoder().encode(flood)}
    data = fake.message(answer, [flood.tobytes()])
    growth = Growth()
    found = fake.outcome(fake.Peer([data]), fake.EXCHANGES["call"][1], 5.0)
    assert np.isnan(found.value.array).all()
    assert growth.bytes < 2.5 * flood.nbytes


def test_bytes_that_are_no_truth_values() -> None:
    """Whatever bytes come as booleans, the array holds True and False alone."""
    node = wire.Encoder().encode(np.zeros(4, bool))
    answer = {**fake.OBSERVATION, "value": node}
    data = fake.message(answer, [bytes([0, 1, 2, 255])])
    found = fake.outcome(fake.Peer([data]), fake.EXCHANGES["call"][1], 1.0)
    assert found.value.array.view(np.uint8).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("more", [0, 1])
def test_large_arrays_for_a_function_of_ours(more: int) -> None:
    """A function of ours is not run on arrays larger than it was made for."""
    replies: list[dict[str, Any]] = []
    large = np.zeros(2**26 + more, np.uint8)

    def ask(peer: Any, request: dict[str, Any]) -> None:
        node = wire.Encoder().encode(large)
        head = {"op": "proxy", "n": request["args"][0]["n"], "args": [node]}
        peer.socket.sendall(fake.message(head, [large.tobytes()]))
        replies.append(wire.read_message(peer.read)[0])
        peer.socket.sendall(fake.message(fake.OBSERVATION, fake.BLOBS))

    called: list[int] = []

    def function(arrays: list[Any]) -> Any:
        called.extend(array.nbytes for array in arrays)
        return np.zeros(1)

    found = fake.outcome(
        fake.Peer([ask]),
        lambda worker, seconds: worker.call("f", [Proxy(function)], timeout=seconds),
        5.0,
    )
    assert not isinstance(found, WorkerError)
    (reply,) = replies
    if more:
        assert reply["op"] == "proxy_raise"
        assert "more than 67,108,864 bytes" in reply["message"]
        assert not called
    else:
        assert reply["op"] == "proxy_result"
        assert called == [2**26]
