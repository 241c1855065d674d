"""A child that answers what it likes, for the tests of the protocol's trusted side."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from graders.harness.device.evidence import (
    ClockRead,
    Copy,
    Evidence,
    Fault,
    Kernel,
    Operation,
)
from graders.harness.errors import WorkerError
from graders.harness.supervisor import Worker
from graders.harness.supervisor import worker as worker_module
from graders.harness.supervisor.kernel import NotebookKernel
from graders.harness.worker import wire

SLACK = 2.0  # seconds that an answer may be late; the machine may be busy
NOBODY = 2**30  # no process has this number: they end far below
Answer = bytes | Callable[["Peer", dict[str, Any]], None]


def framed(head: Any, blobs: Sequence[bytes] = (), **wrong: int) -> bytes:
    """Return a message; ``body`` and ``total`` replace the lengths that it announces."""
    body = head if isinstance(head, bytes) else json.dumps(head).encode()
    total = sum(len(b) for b in blobs)
    prefix = struct.pack(
        "!4sIQ", b"GPX1", wrong.get("body", len(body)), wrong.get("total", total)
    )
    return prefix + body + b"".join(blobs)


def message(head: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """Return a whole message of the protocol."""
    return framed({**head, "blobs": [len(b) for b in blobs]}, blobs)


HELLO = {"op": "hello", "pid": NOBODY, "layers": ["own session"], "missing": {"a": "b"}}
EXCEPTION = {
    "type": "ValueError",
    "types": ["builtins.ValueError", "builtins.Exception"],
    "message": "no",
    "frames": [{"file": "f.py", "line": 3, "function": "f", "source": "raise"}],
    "innermost": True,
}
EVIDENCE = Evidence(
    kernels=(Kernel(name="cupy_add", kind="elementwise", start=0.1, seconds=0.1),),
    copies=(Copy(direction="host_to_device", nbytes=8, start=0.3, seconds=0.1),),
    operations=(Operation(library="fft", phase="plan", handle=0, shape=(2, 3)),),
    faults=(Fault(kind="unwritten", message="Two elements.", line=1, count=2),),
    clock_reads=(ClockRead(at=0.5, idle=True),),
    notes={"memsets": 1},
)
_encoder = wire.Encoder()
_node = _encoder.encode(
    {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": [1, (2.5, 1j)],
        "c": ["x", None, True],
    }
)
BLOBS = [bytes(b) for b in _encoder.blobs]
OBSERVATION = {
    "op": "observation",
    "value": _node,
    "exception": EXCEPTION,
    "evidence": json.loads(json.dumps(EVIDENCE.to_dict())),
    "seconds": 0.1,
    "changed": [0],
    "late_write": False,
    "shared_results": [[0, 0]],
    "shared_arguments": [[0, 0]],
}
#: What a worker may answer to each request, and the request.
EXCHANGES: dict[str, tuple[dict[str, Any], Callable[[Worker, float], Any]]] = {
    "describe": (
        {
            "op": "described",
            "facts": {"device": "x", "memory": 1, "nested": {"a": [1]}},
        },
        lambda worker, _: worker.describe(),
    ),
    "load": (
        {"op": "loaded", "exception": EXCEPTION},
        lambda worker, seconds: worker.load(Path("f.py"), seconds),
    ),
    "hold": ({"op": "held"}, lambda worker, seconds: worker.hold([1], seconds)),
    "call": (
        OBSERVATION,
        lambda worker, seconds: worker.call("f", [1], timeout=seconds),
    ),
    "missing": (
        {"op": "missing", "names": ["a", "b"]},
        lambda worker, seconds: worker.call("f", [], timeout=seconds),
    ),
    "cell": (
        {
            "op": "ran",
            "pieces": [
                {"kind": "stream", "name": "stdout", "blob": 0},
                {"kind": "display", "data": {"text/plain": 1}, "id": "x"},
                {"kind": "clear", "wait": True},
            ],
            "exception": EXCEPTION,
            "evidence": OBSERVATION["evidence"],
            "seconds": 0.1,
            "bound": ["x"],
            "stand_ins": ["y"],
        },
        lambda worker, seconds: NotebookKernel(worker, Path("f")).run(1, "x", seconds),
    ),
    "variable": (
        OBSERVATION,
        lambda worker, seconds: NotebookKernel(worker, Path("f")).variable(
            "x", seconds
        ),
    ),
    "signature": (
        {"op": "signature", "problem": "takes (x)"},
        lambda worker, seconds: worker.call("f", [], timeout=seconds),
    ),
}


class Peer:
    """
    The other side of a worker's channels: greets, answers each request, and ends.

    Args:
        answers: One for each request that comes: bytes, or a function that gets this peer
            and the request.

        hello: What it sends first.

        then: ``"silence"`` or ``"close"``: what comes after the last answer; or a function
            that gets this peer.
    """

    alive: ClassVar[set[Peer]] = set()

    def __init__(
        self, answers: Sequence[Answer] = (), *, hello: Any = HELLO, then: Any = "close"
    ) -> None:
        ours, self.socket = socket.socketpair()
        output, self.output = os.pipe()
        status, self.status = os.pipe()
        server: Any = SimpleNamespace(
            device="simulator", last_words=lambda: "it printed nothing"
        )
        self.worker = Worker(ours, output, status, Path("/no/such/folder"), server)
        self._hello = message(hello) if isinstance(hello, dict) else hello
        self._answers = answers
        self._then = then
        self._ending = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._play, daemon=True)
        Peer.alive.add(self)
        self._thread.start()

    def _play(self) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            self.socket.sendall(self._hello)
            for answer in self._answers:
                head, _ = wire.read_message(self.read)
                if isinstance(answer, bytes):
                    self.socket.sendall(answer)
                else:
                    answer(self, head)
            if self._then == "silence":
                self.wait()
            elif callable(self._then):
                self._then(self)
        self.end()

    def read(self, count: int) -> bytes:
        """Read so many bytes from the worker."""
        data = bytearray()
        while len(data) < count:
            chunk = self.socket.recv(min(count - len(data), 1 << 20))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def wait(self) -> None:
        """Take what comes until the other side is gone."""
        while self.socket.recv(1 << 20):
            pass

    def end(self, how: bytes = b'{"exit": 0, "signal": null}') -> None:
        """End as a process does: its socket closes, and the server says how."""
        with self._ending:
            if not self._ended:
                self._ended = True
                with contextlib.suppress(OSError):
                    os.write(self.status, how)
                with contextlib.suppress(OSError):
                    self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leave nothing open."""
        Peer.alive.discard(self)
        self.worker.kill()
        self.end()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.socket.close()
        os.close(self.output)
        os.close(self.status)


