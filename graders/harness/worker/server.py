"""The warm fork server: imports the heavy packages once, then forks a worker a request.

Run as a script by the supervisor, with an isolated interpreter. It makes no CUDA
context, so that its children may. Imports nothing of the engine but ``device`` and its
own package.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any


def main(argv: list[str]) -> None:
    """
    Serve until the control socket closes.

    Args:
        argv: The device's name, the control socket's number, the repository, and the import
            path as JSON.
    """
    name, control, root, import_path = argv
    sys.path[:] = [root, *(p for p in json.loads(import_path) if p not in ("", root))]
    from graders.harness.device.interface import load_device  # noqa: PLC0415 - path set above
    from graders.harness.worker import child  # noqa: PLC0415 - path set above
    from graders.harness.worker.confinement import confine, hide_packages  # noqa: PLC0415

    device = load_device(name)
    device.preload()
    hide_packages(os.path.realpath(root))
    gc.freeze()
    server = _Server(socket.socket(fileno=int(control)))
    request = server.run()
    if request is not None:  # this is a forked child
        _run_child(child, device, confine, *request)


class _Server:
    """Forks on request and passes on how each child ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._status: dict[int, tuple[int, int]] = {}  # pidfd -> (pid, status pipe)

    def run(self) -> tuple[socket.socket, dict[str, str]] | None:
        """Serve; return a request in the child that it forked, None when all is over."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._control:
                    self._reap(key.fd)
                    continue
                data, fds, _, _ = socket.recv_fds(self._control, 65536, 3)
                if not data:
                    self._kill_all()
                    return None
                if (request := self._fork(json.loads(data), fds)) is not None:
                    return request

    def _fork(
        self, request: dict[str, Any], fds: list[int]
    ) -> tuple[socket.socket, dict[str, str]] | None:
        connection, output, status = fds
        pid = os.fork()
        if pid == 0:
            self._selector.close()
            self._control.close()
            for pidfd, (_, other) in self._status.items():
                os.close(pidfd)
                os.close(other)
            os.close(status)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            return socket.socket(fileno=connection), request
        os.close(connection)
        os.close(output)
        pidfd = os.pidfd_open(pid)
        self._status[pidfd] = (pid, status)
        self._selector.register(pidfd, selectors.EVENT_READ)
        return None

    def _reap(self, pidfd: int) -> None:
        pid, status = self._status.pop(pidfd)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, code = os.waitpid(pid, 0)
        ended = {"exit": None, "signal": os.WTERMSIG(code)}
        if os.WIFEXITED(code):
            ended = {"exit": os.WEXITSTATUS(code), "signal": None}
        with contextlib.suppress(OSError):
            os.write(status, json.dumps(ended).encode())
        os.close(status)

    def _kill_all(self) -> None:
        for pid, _ in self._status.values():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)


def _run_child(
    child: Any,
    device: Any,
    confine: Any,
    connection: socket.socket,
    request: dict[str, str],
) -> None:
    # os._exit in every case: a child must never run the server's exit handlers.
    code, serving = 1, False
    try:
        layers = confine()
        work = Path(request["scratch"]) / "work"
        os.chdir(work)
        os.environ["HOME"] = os.environ["TMPDIR"] = str(work)
        os.environ["HARNESS_DEVICE_CACHES"] = request["caches"]
        sys.argv = [""]
        sys.dont_write_bytecode = True  # the learner's folder stays as it was staged
        device.start()
        serving = True
        child.Child(child.Channel(connection), device, layers).serve()
        code = 0
    except EOFError:
        code = 0  # the grading process has gone
    finally:
        if code and not serving:  # later on, what it prints is the learner's output
            import traceback  # noqa: PLC0415 - only when the harness itself failed

            traceback.print_exc()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
