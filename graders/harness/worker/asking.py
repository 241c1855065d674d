"""What a worker asks of the grading process in the middle of a call.

A candidate of the grader's own is called there, so that nothing here tells one from
another; and a compilation is told, so that nobody waits for the GPU on its account. Imports
nothing of the engine but ``device`` and ``worker.wire``.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from graders.harness.device.interface import Device
from graders.harness.worker import wire
from graders.harness.worker.channel import Channel


class Asking:
    """
    One worker's questions, one at a time: the program may have threads of its own.

    Args:
        channel: To the grading process.

        device: Where candidates' arrays come from and go to.

        read: Gives the host copy of an array of the device's, or None.
    """

    def __init__(
        self,
        channel: Channel,
        device: Device,
        read: Callable[[Any], wire.ArrayValue | None],
    ) -> None:
        self._channel = channel
        self._device = device
        self._read = read
        self._lock = threading.Lock()
        self._compiles = False
        #: Whether compilations are to be told.
        self.telling = False

    def proxy(self, number: int, parameters: list[str]) -> Callable[..., Any]:
        """Return a callable whose work is done by the grading process."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature(
            [inspect.Parameter(name, kind) for name in parameters]
        )

        def candidate(*args: Any, **kwargs: Any) -> Any:
            return self._ask(number, list(signature.bind(*args, **kwargs).args))

        candidate.__signature__ = signature  # type: ignore[attr-defined]
        return candidate

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """Tell that the program compiles, and go on when the GPU may be used again."""
        on_main = threading.current_thread() is threading.main_thread()
        if not self.telling or self._compiles or not on_main:
            yield
            return
        self._compiles = True
        with self._lock:
            self._channel.send({"op": "compiling"})
        try:
            yield
        finally:
            with self._lock:
                self._channel.send({"op": "compiled"})
                self._channel.receive()
            self._compiles = False

    def _ask(self, number: int, args: list[Any]) -> Any:
        encoder = wire.Encoder(self._read)
        for arg in args:
            if isinstance(arg, np.ndarray) or self._read(arg) is None:
                msg = f"Unsupported type {type(arg)}"
                raise TypeError(msg)
        nodes = [encoder.encode(arg) for arg in args]
        with self._lock:
            self._channel.send(
                {"op": "proxy", "n": number, "args": nodes}, encoder.blobs
            )
            head, blobs = self._channel.receive()
        for index, node in head.get("changed", []):
            args[index][...] = self._device.to_device(wire.decode(node, blobs).array)
        if head["op"] == "proxy_raise":
            kinds = {"ValueError": ValueError, "TypeError": TypeError}
            raise kinds.get(head["type"], RuntimeError)(head["message"])
        return self._device.to_device(wire.decode(head["value"], blobs).array)
