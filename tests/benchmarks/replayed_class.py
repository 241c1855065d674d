"""What grading asks of programs, asked again with nothing watched, compared or confined.

    echo '[["fft_callbacks/sepia_blur", "FILE.py"], ...]' | \
        python tests/benchmarks/replayed_class.py simulator

The programs are graded first, while each message that their workers get is kept: the loads
and the calls with their arguments, of the programs and of the references and baselines that
they are compared with. Then each worker's messages are answered once more in a fork of its
own, whose packages are imported and whose device is at work before. Only loading and
calling are timed, until the device is idle: what arguments take to be made is not.
Candidates that a program is to judge answer at once, as they did.

It prints JSON: ``programs``, ``references`` and ``alone``, the seconds inside them, one
after the other: of the programs handed in, of what they are compared with, and of both in
the rounds that have the GPU for themselves; ``loads`` and ``calls``, how many there were;
``at_once``, the seconds of the same on as many processes as there are cores, with forks
and arguments, which says little of a few; ``stopped``, workers that went on for a minute or
ended themselves. Meant for the corpus of the tests: nothing is confined here.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pickle
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from graders.harness.catalog import Catalog  # noqa: E402
from graders.harness.device.interface import Device, load_device  # noqa: E402
from graders.harness.models import Submission  # noqa: E402
from graders.harness.run import Grader, Request  # noqa: E402
from graders.harness.supervisor.forkserver import OURS, ForkServer  # noqa: E402
from graders.harness.supervisor.worker import Worker  # noqa: E402
from graders.harness.threads import one_thread_each  # noqa: E402
from graders.harness.worker import streams, wire  # noqa: E402
from graders.harness.worker.child import Child  # noqa: E402
from graders.harness.worker.confinement import Layers  # noqa: E402

SECONDS = 60
_KEPT = ("load", "hold", "call", "proxy_result", "proxy_raise")
_clock = time.perf_counter  # the simulator replaces the module's later on


def keep_messages(folder: Path) -> None:
    """Have all workers of this process's and its children's write down what they get."""
    numbers = itertools.count()
    send, fork = Worker._send, ForkServer.fork

    def forked(self: ForkServer, owner: str = "", library_code: str = "") -> Worker:
        worker = fork(self, owner, library_code)
        kind = "reference" if owner == OURS else "program"
        name = f"{kind}-{os.getpid()}-{next(numbers)}.pickle"
        worker.kept_in = folder / name  # type: ignore[attr-defined]
        return worker

    def sent(self: Worker, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        if head["op"] in _KEPT:
            files = {}
            if head["op"] == "load":
                loaded = Path(head["path"])
                files = {p.name: p.read_bytes() for p in loaded.parent.glob("*.py")}
            with self.kept_in.open("ab") as file:  # type: ignore[attr-defined]
                pickle.dump((head, [bytes(blob) for blob in blobs], files), file)
        send(self, head, blobs)

    ForkServer.fork, Worker._send = forked, sent  # type: ignore[method-assign]


def grade(wanted: list[list[str]], device: str) -> None:
    """Grade the programs, as a class that has no results yet."""
    exercises = {exercise.name: exercise for exercise in Catalog().select(())}
    work = [
        (exercises[name], Submission(exercise=name, path=Path(path), digest=path))
        for name, path in wanted
    ]
    with Grader(device, Catalog(), keeps_caches=False) as grader:
        grader.results(Request(work=work, device=device))


class Messages:
    """
    A channel to a child: it gets what was kept, and what it says is dropped.

    Args:
        path: Where one worker's messages are.

        folder: Where the programs go that it loads.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._kept = read_messages(path, folder)
        self._asks = False

    def send(self, head: dict[str, Any], blobs: list[wire.Blob] | None = None) -> None:
        """Nobody listens, but a candidate that is called has its answer kept."""
        del blobs
        self._asks = head["op"] == "proxy"

    def receive(self) -> tuple[dict[str, Any], list[wire.Blob]]:
        """Return the next request, or the answer that was asked for."""
        for head, blobs in self._kept:
            if head["op"].startswith("proxy_") == self._asks:
                self._asks = False
                return head, blobs
            if self._asks:
                break
        raise EOFError


