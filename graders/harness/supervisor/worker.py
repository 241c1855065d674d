"""One worker as the grading process sees it: requests, deadlines, output, its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from graders.harness.device.evidence import Evidence
from graders.harness.errors import ProtocolError, WorkerCrashed, WorkerTimedOut
from graders.harness.supervisor import answers
from graders.harness.supervisor.answers import MALFORMED as _MALFORMED
from graders.harness.supervisor.asked import MOST_COMPILED, Pause, call_proxy
from graders.harness.supervisor.observation import NOT_TIMED, Observation, Proxy, Timed
from graders.harness.worker import wire
from graders.harness.worker.scratch import remove

if TYPE_CHECKING:
    from graders.harness.supervisor.forkserver import ForkServer

_CHUNK = 1 << 20
_TAIL = 8192
_START_SECONDS = 120.0
_ENDED_SECONDS = 1.5  # a process that the GPU driver holds may take longer
_ENDING_SECONDS = 0.5  # from the end of the conversation to the end of the process
_FINISH_SECONDS = 1.0
_INTERRUPT_SECONDS = 1.0  # from an interrupt to the end of what it interrupts


class Worker:
    """A handle on a forked child; get one from :meth:`ForkServer.fork`."""

    def __init__(
        self,
        connection: socket.socket,
        output: int,
        status: int,
        scratch: Path,
        server: ForkServer,
        user: int = 0,
    ) -> None:
        self.scratch = scratch
        self.user = user
        self.layers: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        self._server = server
        self._connection = connection
        self._output = output
        self._status = status
        self._pid = 0
        self._tail = b""
        self._lines = 0
        self._deadline = 0.0
        self._budget = 0.0
        self._may_interrupt = False
        self.interrupted = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        self._selector.register(output, selectors.EVENT_READ)
        self._selector.register(status, selectors.EVENT_READ)
        self._closed = False
        self._ended: dict[str, Any] = {}

    # ---------------------------------------------------------------- requests

    def start(self) -> None:
        """Wait for the child's first word."""
        if self._pid:
            return
        self._arm(_START_SECONDS)
        head, _ = self._receive()
        try:
            pid = answers.count(head["pid"])
            layers = answers.texts(head.get("layers", []))
            self.missing = answers.named(head.get("missing", {}))
            if head["op"] != "hello" or pid <= 1:
                raise ValueError(pid)
        except _MALFORMED as err:
            self.kill()
            msg = "the worker did not begin as it should"
            raise ProtocolError(msg) from err
        self._pid, self.layers = pid, tuple(layers)

    def describe(self) -> dict[str, Any]:
        """Return facts about the worker's device."""
        self.start()
        head, _ = self._request({"op": "describe"}, [], 60.0, wants="described")
        try:
            return answers.facts(head["facts"])
        except _MALFORMED as err:
            raise self.malformed(err) from err

    def load(self, path: Path, timeout: float) -> dict[str, Any] | None:
        """Load a staged module; return the exception that it raised, as plain data."""
        self.start()
        request = {"op": "load", "path": str(path)}
        head, _ = self._request(request, [], timeout, wants="loaded")
        try:
            return answers.exception(head["exception"])
        except _MALFORMED as err:
            raise self.malformed(err) from err

    def call(
        self,
        function: str,
        args: Sequence[Any],
        *,
        timeout: float,
        poison: bool = True,
        trace: bool = True,
        value: bool = True,
        timed: Timed = NOT_TIMED,
        pause: Pause | None = None,
    ) -> Observation:
        """
        Call a function of the loaded module.

        Args:
            function: Its name.

            args: Plain values, ``ArrayValue`` for arrays in a memory space, ``Proxy``.
                ``StreamValue`` for what is read item by item. Where there are none,
                those of the last :meth:`hold`.

            timeout: Seconds until the worker and its process group are killed.

            poison: Whether fresh device memory is filled with NaN.

            trace: Whether kernels and copies are recorded.

            value: Whether the result crosses.

            timed: What a timed round does otherwise.

            pause: What is given back while the program compiles a kernel, if anything.

        Raises:
            WorkerCrashed: The worker ended without an answer.

            WorkerTimedOut: It did not answer in time.

            ProtocolError: What it answered is no message.
        """
        self.start()
        proxies: dict[int, Proxy] = {}
        encoder = wire.Encoder()
        nodes = [encoder.encode(_with_refs(arg, proxies)) for arg in args]
        head = {
            "op": "call",
            "function": function,
            "args": nodes,
            "poison": poison,
            "trace": trace,
            "value": value,
            "turn": timed.turn,
            "sample": timed.sample,
            "channels": timed.channels,
            "tell_compiling": pause is not None,
            "parameters": list(next(iter(proxies.values())).parameters)
            if proxies
            else [],
        }
        started = time.perf_counter()
        answer, blobs = self._request(
            head, encoder.blobs, timeout, proxies, pause=pause
        )
        seconds = time.perf_counter() - started
        return self.observation(answer, blobs, seconds)

    def hold(self, args: Sequence[Any], timeout: float) -> None:
        """Hand over arguments for calls that name none; each gets fresh copies of them."""
        self.start()
        encoder = wire.Encoder()
        nodes = [encoder.encode(arg) for arg in args]
        request = {"op": "hold", "args": nodes}
        self._request(request, encoder.blobs, timeout, wants="held")

    def finish(self) -> None:
        """Ask the child to end, and clean up."""
        if not self._closed and self._pid:
            with contextlib.suppress(
                WorkerCrashed, WorkerTimedOut, ProtocolError, OSError
            ):
                self._request({"op": "finish"}, [], _FINISH_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the child's process group and clean up; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        self._connection.close()  # a child that never said who it is ends at this
        self._wait_for_end(_ENDED_SECONDS)
        self._drain_rest()
        self._selector.close()
        os.close(self._output)
        os.close(self._status)
        remove(self.scratch)
        (self.scratch.parent / f"user-{self.user}").unlink(missing_ok=True)

    @property
    def closed(self) -> bool:
        """Whether the worker is gone."""
        return self._closed

    def output_tail(self) -> str:
        """Return the end of what the program printed, with a note of what is left out."""
        text = self._tail.decode("utf-8", "replace")
        if len(self._tail) < _TAIL:
            return text
        _, newline, whole = text.partition("\n")  # the first line may be cut
        if not newline:
            return f"[the start of a long line left out]\n{text}"
        return f"[{self._lines - whole.count(chr(10)):,} lines left out]\n{whole}"

    # --------------------------------------------------------------- transport

    def ask(
        self,
        head: dict[str, Any],
        timeout: float,
        *,
        wants: Sequence[str],
        interrupt: bool = False,
    ) -> tuple[dict[str, Any], list[wire.Blob]]:
        """
        Send a request of plain data and return the answer's head and blobs, unread.

        Args:
            head: The request.

            timeout: Seconds until the worker and its process group are killed.

            wants: The operations that the answer may have.

            interrupt: Whether the worker's program is interrupted first, and killed only if
                it goes on; :attr:`interrupted` then says so.

        Raises:
            WorkerCrashed, WorkerTimedOut, ProtocolError: As for :meth:`call`.
        """
        self.start()
        self._may_interrupt, self.interrupted = interrupt, False
        try:
            answer, blobs = self._request(head, [], timeout)
        finally:
            self._may_interrupt = False
        if answer.get("op") not in wants:
            raise self.malformed(ValueError())
        return answer, blobs

    def _request(
        self,
        head: dict[str, Any],
        blobs: list[wire.Blob],
        timeout: float,
        proxies: dict[int, Proxy] | None = None,
        *,
        wants: str = "",
        pause: Pause | None = None,
    ) -> tuple[dict[str, Any], list[wire.Blob]]:
        self._arm(timeout)
        self._expect_silence()
        self._send(head, blobs)
        compiled = 0
        while True:
            answer, answer_blobs = self._receive()
            if wants and answer.get("op") != wants:
                raise self.malformed(ValueError())
            if answer.get("op") == "proxy":
                self._serve_proxy(answer, answer_blobs, proxies or {})
            elif answer.get("op") == "compiling" and pause and compiled < MOST_COMPILED:
                compiled += 1
                self._serve_compilation(pause)
            else:
                return answer, answer_blobs

    def _expect_silence(self) -> None:
        """A worker speaks when it is asked: an answer that lies there was made up."""
        self._connection.settimeout(None)
        try:
            early = self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            early = b""
        if not early:
            self._crashed()
        self.kill()
        msg = "the worker answered before it was asked"
        raise ProtocolError(msg)

    def _serve_proxy(
        self, head: dict[str, Any], blobs: list[wire.Blob], proxies: dict[int, Proxy]
    ) -> None:
        try:
            answer, arrays = call_proxy(head, blobs, proxies)
        except _MALFORMED as err:
            self.kill()
            msg = f"the worker's request for a function is malformed: {type(err).__name__}"
            raise ProtocolError(msg) from err
        self._send(answer, arrays)

    def _serve_compilation(self, pause: Pause) -> None:
        """Let others use the GPU while the program compiles; its time goes on meanwhile."""
        pause.begin()
        answer, _ = self._receive()
        if answer.get("op") != "compiled":
            raise self.malformed(ValueError())
        left = self._deadline - time.monotonic()
        pause.end()
        self._deadline = time.monotonic() + left  # others' use of it is not its fault
        self._send({"op": "go"}, [])

    def observation(
        self, head: dict[str, Any], blobs: list[wire.Blob], seconds: float
    ) -> Observation:
        """
        Read an answer that is an observation, or says why there is none.

        Raises:
            ProtocolError: It is neither; the worker is ended.
        """
        try:
            if head["op"] == "missing":
                names = answers.texts(head["names"])
                return Observation(problem="missing", detail=names)
            if head["op"] == "signature":
                problem = answers.text(head["problem"])
                return Observation(problem="signature", detail=problem)
            if head["op"] == "unwritten":
                where = answers.text(head["file"]), answers.line(head["line"])
                return Observation(problem="unwritten", detail=where)
            if head["op"] != "observation":
                msg = "unknown operation"
                raise ValueError(msg)
            return Observation(
                value=wire.decode(head["value"], blobs),
                evidence=replace(
                    Evidence.from_dict(head["evidence"]),
                    recorded_on=self._server.device,
                ),
                seconds=seconds,
                claimed_seconds=answers.duration(head["seconds"]),
                changed=answers.counts(head["changed"]),
                late_write=answers.flag(head["late_write"]),
                exception=answers.exception(head["exception"]),
                shared_results=answers.known(answers.pairs, head.get("shared_results")),
                shared_arguments=answers.known(
                    answers.pairs, head.get("shared_arguments")
                ),
                reused_results=answers.known(
                    answers.counts, head.get("reused_results")
                ),
            )
        except _MALFORMED as err:
            raise self.malformed(err) from err

    def malformed(self, error: Exception) -> ProtocolError:
        """End the worker, whose answer could not be read; return what to raise."""
        self.kill()
        return ProtocolError(
            f"the worker's answer is malformed ({type(error).__name__})"
        )

    def _arm(self, timeout: float) -> None:
        self._budget = timeout
        self._deadline = time.monotonic() + timeout

    def _send(self, head: dict[str, Any], blobs: list[wire.Blob]) -> None:
        # The worker reads requests eagerly, but it may also be stuck: never block past the
        # deadline.
        for piece in wire.frame(head, blobs):
            view = memoryview(piece)
            while view:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    self._time_out()
                self._connection.settimeout(left)
                try:
                    view = view[self._connection.send(view[: 1 << 22]) :]
                except TimeoutError:
                    self._time_out()
                except OSError:
                    self._crashed()

    def _receive(self) -> tuple[dict[str, Any], list[wire.Blob]]:
        try:
            return wire.read_message(self._read)
        except EOFError:
            self._crashed()
        except wire.WireError as err:
            self.kill()
            raise ProtocolError(str(err)) from err

    def _read(self, count: int) -> bytearray:
        data = bytearray()
        while len(data) < count:
            left = self._deadline - time.monotonic()
            if left <= 0:
                self._interrupt_or_time_out()
                continue
            ready = {key.fd for key, _ in self._selector.select(left)}
            if self._output in ready:
                self._drain()
            if self._connection.fileno() in ready:
                chunk = self._receive_some(min(_CHUNK, count - len(data)))
                if not chunk:
                    raise EOFError
                data += chunk
            elif self._status in ready:
                raise EOFError  # it ended, though a process of its own may live on
        return data

    def _receive_some(self, count: int) -> bytes:
        try:
            return self._connection.recv(count)
        except ConnectionError:  # it ended with a request of ours unread
            return b""

    def _drain(self) -> None:
        chunk = os.read(self._output, _CHUNK)
        if not chunk:
            self._selector.unregister(self._output)
            return
        self._lines += chunk.count(b"\n")
        self._tail = (self._tail + chunk)[-_TAIL:]

    def _drain_rest(self) -> None:
        """Take what the program had printed when it ended or was stopped."""
        os.set_blocking(self._output, False)
        with contextlib.suppress(OSError, KeyError):
            for _ in range(64):  # a pipe holds less, unless somebody still fills it
                self._drain()

    def _interrupt_or_time_out(self) -> None:
        if not self._may_interrupt:
            self._time_out()
        self._may_interrupt, self.interrupted = False, True
        self._deadline = time.monotonic() + _INTERRUPT_SECONDS
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._pid, signal.SIGINT)

    def _time_out(self) -> NoReturn:
        self.kill()
        msg = f"it did not return within {self._budget:g} s and was stopped"
        raise WorkerTimedOut(msg)

    def _wait_for_end(self, seconds: float) -> None:
        """Wait until the server says that nothing of the child is left running."""
        if self._ended:
            return
        waiting = selectors.DefaultSelector()
        waiting.register(self._status, selectors.EVENT_READ)
        if waiting.select(seconds):
            self._ended = answers.end(os.read(self._status, 4096))
        waiting.close()

    def _crashed(self) -> NoReturn:
        """Find out how the child ended, and raise."""
        started = bool(self._pid)
        self._wait_for_end(_ENDING_SECONDS)
        self.kill()
        code, number = self._ended.get("exit"), self._ended.get("signal")
        because = self._ended.get("because", "")
        if not started:
            said = f"{self.output_tail()} {self._server.last_words()}"
            msg = f"the worker did not start: {said}"
        elif because:
            msg = f"it was stopped for what it used, {because}"
        elif number is not None:
            msg = f"it was ended by {answers.signal_name(number)}"
        elif code is not None:
            msg = f"it ended its process with exit status {code}"
        else:
            msg = "it ended without a word"
        raise WorkerCrashed(msg, exit_code=code, signal=number, because=because)


def _with_refs(arg: Any, proxies: dict[int, Proxy]) -> Any:
    """Replace each proxy by a number that says nothing of which one it is."""
    if isinstance(arg, Proxy):
        number = int.from_bytes(os.urandom(6))
        proxies[number] = arg
        return wire.ProxyRef(number)
    if type(arg) in (list, tuple):
        return type(arg)(_with_refs(item, proxies) for item in arg)
    return arg
