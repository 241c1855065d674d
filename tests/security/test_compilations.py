"""A program that compiles lets others use the GPU meanwhile; to say so gains nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from graders.harness.device.numba_watch import watch_compiler
from graders.harness.errors import ProtocolError, WorkerTimedOut
from graders.harness.measure.lease import Lease, Leased
from graders.harness.supervisor import Observation
from graders.harness.supervisor.asked import MOST_COMPILED
from graders.harness.worker.asking import Asking
from tests.security import fake_child as fake

BEGIN, END = (fake.message({"op": op}) for op in ("compiling", "compiled"))
ANSWER = fake.message(fake.OBSERVATION, fake.BLOBS)


class Pause:
    """Takes note of what is held and when."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.said: list[str] = []
        self._seconds = seconds

    def begin(self) -> None:
        self.said.append("begin")

    def end(self) -> None:
        self.said.append("end")
        time.sleep(self._seconds)


@pytest.fixture(autouse=True)
def signalled() -> Iterator[list[int]]:
    """No signal leaves this module."""
    with fake.no_signals() as numbers:
        yield numbers


def _called(pause: Pause | None, *answers: fake.Answer, seconds: float = 2.0) -> Any:
    peer = fake.Peer(answers)
    return fake.outcome(
        peer,
        lambda worker, limit: worker.call("f", [1], timeout=limit, pause=pause),
        seconds,
    )


def test_a_call_pauses_for_each_compilation() -> None:
    """What is held is given back at each beginning and taken at each end."""
    pause = Pause()
    seen = _called(pause, BEGIN + END, BEGIN + END, ANSWER)
    assert isinstance(seen, Observation)
    assert pause.said == ["begin", "end"] * 2


@pytest.mark.parametrize(
    "answers",
    [
        (BEGIN + BEGIN, ANSWER),
        (BEGIN + ANSWER, ANSWER),
        (END, ANSWER),
        (BEGIN + fake.message({"op": "proxy", "n": 1, "args": []}), ANSWER),
        (*[BEGIN + END] * (MOST_COMPILED + 1), ANSWER),
    ],
    ids=["twice", "answered", "ended", "asks", "without end"],
)
def test_out_of_turn_it_is_no_message(answers: tuple[fake.Answer, ...]) -> None:
    """A beginning has an end, an end a beginning, and there are only so many."""
    assert isinstance(_called(Pause(), *answers), ProtocolError)


def test_where_nothing_is_held_it_is_no_message() -> None:
    """A timed call, and one in the simulator, holds on to what it has."""
    assert isinstance(_called(None, BEGIN + END, ANSWER), ProtocolError)


def test_waiting_for_the_gpu_is_not_the_program_s_time() -> None:
    """The deadline stands still while others use the GPU, and not while it compiles."""

    def late(seconds: float) -> fake.Answer:
        def answer(peer: fake.Peer, _head: dict[str, Any]) -> None:
            peer.socket.sendall(BEGIN)
            time.sleep(seconds)
            peer.socket.sendall(END)

        return answer

    pause = Pause(0.6)
    assert isinstance(_called(pause, BEGIN + END, ANSWER, seconds=0.4), Observation)
    assert isinstance(_called(Pause(), late(1.0), ANSWER, seconds=0.4), WorkerTimedOut)


def test_a_lease_is_free_during_a_pause(tmp_path: Path) -> None:
    """Who measures times gets the GPU then, and the wait for it is known."""
    lease, other = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path, patience=0)
    with Leased(lease, alone=False) as held:
        held.begin()
        other.acquire(alone=True)
        again = threading.Thread(target=held.end)
        again.start()
        time.sleep(0.2)
        assert again.is_alive()
        other.release()
        again.join(5)
        assert 0.15 < held.waited < 2  # noqa: PLR2004
        assert lease.is_held()
    assert not lease.is_held()


class _Channel:
    """A worker's channel whose other side answers at once."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def send(self, head: dict[str, Any]) -> None:
        self.said.append(head["op"])

    def receive(self) -> tuple[dict[str, Any], list[Any]]:
        self.said.append("go")
        return {"op": "go"}, []


def test_a_worker_tells_where_it_is_to_be_told() -> None:
    """Within a call that shares the GPU, once for all within, and by no other thread."""
    channel: Any = _Channel()
    asking = Asking(channel, None, lambda _: None)  # type: ignore[arg-type]
    with asking.compiling():
        pass
    assert channel.said == []
    asking.telling = True
    with asking.compiling(), asking.compiling():
        assert channel.said == ["compiling"]

    def elsewhere() -> None:
        with asking.compiling():
            pass

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert channel.said == ["compiling", "compiled", "go"]
    with pytest.raises(ZeroDivisionError), asking.compiling():
        _ = 1 / 0
    assert channel.said[3:] == ["compiling", "compiled", "go"]


def test_the_compiler_of_kernels_is_watched() -> None:
    """Its result and its errors stay what they are."""
    inside: list[bool] = []

    class Dispatcher:
        def compile(self, sig: str) -> str:
            inside.append(bool(entered))
            return sig.upper()

    entered: list[str] = []

    @contextmanager
    def compiling() -> Iterator[None]:
        entered.append("in")
        yield
        entered.clear()

    given: Callable[[], AbstractContextManager[None]] = compiling
    watch_compiler(Dispatcher, given)
    assert Dispatcher().compile("void(int32)") == "VOID(INT32)"
    assert inside == [True]
    assert entered == []
