"""The worker's surroundings: what it sees and leaves, what its supervisor survives."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graders.harness.catalog import ROOT, Catalog
from graders.harness.checks import Learner, gpu
from graders.harness.errors import (
    Crashed,
    HarnessError,
    ImportFailed,
    TimedOut,
)
from graders.harness.session import GradingSession, describe_environment
from graders.harness.supervisor import ForkServer
from graders.harness.supervisor.forkserver import worker_environment

PROBE = """
import os
import sys


def surroundings():
    return {
        "environment": sorted(os.environ),
        "folder": os.getcwd(),
        "data": open("data/numbers.txt").read(),
        "files": sorted(os.listdir("../submission")),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "argv": list(sys.argv),
        "path": list(sys.path),
        "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd")),
        "home": os.environ["HOME"],
    }


def importing(name):
    __import__(name)


def preparing():
    from grade import check, prepare

    return [prepare(), check("an exercise")]


def repeat(value):
    print("called")
    return value


def leave(kind):
    pid = os.fork()
    if pid == 0:
        import signal

        signal.pause()
    return pid


def wait(seconds):
    print("before", flush=True)
    while True:
        pass
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A fork server that was started with secrets in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "secret")
        patch.setenv("MY_API_KEY", "secret")
        patch.setenv("NVIDIA_API_KEY", "secret")
        patch.setenv("CUPY_TOKEN", "secret")
        patch.setenv("NVIDIA_ACCOUNT", "secret")
        patch.setenv("PYTHONPATH", str(ROOT))
        with ForkServer("simulator") as running:
            yield running


@pytest.fixture
def probe(server: ForkServer, toys: Catalog, tmp_path: Path) -> Iterator[Learner]:
    """A program that tells what it sees."""
    (tmp_path / "probe.py").write_text(PROBE)
    data = toys.select(["scale"])[0].data
    learner = Learner(tmp_path / "probe.py", "probe", server, timeout=10, data=data)
    yield learner
    learner.close()


def test_no_secret_reaches_the_worker(probe: Learner) -> None:
    """Of the environment only an allowlist crosses: no token, no key, no path of ours."""
    seen = probe.call("surroundings").value["environment"]
    assert not [
        n for n in seen if "TOKEN" in n or "KEY" in n or n.startswith("PYTHONPATH")
    ]
    ours = {"HOME", "TMPDIR", "LC_CTYPE", "HARNESS_DEVICE_CACHES"}
    assert set(seen) <= ours | set(worker_environment())
    assert not any(value == "secret" for value in worker_environment().values())
    assert {"NVIDIA_API_KEY", "CUPY_TOKEN", "NVIDIA_ACCOUNT"} & set(seen) == set()


def test_the_worker_lives_in_its_folder(probe: Learner, server: ForkServer) -> None:
    """Folder, home, data and files are its own; the repository is off its path."""
    seen = probe.call("surroundings").value
    assert Path(seen["folder"]).name == "work"
    assert seen["home"] == seen["folder"]
    assert seen["data"] == "12 lines\n"
    assert seen["files"] == ["probe.py"]
    assert seen["argv"] == [""]
    assert str(ROOT) not in seen["path"]
    assert seen["path"][0] == str(Path(seen["folder"]).parent / "submission")


def test_the_worker_has_a_session_of_its_own(probe: Learner) -> None:
    """It leads a session, so that a signal to its group reaches all it started."""
    seen = probe.call("surroundings").value
    assert seen["session"] == seen["pid"] != os.getsid(0)
    assert "own session" in probe.layers


def test_the_worker_holds_few_files(probe: Learner) -> None:
    """Beside the standard streams it holds its socket, and no file of another worker's."""
    open_files = probe.call("surroundings").value["descriptors"]
    assert len([n for n in open_files if n > 2]) <= 3, open_files


@pytest.mark.parametrize(
    "name",
    ["reference", "graders.harness.checks", "tests", "assignments"],
)
def test_the_harness_cannot_be_imported(name: str, probe: Learner) -> None:
    """The learner's code cannot import the references, the graders or the engine."""
    with pytest.raises(Crashed, match="No module named"):
        probe.call("importing", name)


def test_grade_is_a_stand_in(probe: Learner) -> None:
    """A module that was a notebook may begin as one: its check and prepare do nothing."""
    assert probe.call("preparing").value == [None, None]


