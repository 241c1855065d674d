"""The process that grades for a session: warm, and gone when the session is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from graders.harness.catalog import ROOT, Catalog
from graders.harness.errors import HarnessError
from graders.harness.interactive.client import GradingClient
from graders.harness.interactive.handing_in import hand_in
from graders.harness.interactive.session import Run, Session

UNWRITTEN = "def sepia_blur(image, sigma):\n    raise NotImplementedError"
ENDLESS = "def sepia_blur(image, sigma):\n    while True: pass"
# The grading process, its fork server, a shard and its worker.
ALL = 4
# A session that checks and never comes back by itself.
SESSION = """
import sys
from graders.harness.interactive import client, checking, session
client.CLIENT._running()
print(client.CLIENT._process.pid, flush=True)
found = session.Session(runs=[session.Run(label="In [1]", source=sys.argv[1])],
                        names={"sepia_blur": 1}, folder=__import__("pathlib").Path())
checking.current_session = lambda: found
if sys.argv[2] == "grading":
    checking.check("sepia_blur", device="simulator")
else:
    input()
"""


@pytest.fixture(scope="module")
def client() -> Iterator[GradingClient]:
    ours = GradingClient()
    yield ours
    ours.close()


def request(source: str, folder: Path) -> dict[str, Any]:
    session = Session(
        runs=[Run(label="In [3]", source=source)],
        names={"sepia_blur": print},
        folder=folder,
    )
    (exercise,) = Catalog().select(["sepia_blur"])
    item = hand_in(exercise, session, folder / f"{len(list(folder.iterdir()))}")
    work = {
        "exercise": exercise.name,
        "path": str(item.path),
        "places": item.program.places,
    }
    return {"device": "simulator", "work": [work], "notes": list(item.notes)}


def descendants(pid: int) -> set[int]:
    """Return the processes that come from one, itself and new sessions included."""
    parents = {}
    for entry in Path("/proc").iterdir():
        try:
            parents[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except (ValueError, OSError):
            continue
    found = {pid}
    while new := {p for p, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def alive(pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


def wait_until(condition: Any, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_one_process_answers_again_and_again(
    client: GradingClient, tmp_path: Path
) -> None:
    """The second check finds the process warm."""
    first = client.ask(request(UNWRITTEN, tmp_path))
    assert client._process is not None
    pid = client._process.pid
    second = client.ask(request("sepia_blur = 3", tmp_path))
    assert client._process.pid == pid
    assert "line 2 of In [3] still raises NotImplementedError" in first["text"]
    assert "\x1b" not in first["text"]
    assert first["report"]["exercises"][0]["score"] == 0
    assert "not a function" in second["text"]


def test_a_process_that_was_killed_is_replaced(
    client: GradingClient, tmp_path: Path
) -> None:
    """Killed in the middle, it is an error of ours, said plainly; the next check works."""
    asked, pid = request(ENDLESS, tmp_path), client._running().pid
    seen: set[int] = set()

    def kill() -> None:
        wait_until(lambda: len(descendants(pid)) >= ALL)
        seen.update(descendants(pid))
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(HarnessError, match="the process that grades ended"):
        client.ask(asked)
    killer.join()
    assert wait_until(lambda: not alive(seen))
    assert "not a function" in client.ask(request("sepia_blur = 3", tmp_path))["text"]


def test_an_interrupt_ends_the_grading(client: GradingClient, tmp_path: Path) -> None:
    """Stopping the cell stops what it started, workers included."""
    asked, process = request(ENDLESS, tmp_path), client._running()
    seen: set[int] = set()

    def interrupt(number: int, frame: FrameType | None) -> None:
        seen.update(descendants(process.pid))
        if len(seen) >= ALL:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            client.ask(asked)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert process.returncode is not None
    assert wait_until(lambda: not alive(seen))


@pytest.mark.parametrize("doing", ["grading", "waiting"])
def test_a_killed_session_leaves_nothing(doing: str) -> None:
    """A kernel that is killed takes the grading process and all workers with it."""
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION, ENDLESS, doing],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert session.stdout is not None
    grading = int(session.stdout.readline())
    enough = ALL if doing == "grading" else 1
    assert wait_until(lambda: len(descendants(grading)) >= enough)
    everything = descendants(grading)
    session.kill()
    session.communicate()
    assert wait_until(lambda: not alive(everything))
