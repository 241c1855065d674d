"""The warm fork server: imports the heavy packages once, then forks a worker a request.

Run as a script by the supervisor, with an isolated interpreter. It makes no CUDA
context, so that its children may. Imports nothing of the engine but ``device`` and its
own package.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import select
import selectors
import socket
import sys
from pathlib import Path
from typing import Any

_Request = tuple[socket.socket, dict[str, Any]]


def main(argv: list[str]) -> None:
    """
    Serve until the control socket closes.

    Args:
        argv: The device's name, the control socket's number, the repository, the import
            path as JSON, and the bytes of memory a worker may use (0: what is usual).
    """
    name, control, root, import_path, memory = argv
    sys.path[:] = [root, *(p for p in json.loads(import_path) if p not in ("", root))]
    from graders.harness.device import (  # noqa: PLC0415 - path set above
        cupy_code,  # noqa: F401, PLC0415 - for library_code, which finds it by name
        library_code,  # noqa: PLC0415 - path set above
    )
    from graders.harness.device.gpu_facts import memory_by_process  # noqa: PLC0415
    from graders.harness.device.interface import load_device  # noqa: PLC0415 - path set above
    from graders.harness.worker import (  # noqa: PLC0415
        child,  # noqa: PLC0415 - path set above
        confinement,
        scratch,
        watch,
    )

    device = load_device(name)
    device.preload()
    gpu_memory = memory_by_process if name == "cuda" else None
    real_root = os.path.realpath(root)
    plan = confinement.make_plan(real_root, traceable=name == "cuda")
    confinement.hide_packages(real_root)
    gc.freeze()
    connection = socket.socket(fileno=int(control))
    looking = watch.Watch(int(memory), gpu_memory)
    server = _Server(connection, watch, looking, scratch.remove)
    request = server.run()
    if request is not None:  # this is a forked child
        layers = functools.partial(confinement.confine, plan)
        _run_child(child, device, layers, library_code, *request, watched=server.adopts)


class _Server:
    """Forks on request, watches its workers, and passes on how each of them ended."""

    def __init__(
        self, control: socket.socket, watching: Any, watch: Any, remove: Any
    ) -> None:
        self._watching = watching
        self._watch = watch
        self._remove = remove
        self.adopts = watching.adopt_orphans()
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._status: dict[int, tuple[Any, int]] = {}  # pidfd -> (watched, status pipe)

    def run(self) -> _Request | None:
        """Serve; return a request in the child that it forked, None when all is over."""
        while True:
            pause = self._watching.INTERVAL if self._status else None
            for key, _ in self._selector.select(pause):
                if key.fileobj is not self._control:
                    self._reap(key.fd)
                    continue
                data, fds, _, _ = socket.recv_fds(self._control, 65536, 3)
                if not data:
                    self._end()
                    return None
                if (request := self._fork(json.loads(data), fds)) is not None:
                    return request
            if self._status:
                self._end_abandoned()
                self._watch.look([watched for watched, _ in self._status.values()])

    def _fork(self, request: dict[str, Any], fds: list[int]) -> _Request | None:
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
        user = request["user"] if request["sole_user"] else 0
        watched = self._watching.Watched(pid, request["scratch"], user)
        self._status[pidfd] = (watched, status)
        self._selector.register(pidfd, selectors.EVENT_READ)
        return None

    def _end_abandoned(self) -> None:
        """End the workers of whom nobody wants to hear any more: their shard is gone."""
        poll = select.poll()
        workers = {status: watched for watched, status in self._status.values()}
        for status in workers:
            poll.register(status, 0)  # that nobody reads is told unasked
        for status, _ in poll.poll(0):
            self._watching.end_tree(workers[status])

    def _reap(self, pidfd: int) -> None:
        """Pass on how a worker ended, when nothing of it is left."""
        watched, status = self._status.pop(pidfd)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, code = os.waitpid(watched.pid, 0)
        ended = {"exit": None, "signal": os.WTERMSIG(code)}
        if os.WIFEXITED(code):
            ended = {"exit": os.WEXITSTATUS(code), "signal": None}
        others = {other.pid for other, _ in self._status.values()}
        gone = self._watching.end_leftovers(watched, others)
        ended |= {"because": watched.killed_because, "gone": gone}
        with contextlib.suppress(OSError):
            os.write(status, json.dumps(ended).encode())
        os.close(status)

    def _end(self) -> None:
        """The grading process has closed, or is gone: leave nothing behind."""
        for watched, _ in self._status.values():
            self._watching.end_tree(watched)
        for pidfd in list(self._status):
            self._reap(pidfd)
        self._remove(Path.cwd())


def _run_child(
    child: Any,
    device: Any,
    confine: Any,
    library_code: Any,
    connection: socket.socket,
    request: dict[str, Any],
    *,
    watched: bool,
) -> None:
    # os._exit in every case: a child must never run the server's exit handlers.
    code, serving = 1, False
    try:
        work = Path(request["scratch"]) / "work"
        os.chdir(work)
        os.environ["HOME"] = os.environ["TMPDIR"] = str(work)
        os.environ["HARNESS_DEVICE_CACHES"] = request["caches"]
        kept = request["library_code"]
        known = library_code.read(Path(kept)) if kept else {}
        layers = confine(request["scratch"], request["caches"], request["user"])
        layers.put_on(
            "watched", lambda: "" if watched else "descendants cannot be found"
        )
        sys.argv = [""]
        sys.dont_write_bytecode = True  # the learner's folder stays as it was staged
        device.start()
        library_code.use(known)
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