def test_equal_calls_are_made_once(probe: Learner) -> None:
    """The same function with equal arguments runs once, unless asked again."""
    first = probe.call("repeat", gpu(np.ones(3)))
    assert probe.call("repeat", gpu(np.ones(3))) is first
    assert probe.call("repeat", np.ones(3)) is not first
    assert probe.call("repeat", gpu(np.zeros(3))) is not first
    assert probe.call("repeat", gpu(np.ones(3)), fresh=True) is not first
    assert probe.output.count("called") == 4


@pytest.mark.parametrize(
    "value",
    [1, 2.5, "text", None, True, [1, (2.0, "x")], {"a": [1]}, 1 + 2j],
    ids=repr,
)
def test_plain_arguments_arrive_as_they_are(value: Any, probe: Learner) -> None:
    """Plain arguments reach the function unchanged, and its result comes back."""
    seen = probe.call("repeat", value).value
    assert (seen, type(seen)) == (value, type(value))


@pytest.mark.parametrize("space", ["cpu", "cuda"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_arrive_with_their_strides(
    space: str, order: Any, probe: Learner
) -> None:
    """An array reaches the function, and comes back, with the axis order that it has."""
    array = np.array(np.arange(6.0).reshape(2, 3), order=order)
    seen = probe.call("repeat", gpu(array) if space == "cuda" else array).value
    assert seen.memory_space == space
    assert seen.strides == array.strides
    assert seen.array.tobytes() == array.tobytes()


def test_a_stopped_program_is_replaced(probe: Learner) -> None:
    """After a call that was stopped the next one gets a fresh worker; output is kept."""
    before = probe.call("surroundings").value["pid"]
    with pytest.raises(TimedOut, match=r"did not return within 0\.5 s"):
        probe.call("wait", 1, timeout=0.5)
    assert "before" in probe.output
    _wait_until_gone(before)
    assert probe.call("surroundings", fresh=True).value["pid"] != before


def test_nothing_is_left(server: ForkServer, probe: Learner) -> None:
    """When a program is closed its processes are gone and its folder is removed."""
    seen = probe.call("surroundings").value
    stray = probe.call("leave", "child").value
    assert _alive(stray)
    probe.close()
    _wait_until_gone(seen["pid"], stray)
    assert not Path(seen["folder"]).exists()


def test_a_closed_server_leaves_nothing(tmp_path: Path) -> None:
    """When a server is closed it is gone, with its workers and its folder."""
    (tmp_path / "probe.py").write_text(
        PROBE.replace('"data": open("data/numbers.txt").read(),', "")
    )
    server = ForkServer("simulator")
    learner = Learner(tmp_path / "probe.py", "probe", server, timeout=10)
    seen = learner.call("surroundings").value
    pid = server._process.pid
    server.close()
    _wait_until_gone(seen["pid"], pid)
    assert not Path(seen["folder"]).parent.parent.exists()
    learner.close()


def test_a_dead_server_is_the_harnesss_fault(tmp_path: Path) -> None:
    """Where no worker can be started it is no failure of the learner's."""
    (tmp_path / "probe.py").write_text(PROBE)
    with ForkServer("simulator") as server:
        learner = Learner(tmp_path / "probe.py", "probe", server, timeout=10)
        os.killpg(server._process.pid, signal.SIGKILL)
        server._process.wait()
        with pytest.raises(HarnessError, match="no worker could be started"):
            learner.call("repeat", 1)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 5
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, (
            f"still alive: {[p for p in pids if _alive(p)]}"
        )
        time.sleep(0.01)


def test_the_staged_module_is_the_only_import(
    server: ForkServer, tmp_path: Path
) -> None:
    """A missing module is the learner's failure, raised for every call alike."""
    learner = Learner(tmp_path / "none.py", "none", server, timeout=5)
    for _ in range(2):
        with pytest.raises(ImportFailed, match=r"none\.py is missing"):
            learner.call("f")


def test_the_supervisor_loads_nothing_of_the_learners(probe: Learner) -> None:
    """The learner's module is never imported by this process."""
    probe.call("repeat", 1)
    assert "probe" not in sys.modules


def test_a_report_survives_a_server_that_is_gone(tmp_path: Path) -> None:
    """Where no worker can describe the device any more, the report says so."""
    server = ForkServer("simulator")
    server._process.kill()
    server._process.wait()
    session = GradingSession(
        catalog=Catalog(),
        device="simulator",
        server=server,
        seed="1",
        submission=tmp_path,
    )
    facts = describe_environment(session)
    server.close()
    assert facts["layers"] == []
    assert "could not be described" in facts["problem"]
    assert facts["host"]["cores"] >= 1
