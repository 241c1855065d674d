"""A Slurm of our own: a controller and nodes of this host, in a folder, for a test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.classroom.conftest import wait_for

_CONTROLLER, _NODE = "/usr/sbin/slurmctld", "/usr/sbin/slurmd"

# No munge and no control groups: nothing outside the folder is needed or changed.
_CONFIGURATION = """
ClusterName=class
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/spool.%n
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
GresTypes=gpu
KillWait=1
PartitionName=all Nodes={nodes} Default=YES MaxTime=INFINITE State=UP
"""
_OF_A_NODE = (
    "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port}"
    " CPUs=16 RealMemory=200000 Gres=gpu:1\n"
)


class NoSlurm(Exception):  # noqa: N818 - nobody's error: the machine cannot run one
    """Slurm does not come up on this machine; the text is what it says."""


def problem() -> str:
    """Return why there can be no Slurm here, or nothing."""
    if os.geteuid() != 0:
        return "only root runs jobs"
    if not (Path(_CONTROLLER).exists() and Path(_NODE).exists()):
        return "slurmctld and slurmd are not installed"
    if shutil.which("sbatch") is None:
        return "there is no sbatch"
    return "" if find_spec("dask_jobqueue") else "dask-jobqueue is not installed"


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


class Slurm:
    """
    A controller and nodes, each of which says that it has 16 cores and a GPU.

    Raises:
        NoSlurm: They do not come up within half a minute.
    """

    def __init__(self, folder: Path, nodes: int) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        names = [f"node{n}" for n in range(nodes)]
        self._configure(names)
        self._running = [self._start(_CONTROLLER, "-D", "-i")]
        self._running += [self._start(_NODE, "-D", "-N", name) for name in names]
        try:
            wait_for(lambda: self._idle() == nodes, 30)
        except AssertionError as err:
            self.close()
            said = (folder / "said.log").read_text(errors="replace").splitlines()
            errors = [line for line in said if "error" in line or "fatal" in line]
            raise NoSlurm(
                "; ".join(errors[-3:]) or "its nodes did not come up"
            ) from err

    def _configure(self, names: list[str]) -> None:
        port, *others = _free_ports(1 + len(names))
        text = _CONFIGURATION.format(
            port=port, folder=self.folder, nodes=",".join(names)
        )
        devices = ""
        for name, its_port in zip(names, others, strict=True):
            text += _OF_A_NODE.format(name=name, port=its_port)
            devices += f"NodeName={name} Name=gpu File=/dev/null\n"
            (self.folder / f"spool.{name}").mkdir()
        (self.folder / "state").mkdir()
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(devices)
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "said.log").open("ab")
        with log:
            return subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log
            )

    def ask(self, *command: str) -> list[str]:
        """Return what a command of Slurm's prints, by lines."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()

    def _idle(self) -> int:
        return self.ask("sinfo", "-N", "-h", "-o", "%t").count("idle")

    def jobs(self, state: str = "R,PD,CG") -> list[str]:
        """Return the numbers of the jobs in these states."""
        return self.ask("squeue", "-h", "-o", "%i", "-t", state)

    def close(self) -> None:
        """End jobs, nodes and controller."""
        if jobs := self.jobs():
            self.ask("scancel", "--signal=KILL", *jobs)
            self.ask("scancel", *jobs)
            wait_for(lambda: not self.jobs(), 30)
        for process in reversed(self._running):
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