def outcome(peer: Peer, request: Callable[[Worker, float], Any], seconds: float) -> Any:
    """Return what a request gives: plain data, or the WorkerError that it raises."""
    started = time.monotonic()
    found: Any
    try:
        peer.worker.start()
        started = time.monotonic()
        found = request(peer.worker, seconds)
        taken = time.monotonic() - started
        assert_plain(found)
    except WorkerError as err:
        taken = time.monotonic() - started
        assert peer.worker.closed, "a worker that cannot be understood is ended"
        found = err
    finally:
        peer.close()
    assert taken < seconds + SLACK, f"took {taken:.2f} s with a deadline of {seconds} s"
    return found


def assert_plain(value: Any) -> None:
    """Nothing but plain Python values and the protocol's own records of them."""
    if isinstance(value, wire.ArrayValue):
        assert type(value.array) is np.ndarray
        assert value.array.dtype.name in wire.DTYPES
        assert value.array.flags.writeable
        assert len(value.strides) in (0, value.array.ndim)
        assert value.memory_space in ("cpu", "cuda")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            assert_plain(getattr(value, field.name))
    elif type(value) in (tuple, list):
        for item in value:
            assert_plain(item)
    elif type(value) is dict:
        for key, item in value.items():
            hash(key)
            assert_plain(item)
    else:
        assert value is None or type(value) in (bool, int, float, complex, str)


@contextlib.contextmanager
def no_signals() -> Iterator[list[int]]:
    """Let no signal out, and end the peers instead; give the numbers that were meant."""
    numbers: list[int] = []

    def kill(number: int, _signal: int) -> None:
        numbers.append(number)
        for peer in list(Peer.alive):
            peer.end(b'{"exit": null, "signal": 9}')

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "kill", kill)
        patch.setattr(os, "killpg", kill)
        patch.setattr(worker_module, "_START_SECONDS", 0.3)
        patch.setattr(worker_module, "_ENDED_SECONDS", 0.3)
        yield numbers