def read_messages(
    path: Path, folder: Path
) -> Iterator[tuple[dict[str, Any], list[wire.Blob]]]:
    """Return what a worker got, message by message, with its files where they now lie."""
    with path.open("rb") as file, contextlib.suppress(EOFError):
        while True:
            head, blobs, files = pickle.load(file)
            for name, content in files.items():
                (folder / name).write_bytes(content)
            if files:
                head["path"] = str(folder / Path(head["path"]).name)
            yield head, blobs


@dataclass
class Inside:
    """How long programs themselves took, and how often they were called."""

    seconds: float = 0.0
    alone: float = 0.0
    loads: int = 0
    calls: int = 0

    def add(self, other: Inside) -> None:
        """Add what another worker's took."""
        for item in fields(self):
            mine, more = getattr(self, item.name), getattr(other, item.name)
            setattr(self, item.name, mine + more)


class Bare(Child):
    """A worker's child that does what it is asked and looks at nothing."""

    def __init__(self, messages: Messages, device: Device) -> None:
        super().__init__(messages, device, Layers())  # type: ignore[arg-type]
        self.inside = Inside()

    @contextlib.contextmanager
    def _timed(self, *, alone: bool) -> Iterator[None]:
        started = _clock()
        with contextlib.suppress(BaseException):  # wrong programs end in all ways
            yield
        with contextlib.suppress(BaseException):
            self._device.synchronize()
        seconds = _clock() - started
        self.inside.seconds += seconds
        self.inside.alone += seconds * alone

    def _load(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        self.inside.loads += 1
        with self._timed(alone=False):
            super()._load(head, blobs)

    def _call(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        function = getattr(self._module, head["function"], None)
        values = [wire.decode(node, blobs) for node in head["args"]]
        args = [self._build(value, head) for value in values or self._held]
        given = [a.iterator if isinstance(a, streams.Stream) else a for a in args]
        self.inside.calls += 1
        # Where a call shares the GPU, it is let go while the program compiles.
        alone = self._device.name == "cuda" and not head["tell_compiling"]
        with self._timed(alone=alone):
            streams.drain(function(*given), None)  # type: ignore[misc]


def answered(path: Path, device: Device) -> tuple[Inside, bool]:
    """
    Answer a worker's messages in a fork.

    Returns:
        What was inside its program, and whether that came to its end. Where a program
        ends its process, or goes on for too long, it is the seconds of the whole fork.
    """
    started = _clock()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            signal.alarm(SECONDS)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            folder = Path(tempfile.mkdtemp(dir=path.parent))
            os.chdir(folder)
            os.environ["HARNESS_DEVICE_CACHES"] = str(folder / "caches")
            sys.argv, sys.dont_write_bytecode = [""], True
            device.start()
            child = Bare(Messages(path, folder), device)
            with contextlib.suppress(EOFError):
                child.serve()
            os.write(write, json.dumps(asdict(child.inside)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = pipe.read()
    os.waitpid(pid, 0)
    if said:
        return Inside(**json.loads(said)), True
    return Inside(seconds=_clock() - started), False


def one_after_the_other(paths: list[Path], device: Device) -> dict[str, Any]:
    """Answer the messages of one worker after the other; return what they took."""
    found = {"program": Inside(), "reference": Inside()}
    stopped = 0
    for path in paths:
        inside, ended = answered(path, device)
        stopped += not ended
        found[path.name.partition("-")[0]].add(inside)
    programs, references = found["program"], found["reference"]
    return {
        "workers": len(paths),
        "programs": programs.seconds,
        "references": references.seconds,
        "alone": programs.alone + references.alone,
        "loads": programs.loads + references.loads,
        "calls": programs.calls + references.calls,
        "stopped": stopped,
    }


def all_at_once(paths: list[Path], device: Device) -> float:
    """Answer all messages on as many processes as there are cores; return the seconds."""
    started = _clock()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        list(threads.map(lambda path: answered(path, device), paths))
    return _clock() - started


def main() -> None:
    """Read the programs, grade them, answer their messages, print what that took."""
    name = sys.argv[1]
    one_thread_each(os.environ)
    wanted = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="replayed-class-") as folder:
        keep_messages(Path(folder))
        grade(wanted, name)
        paths = sorted(Path(folder).glob("*.pickle"))
        device = load_device(name)
        device.preload()
        found = one_after_the_other(paths, device)
        found["at_once"] = all_at_once(paths, device)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
