"""Dask: embedded without a port, and clusters with workers of every kind."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from graders.harness.classroom import cluster
from graders.harness.classroom.crew import (
    GPU_SHARE,
    Crew,
    Introduced,
    Seen,
    WorkersLost,
)
from graders.harness.classroom.on_worker import Introduction, Kind
from graders.harness.errors import EnvironmentUnavailable, UsageError
from tests.classroom.conftest import (
    FAKE,
    ROOT,
    FakeClass,
    Said,
    started,
    wait_for,
)

COUNT = 20


# ---------------------------------------------------------------------------- embedded


def test_the_embedded_cluster_opens_no_port_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with cluster.embedded(3, tmp_path) as client:
        assert not psutil.Process().net_connections("inet")
        assert client.submit(os.getpid, pure=False).result() == os.getpid()
        (worker,) = client.scheduler_info()["workers"].values()
        assert worker["nthreads"] == 3
    left = [t for t in set(threading.enumerate()) - before if not t.daemon]
    assert not left
    assert not [path for path in tmp_path.rglob("*") if "worker-" in path.name]


# ------------------------------------------------------------ schedulers without answers


def test_a_scheduler_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        with (
            pytest.raises(EnvironmentUnavailable, match="no scheduler answered"),
            cluster.connected(address, 0.5),
        ):
            pass
        assert time.monotonic() - begun < 5


def test_nobody_listens_there() -> None:
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{gone.getsockname()[1]}"
    with (
        pytest.raises(EnvironmentUnavailable, match=r"within 0\.3 s"),
        cluster.connected(address, 0.3),
    ):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1", "foo://x:1", "tcp://x:y"])
def test_what_is_no_address_is_told(address: str) -> None:
    with (
        pytest.raises(UsageError, match="Expected is an address"),
        cluster.connected(address, 0.3),
    ):
        pass


# ------------------------------------------------------------------- who may be of use


JUDGED_BY = {"engine": "1", "fft": "2"}


def welcomed(
    said: Introduction | Exception, *, device: str = "cuda", **facts: Any
) -> tuple[str, int]:
    """Return why a worker is not used, and the slots of one that is."""
    crew = Crew(
        None,  # type: ignore[arg-type] # it is not asked
        Kind(device=device),
        JUDGED_BY,
        queue.SimpleQueue(),
        is_external=True,
    )
    known = {"nthreads": 8, "resources": {}, "local_directory": "x", **facts}
    crew._asked.add("tcp://w")
    crew.meet(Seen({"tcp://w": known}))
    why = crew.welcome(Introduced("tcp://w", said))
    assert crew.is_hopeless == bool(why)
    return why, crew.slots


def introduction(**more: Any) -> Introduction:
    return Introduction(**{"host": "h", "judged_by": JUDGED_BY, "slots": 99, **more})


def test_a_worker_takes_what_its_threads_and_its_share_of_a_gpu_allow() -> None:
    assert welcomed(introduction(), resources={"GPU": 1.0}) == ("", 8)
    assert welcomed(introduction(), resources={"GPU": 0.0625}) == ("", 4)
    assert welcomed(introduction(slots=5), resources={"GPU": 1.0}) == ("", 5)
    assert welcomed(introduction(), device="simulator") == ("", 8)
    assert sum([GPU_SHARE] * round(1 / GPU_SHARE)) == 1.0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (introduction(), 'it declares no GPU: start it with --resources "GPU=1"'),
        (
            introduction(judged_by={"engine": "1"}),
            "another version of this project (fft)",
        ),
        (introduction(problem="no NVIDIA driver."), "is not used: no NVIDIA driver."),
        (ModuleNotFoundError("No module named 'graders'"), "it lacks this project"),
        (RuntimeError("boom"), "could not say who it is (RuntimeError: boom)"),
    ],
    ids=["gpu", "version", "device", "project", "trouble"],
)
def test_a_worker_that_is_of_no_use_is_told_why(
    said: Introduction | Exception, why: str
) -> None:
    told, slots = welcomed(said)
    assert why in told
    assert slots == 0


def test_a_scheduler_that_falls_silent_is_given_up() -> None:
    crew = Crew(None, Kind(device="cuda"), {}, queue.SimpleQueue(), is_external=True)  # type: ignore[arg-type]
    for _ in range(2):
        for _ in range(60):
            crew.expect_scheduler()
        crew.meet(Seen({}))
    for _ in range(60):
        crew.expect_scheduler()
    with pytest.raises(WorkersLost, match="said nothing for 61 s"):
        crew.expect_scheduler()


# --------------------------------------------------------------- processes of their own


class Nodes:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, fakes: FakeClass) -> None:
        self.folder = folder
        self._fakes = fakes
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = (folder / "dask.log").open("wb")
        contact = folder / "scheduler.json"
        self.scheduler = self.start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(contact),
        )  # fmt: skip
        wait_for(lambda: contact.exists() and contact.read_text().strip())
        self.address = json.loads(contact.read_text())["address"]

    def start(self, kind: str, *options: str, **more: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, *options],
            env=self._fakes.environment(
                DASK_TEMPORARY_DIRECTORY=str(self.folder), **more
            ),
            cwd=self.folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", self.address, "--no-nanny", "--nthreads", "2", "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0", "--preload", str(FAKE),
            "--local-directory", str(self.folder), **more,
        )  # fmt: skip

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        self.log.close()


@pytest.fixture
def nodes(tmp_path: Path, fakes: FakeClass) -> Iterator[Nodes]:
    folder = tmp_path / "nodes"
    folder.mkdir()
    running = Nodes(folder, fakes)
    yield running
    running.close()


def test_a_worker_and_then_the_scheduler_are_lost(
    fakes: FakeClass, nodes: Nodes, grade: Callable[..., Said]
) -> None:
    """What a worker had is graded elsewhere; without a scheduler a later run goes on."""
    fakes.hand_in(**{f"s{n:02}": f"slow 0.3{n:02}" for n in range(COUNT)})
    stale = nodes.worker(FAKE_STATION_VERSION="older")
    workers = [nodes.worker() for _ in range(2)]
    run = fakes.start("--scheduler", nodes.address)

    def states() -> Counter[str]:
        return Counter(event["event"] for event in fakes.events())

    started(fakes, 1)
    wait_for(lambda: len({event["where"] for event in fakes.events("started")}) == 2)
    workers[0].kill()
    wait_for(lambda: states()["down"])
    before = states()["finished"]
    wait_for(lambda: states()["finished"] >= before + 3)
    assert stale.poll() is None  # it is somebody else's
    nodes.scheduler.kill()
    text = " ".join(run.communicate(timeout=60)[0].split())
    assert run.returncode == 3, text
    assert "another version of this project (" in text
    assert "was lost. What it had is graded again." in text
    down = [event["why"] for event in fakes.events("down")]
    # What its two threads had; the other's two, if the scheduler fell silent before it.
    assert 1 <= len(down) <= 4, down
    assert "the scheduler does not answer any more" in text
    assert "Run the same command again: it goes on where it was." in text
    assert "Traceback" not in text, text
    assert 0 < len(fakes.states()) < COUNT
    assert grade()[0] == 0  # on this machine alone
    assert fakes.states() == {f"s{n:02}": "graded" for n in range(COUNT)}
    finished = Counter(event["key"] for event in fakes.events("finished"))
    assert set(finished.values()) == {1}


# ------------------------------------------------------------------ hosts of their own


def _namespaces_problem() -> str:
    """Return why hosts cannot be played by network namespaces here, or nothing."""
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    if shutil.which("ip") is None:
        return "there is no ip command"
    name = f"grade-test-{os.getpid()}"
    made = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, check=False
    )
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made.stderr.decode().strip() if made.returncode else ""


class Hosts:
    """Network namespaces joined by a bridge, each with an address of its own."""

    def __init__(self, count: int) -> None:
        self.tag = f"gr{os.getpid() % 10000}"
        self.addresses = [f"10.213.77.{n + 1}" for n in range(count)]
        self._run("ip", "link", "add", f"{self.tag}b", "type", "bridge")
        self._run("ip", "link", "set", f"{self.tag}b", "up")
        for number, address in enumerate(self.addresses):
            name, inner = self.name(number), f"{self.tag}i{number}"
            outer = f"{self.tag}o{number}"
            self._run("ip", "netns", "add", name)
            self._run("ip", "link", "add", outer, "type", "veth", "peer", inner)
            self._run("ip", "link", "set", inner, "netns", name)
            self._run("ip", "link", "set", outer, "master", f"{self.tag}b", "up")
            inside = ("ip", "-n", name)
            self._run(*inside, "addr", "add", f"{address}/24", "dev", inner)
            self._run(*inside, "link", "set", inner, "up")
            self._run(*inside, "link", "set", "lo", "up")

    def name(self, number: int) -> str:
        return f"{self.tag}n{number}"

    def unplug(self, number: int) -> None:
        """Take a host off the network: nobody is told."""
        self._run("ip", "link", "set", f"{self.tag}o{number}", "down")

    def close(self) -> None:
        for number in range(len(self.addresses)):
            outer = f"{self.tag}o{number}"
            self._run("ip", "link", "del", outer, check=False)
            self._run("ip", "netns", "del", self.name(number), check=False)
        self._run("ip", "link", "del", f"{self.tag}b", check=False)

    @staticmethod
    def _run(*command: str, check: bool = True) -> None:
        subprocess.run(command, check=check, capture_output=True)


@pytest.mark.slow
def test_hosts_of_their_own(fakes: FakeClass, tmp_path: Path) -> None:
    """Scheduler, workers and command on hosts of their own, one of which is unplugged."""
    if problem := _namespaces_problem():
        pytest.skip(f"no network namespaces: {problem}")
    fakes.hand_in(**{f"s{n:02}": f"slow 0.5{n:02}" for n in range(COUNT)})
    hosts = Hosts(4)
    running: list[subprocess.Popen[str]] = []

    def start(host: int, *command: str) -> subprocess.Popen[str]:
        inside = ["ip", "netns", "exec", hosts.name(host), sys.executable]
        settings = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s"}
        settings["DASK_TEMPORARY_DIRECTORY"] = str(tmp_path)
        running.append(
            subprocess.Popen(
                [*inside, *command],
                env=fakes.environment(**settings),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return running[-1]

    try:
        address = f"tcp://{hosts.addresses[0]}:8786"
        quiet = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        start(0, "-m", "dask", "scheduler", "--host", hosts.addresses[0], *quiet)
        for host in (1, 2):
            start(
                host, "-m", "dask", "worker", address, "--no-nanny", "--nthreads", "2",
                "--host", hosts.addresses[host], "--preload", str(FAKE),
                "--local-directory", str(tmp_path), *quiet,
            )  # fmt: skip
        run = start(3, str(FAKE), *fakes.arguments("--scheduler", address))
        wait_for(
            lambda: (
                (fakes.results / "journal.jsonl").exists()
                and len({e["where"] for e in fakes.events("started")}) == 2
            )
        )
        hosts.unplug(1)
        text = " ".join(run.communicate(timeout=90)[0].split())
        assert run.returncode == 0, text
        assert "was lost. What it had is graded again." in text
        assert len(fakes.states()) == COUNT
    finally:
        for process in running:
            process.kill()
            process.communicate()
        hosts.close()
