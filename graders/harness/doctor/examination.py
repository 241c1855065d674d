"""Run all probes side by side, each on its own and with a deadline.

Imports nothing of the engine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from graders.harness.doctor import gpu, host, libraries, packages, sandbox
from graders.harness.doctor.findings import Finding
from graders.harness.doctor.machine import Machine


@dataclass(frozen=True)
class Probe:
    """
    One look at the machine.

    Attributes:
        name: What is looked at, in a word or two.

        look: Yields what it found.

        seconds: Until it is given up.
    """

    name: str
    look: Callable[[Machine], Iterable[Finding]]
    seconds: float = 10.0


#: In the order in which their findings are shown.
PROBES = (
    Probe("system", host.probe_system),
    Probe("Python", host.probe_python),
    Probe("packages", packages.probe_packages),
    Probe("versions", packages.probe_versions, 30),
    Probe("environment", host.probe_environment),
    Probe("NVVM", libraries.probe_nvvm, 60),
    Probe("the simulator", sandbox.probe_simulator, 60),
    Probe("the driver", gpu.probe_driver, 30),
    Probe("NVML", gpu.probe_nvml, 40),
    Probe("the lease", gpu.probe_lease, 30),
    Probe("CUDA's libraries", libraries.probe_libraries, 240),
    Probe("the GPU", sandbox.probe_cuda, 150),
    Probe("room", host.probe_room),
    Probe("the terminal", host.probe_terminal),
    Probe("Jupyter", host.probe_jupyter),
)


def examine(machine: Machine, probes: Sequence[Probe] = PROBES) -> list[Finding]:
    """
    Return what all probes found, in their order.

    One that raises or does not end is a finding itself; the others go on.
    """
    looks = [_Look(probe, machine) for probe in probes]
    return [finding for look in looks for finding in look.findings()]


class _Look:
    """One probe at work in a thread of its own."""

    def __init__(self, probe: Probe, machine: Machine) -> None:
        self._probe = probe
        self._found: list[Finding] = []
        self._until = time.monotonic() + probe.seconds
        # A thread that never ends must not keep the command from ending.
        self._thread = threading.Thread(
            target=self._look, args=(machine,), daemon=True, name=probe.name
        )
        self._thread.start()

    def _look(self, machine: Machine) -> None:
        try:
            for finding in self._probe.look(machine):
                self._found.append(finding)
        except Exception as err:  # noqa: BLE001 - whatever it is, the others go on
            text = " ".join(f"{type(err).__name__}: {err}".split())
            self._found.append(self._failed(f"raised {text}"))

    def findings(self) -> list[Finding]:
        self._thread.join(max(0.0, self._until - time.monotonic()))
        if self._thread.is_alive():
            return [self._failed(f"gave no answer within {self._probe.seconds:g} s")]
        return self._found

    def _failed(self, what: str) -> Finding:
        name = self._probe.name
        return Finding(
            probe=name,
            state="problem",
            text=f"The look at {name} {what}.",
            advice="Send what `python grade.py doctor --json` prints to your instructor.",
        )
