"""The session's side of the grading process: starts it, asks it, ends it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any

from graders.harness.catalog import ROOT
from graders.harness.errors import HarnessError
from graders.harness.threads import one_thread_each

_START = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from graders.harness.interactive.grading_process import main; sys.exit(main())"
)
_SECONDS_TO_END = 3


class GradingClient:
    """Keeps one grading process, warm between gradings, and starts another if it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None
        self._owner = 0
        self._busy = threading.Lock()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """
        Have something graded and return the answer.

        An interrupt ends the grading, and the process with it.

        Raises:
            HarnessError: The process ended, or could not be started.
        """
        with self._busy:
            try:
                return self._ask(request)
            except BaseException:
                self.close()
                raise

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        line = ""
        with contextlib.suppress(OSError):  # it ended meanwhile: said below
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            msg = f"the process that grades ended: {self._last_words()}"
            raise HarnessError(msg)
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    def _running(self) -> subprocess.Popen[str]:
        process = self._process
        if (
            process is not None
            and self._owner == os.getpid()
            and process.poll() is None
        ):
            return process
        self.close()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives with the process
        self._owner = os.getpid()
        environment = dict(os.environ)
        one_thread_each(environment)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START.format(root=str(ROOT))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=environment,
            encoding="utf-8",
            start_new_session=True,  # a signal to stop a cell is not for it
        )
        return self._process

    def _last_words(self) -> str:
        """Return the end of what the process said before it ended."""
        if self._log is None:
            return "it said nothing"
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:400] if said else "it said nothing"

    def close(self) -> None:
        """End the process, and with it all that it started."""
        process, self._process = self._process, None
        if self._log is not None:
            self._log.close()
            self._log = None
        if process is None or self._owner != os.getpid():
            return  # a fork of the session: the process is not its own
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        try:
            process.wait(_SECONDS_TO_END)
        except BaseException as err:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(err, subprocess.TimeoutExpired):
                raise  # interrupted a second time


#: The one of this session.
CLIENT = GradingClient()
atexit.register(CLIENT.close)
