"""The worker's end of the socket to the grading process. Imports nothing of the engine."""

from __future__ import annotations

import socket
from typing import Any

from graders.harness.worker import wire


class Channel:
    """The worker's end of the socket to the grading process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, head: dict[str, Any], blobs: list[wire.Blob] | None = None) -> None:
        """Send one message."""
        for piece in wire.frame(head, blobs or []):
            self._connection.sendall(piece)

    def receive(self) -> tuple[dict[str, Any], list[wire.Blob]]:
        """Wait for one message."""
        return wire.read_message(self._read)

    def _read(self, count: int) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            got = self._connection.recv_into(view)
            if got == 0:
                raise EOFError
            view = view[got:]
        return data
