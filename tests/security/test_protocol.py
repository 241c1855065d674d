"""The protocol from its untrusted side: whatever a worker answers, only its own call fails.

A fake child sits at the other end of a worker's socket and pipes. Out of ``Worker`` come
plain data or a ``WorkerError``; nothing else, ever.
"""

from __future__ import annotations

import copy
import json
import math
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.harness.errors import ProtocolError, WorkerCrashed, WorkerError
from graders.harness.supervisor import Observation, Proxy
from graders.harness.worker import wire
from tests.security import fake_child as fake

FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
NAMES = ("describe", "load", "hold", "call", "missing", "signature")


@pytest.fixture(scope="module", autouse=True)
def signalled() -> Iterator[list[int]]:
    """No signal leaves this module."""
    with fake.no_signals() as numbers:
        yield numbers


# ------------------------------------------------------------------- wrong at every place

JUNK: list[Any] = [
    None, True, 0, 1, -1, 2**31, 2**63, 10**30, -(10**30), 0.5, math.nan, math.inf,
    -math.inf, "", "x", "nan", "-1", "9" * 5000, "\ud800", [], [[]], [None], [0], [-1],
    ["x"], [[0, 1]], {}, {"t": "none"}, {"t": []}, {"t": "list", "items": 3}, [0] * 70,
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every key and item below a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def mutations(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the answer with each place missing, and with every other junk there."""
    for turn, (*path, last) in enumerate(places(answer)):
        for junk in [*JUNK[turn % 2 :: 2], JUNK]:
            wrong = copy.deepcopy(answer)
            spot: Any = wrong
            for key in path:
                spot = spot[key]
            if junk is JUNK:
                del spot[last]
            else:
                spot[last] = junk
            yield f"{[*path, last]} = {junk!r:.60}", wrong


@pytest.mark.parametrize("name", NAMES)
def test_junk_at_any_place_of_an_answer(
    name: str,
    signalled: list[int],
) -> None:
    """An answer with anything at any of its places is plain data or a WorkerError."""
    answer, request = fake.EXCHANGES[name]
    blobs = fake.BLOBS if name in ("call", "cell", "variable") else []
    assert not isinstance(
        fake.outcome(fake.Peer([fake.message(answer, blobs)]), request, 5.0),
        WorkerError,
    )
    for what, wrong in mutations(answer):
        try:
            fake.outcome(fake.Peer([fake.message(wrong, blobs)]), request, 5.0)
        except Exception as err:
            err.add_note(what)
            raise
    assert set(signalled) == {fake.NOBODY}


def test_junk_at_any_place_of_a_greeting(signalled: list[int]) -> None:
    """A greeting with junk is refused or read; no signal goes to whom it names."""
    signalled.clear()
    for what, wrong in mutations(fake.HELLO):
        peer = fake.Peer(hello=wrong)
        try:
            fake.outcome(peer, lambda worker, _: worker.layers, 1.0)
        except Exception as err:
            err.add_note(what)
            raise
    assert not {n for n in signalled if n <= 1}, "a signal to everybody"


# Junk that may stand there: no arguments at all, in any of these forms.
LEGAL: dict[str, list[Any]] = {"n": [], "args": [[], {}, ""], "op": []}


@pytest.mark.parametrize("field", LEGAL)
def test_junk_in_a_request_for_a_function(field: str) -> None:
    """The worker's request for a function of ours may hold anything; junk is refused."""
    proxy = Proxy(lambda arrays: arrays[0], ("x",))
    args = [wire.Encoder().encode(np.float32(1))]

    def ask(wrong: Any) -> Any:
        def answer(peer: Any, request: dict[str, Any]) -> None:
            head = {"op": "proxy", "n": request["args"][0]["n"], "args": args}
            peer.socket.sendall(fake.message({**head, field: wrong}, [bytes(4)]))
            wire.read_message(peer.read)
            peer.socket.sendall(fake.message(fake.OBSERVATION, fake.BLOBS))

        return answer

    for junk in [*JUNK, fake.NOBODY, args[0], [[args]], [{"t": "array"}]]:
        found = fake.outcome(
            fake.Peer([ask(junk)]),
            lambda worker, seconds: worker.call("f", [proxy], timeout=seconds),
            5.0,
        )
        legal = any(type(junk) is type(x) and junk == x for x in LEGAL[field])
        assert isinstance(found, Observation if legal else ProtocolError), junk


@pytest.mark.parametrize(
    "error",
    [IndexError, ZeroDivisionError, MemoryError, KeyError, RecursionError],
    ids=str,
)
def test_a_function_of_ours_that_fails_is_the_caller_s_business(
    error: Any,
) -> None:
    """What a function raises about a stranger's arrays goes back to the stranger."""
    seen: list[dict[str, Any]] = []

    def function(_arrays: list[Any]) -> Any:
        raise error

    def ask(peer: Any, request: dict[str, Any]) -> None:
        head = {"op": "proxy", "n": request["args"][0]["n"], "args": []}
        peer.socket.sendall(fake.message(head))
        seen.append(wire.read_message(peer.read)[0])
        peer.socket.sendall(fake.message(fake.OBSERVATION, fake.BLOBS))

    found = fake.outcome(
        fake.Peer([ask]),
        lambda worker, seconds: worker.call("f", [Proxy(function)], timeout=seconds),
        5.0,
    )
    assert not isinstance(found, WorkerError)
    assert seen[0]["op"] == "proxy_raise"


# ---------------------------------------------------------------- junk of any form at all

KEYS = [
    "op", "t", "v", "n", "f", "items", "parts", "type", "types", "dtype", "shape", "order",
    "strides", "blob", "value", "exception", "evidence", "seconds", "changed", "frames",
    "line", "names", "facts",
]  # fmt: skip
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text("ab1.\ud800", max_size=8)
    | st.sampled_from(
        ["array", "list", "dict", "int", "float", "stream", "sparse", "cuda"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text("ab", max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=15,
)
ops = st.sampled_from(NAMES)


@FUZZ
@given(name=ops, head=json_values, blobs=st.lists(st.binary(max_size=16), max_size=3))
def test_any_json_as_an_answer(
    name: str,
    head: Any,
    blobs: list[bytes],
) -> None:
    """Any JSON value in a whole frame."""
    if isinstance(head, dict):
        usual = {"op": fake.EXCHANGES[name][0]["op"]}
        head = {**usual, **head, "blobs": [len(b) for b in blobs]}
    fake.outcome(fake.Peer([fake.framed(head, blobs)]), fake.EXCHANGES[name][1], 5.0)


@FUZZ
@given(name=ops, data=st.data())
def test_answers_with_bytes_changed(name: str, data: st.DataObject) -> None:
    """A right answer with bytes changed, left out or added, and then the end."""
    answer, request = fake.EXCHANGES[name]
    good = fake.message(answer, fake.BLOBS)
    start = data.draw(st.integers(0, len(good) - 1))
    end = data.draw(st.integers(start, min(len(good), start + 8)))
    bad = good[:start] + data.draw(st.binary(max_size=8)) + good[end:]
    fake.outcome(fake.Peer([bad]), request, 5.0)


TEXTS = [
    b"", b"{}", b"[]", b"null", b'"blobs"', b'{"blobs": 1}', b'{"blobs": "12"}',
    b'{"blobs": {}}', b'{"blobs": [NaN]}', b'{"blobs": [Infinity]}', b'{"blobs": [1e400]}',
    b'{"blobs": [], "op": "held", "op": "observation"}', b'{"blobs": [], "blobs": [7]}',
    b'{"blobs": [' + b"9" * 5000 + b"]}", b'{"a": ' + b"9" * 5000 + b', "blobs": []}',
    b"[" * 100_000, b'{"blobs": [], "op": ' + b'{"a":' * 50_000,
    b'{"blobs": [], "op": ' + b"[" * 900 + b"]" * 900 + b"}",
    b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\x80", b'{"blobs": [], "op": "\xff"}',
    b'{"blobs": [], "op": "\\ud800"}', b"\x00" * 64,
    b'{"blobs": [' + b",".join([b"0"] * (wire.MAX_BLOBS + 1)) + b"]}",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_heads_that_are_none(name: str) -> None:
    """No JSON, JSON that is no head, or duplicate keys, of which the last counts."""
    for text in TEXTS:
        found = fake.outcome(
            fake.Peer([fake.framed(text)]), fake.EXCHANGES[name][1], 5.0
        )
        assert isinstance(found, WorkerError), text[:80]


@pytest.mark.parametrize("depth", [25, 100, 900, 940, 960, 980])
@pytest.mark.parametrize(
    "key", ["value", "exception", "evidence", "op", "changed", "t"]
)
def test_deep_nesting(depth: int, key: str) -> None:
    """Nesting of any depth, brackets and braces, is a WorkerError and no RecursionError."""
    deep: dict[str, Any] = {}
    for text in ("[" * depth + "]" * depth, '{"items": ' * depth + "1" + "}" * depth):
        deep = {**fake.OBSERVATION, key: "@"}
        for _ in range(10 if key == "t" else 0):
            deep["value"] = {"t": "list", "items": [{"t": "@"}]}
        body = json.dumps({**deep, "blobs": []}).replace('"@"', text).encode()
        found = fake.outcome(
            fake.Peer([fake.framed(body)]), fake.EXCHANGES["call"][1], 5.0
        )
        assert isinstance(found, WorkerError)


# ---------------------------------------------------------------------- how the child ended


@pytest.mark.parametrize(
    "said",
    [b"", b"x", b"[]", b"null", b'"SIGKILL"', b"[1]", b"3", b'{"exit": "x"}',
     b"{" * 4000, b'{"signal": 40}', b'{"signal": 0}', b'{"signal": -1}',
     b'{"signal": "x"}', b'{"signal": 1e400}', b'{"signal": []}',
     b'{"exit": [], "signal": null}', b'{"because": 3}', b'{"because": {"a": 1}}',
     b"\xff" * 4096, b"9" * 4096],
    ids=lambda said: repr(said)[:24],
)  # fmt: skip
def test_junk_in_the_status_pipe(said: bytes) -> None:
    """However the end is told, it is a crash."""
    found = fake.outcome(
        fake.Peer([lambda peer, _: peer.end(said)]), fake.EXCHANGES["hold"][1], 5.0
    )
    assert type(found) is WorkerCrashed


def test_every_signal_has_a_name() -> None:
    """Also the real-time signals, most of which have none in Python."""
    for number in range(1, signal.NSIG):
        said = b'{"exit": null, "signal": %d}' % number
        peer = fake.Peer([lambda peer, _, said=said: peer.end(said)])  # type: ignore[misc]
        found = fake.outcome(peer, fake.EXCHANGES["hold"][1], 5.0)
        assert type(found) is WorkerCrashed
        assert found.signal == number


def test_a_protocol_error_says_what_is_wrong() -> None:
    """The message names the fault, in few words."""
    found = fake.outcome(
        fake.Peer([b"HTTP/1.1 200 OK\r\n"]), fake.EXCHANGES["hold"][1], 1.0
    )
    assert type(found) is ProtocolError
    assert "does not begin like a message" in str(found)
