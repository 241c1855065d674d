"""Probes of the GPU: driver, devices, who holds it. Imports nothing of the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.machine import Answer, Machine

_NVIDIA, _DISPLAY = "0x10de", "0x03"
_EXCLUSIVE, _PROHIBITED = 3, 2
_LITTLE_MEMORY = 4 * 2**30
_CONTAINER = (
    "In a container: start it with --gpus all, on a host with the NVIDIA Container "
    "Toolkit."
)
_INSTALL_DRIVER = (
    "Install NVIDIA's driver, version 580 or newer, and restart: "
    "https://www.nvidia.com/drivers."
)
# What the driver's commonest refusals mean (cuda.h), and what mends them.
_REFUSALS: dict[int, tuple[str, tuple[str, ...], str]] = {
    34: (
        "libcuda.so.1 is a stub for building programs, and no driver",
        ("unset LD_LIBRARY_PATH",),
        "",
    ),
    100: ("it sees no GPU", (), _CONTAINER),
    304: (
        "the system refused it something",
        ("ls -l /dev/nvidia*",),
        "Your user must be able to read and write these.",
    ),
    802: (
        "the system is not ready",
        ("sudo systemctl restart nvidia-fabricmanager",),
        "",
    ),
    803: (
        "the driver's library and its kernel module are of different versions",
        ("sudo reboot",),
        "That happens after an update of the driver.",
    ),
    804: (
        "CUDA's compatibility package does not work with this GPU",
        ("unset LD_LIBRARY_PATH",),
        "Or install the driver itself in a newer version.",
    ),
    999: (
        "an unknown error; often its memory module is not loaded",
        ("sudo modprobe nvidia_uvm",),
        "After a computer was suspended, restarting it helps.",
    ),
}


def probe_driver(machine: Machine) -> Iterator[Finding]:
    """The driver and the GPUs that it knows."""
    if not machine.system.startswith("linux"):
        return
    nodes = machine.nodes("dev/nvidia[0-9]*", "dev/dxg")
    answer = machine.driver()
    facts = {**answer.facts, "nodes": [path.name for path in nodes]}
    if answer.problem:
        yield _silent(answer, facts)
    elif not answer.facts.get("driver"):
        yield _without_driver(machine, bool(nodes), facts)
    elif answer.facts.get("status"):
        yield _refused(machine, nodes, facts)
    elif not answer.facts.get("gpus"):
        yield _no_gpu(machine, facts)
    else:
        yield from _gpus(answer.facts["gpus"], facts)


def _silent(answer: Answer, facts: dict[str, Any]) -> Finding:
    return Finding(
        probe="driver",
        state="problem",
        text=f"The NVIDIA driver was asked for its GPUs: {answer.problem}.",
        run=("nvidia-smi",),
        advice="If that gives no answer either, restart the computer.",
        stops=("cuda",),
        facts=facts,
    )


def _without_driver(machine: Machine, nodes: bool, facts: dict[str, Any]) -> Finding:  # noqa: FBT001
    if nodes or _on_the_bus(machine):
        seen = "There is an NVIDIA GPU, but no driver for it here (libcuda.so.1)."
        return Finding(
            probe="driver",
            state="problem",
            text=f"{seen} Programs run in the simulator.",
            advice=f"{_INSTALL_DRIVER} {_CONTAINER}",
            stops=("cuda",),
            facts=facts,
        )
    return Finding(
        probe="driver",
        state="note",
        text="There is no NVIDIA GPU here, and no driver (libcuda.so.1). Programs run in "
        "the simulator.",
        stops=("cuda",),
        facts=facts,
    )


def _on_the_bus(machine: Machine) -> bool:
    for device in machine.nodes("sys/bus/pci/devices/*"):
        place = device.relative_to(machine.root)
        vendor = machine.read(f"{place}/vendor").strip()
        if vendor == _NVIDIA and machine.read(f"{place}/class").startswith(_DISPLAY):
            return True
    return False


def _refused(machine: Machine, nodes: list[Path], facts: dict[str, Any]) -> Finding:
    status, name = facts["status"], facts["status_name"]
    hidden = machine.environment.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and nodes:
        return Finding(
            probe="driver",
            state="problem",
            text=f"CUDA_VISIBLE_DEVICES is {hidden!r}, which hides the GPU.",
            run=("unset CUDA_VISIBLE_DEVICES",),
            stops=("cuda",),
            facts=facts,
        )
    closed = [path for path in nodes if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            probe="driver",
            state="problem",
            text=f"Your user may not use the GPU ({closed[0].name}).",
            run=("sudo usermod -aG video,render $USER",),
            advice="Log in again after it.",
            stops=("cuda",),
            facts=facts,
        )
    if not nodes and not _on_the_bus(machine):
        return _no_gpu(machine, facts)
    means, run, advice = _REFUSALS.get(status, ("", (), "Restart the computer."))
    return Finding(
        probe="driver",
        state="problem",
        text=f"The NVIDIA driver does not start ({name}){': ' if means else ''}{means}.",
        run=run or ("nvidia-smi",),
        advice=advice,
        stops=("cuda",),
        facts=facts,
    )


def _no_gpu(machine: Machine, facts: dict[str, Any]) -> Finding:
    on_the_bus = _on_the_bus(machine)
    text = "There is a driver, but it has no GPU. Programs run in the simulator."
    return Finding(
        probe="driver",
        state="problem" if on_the_bus else "note",
        text=text,
        advice=_CONTAINER,
        stops=("cuda",),
        facts=facts,
    )


def _gpus(gpus: list[dict[str, Any]], facts: dict[str, Any]) -> Iterator[Finding]:
    for gpu in gpus:
        size = gpu["memory_bytes"] / 2**30
        text = (
            f"{gpu['name']}, {size:.0f} GiB, compute capability "
            f"{gpu['compute_capability']}; the driver runs CUDA {facts['cuda']}."
        )
        yield Finding(probe="driver", state="ok", text=text, facts=facts)
    mode = gpus[0]["compute_mode"]
    if mode in (_EXCLUSIVE, _PROHIBITED):
        allows = "one program" if mode == _EXCLUSIVE else "no program"
        yield Finding(
            probe="driver",
            state="problem",
            text=f"The GPU's compute mode allows {allows} at a time. Grading runs several: "
            "the learner's, the reference and the baseline.",
            run=("sudo nvidia-smi --compute-mode=DEFAULT",),
            stops=("cuda",),
        )
    if len(gpus) > 1:
        yield Finding(
            probe="driver",
            state="note",
            text=f"There are {len(gpus)} GPUs; grading takes the first.",
            run=("CUDA_VISIBLE_DEVICES=1 python grade.py",),
            advice="That takes another.",
        )


def probe_nvml(machine: Machine) -> Iterator[Finding]:
    """NVML, which knows the driver's version and who uses the GPU's memory."""
    if not machine.gpus():
        return
    answer = machine.ask("nvml", seconds=15)
    problem = answer.why_not()
    if problem:
        yield Finding(
            probe="nvml",
            state="note",
            text=f"NVML does not answer ({problem}): reports will not name clocks and "
            "throttling, and a program's GPU memory is not limited.",
            run=("python -m pip install nvidia-ml-py",),
            facts=answer.facts,
        )
        return
    if slowed := answer.facts.get("slowed"):
        yield Finding(
            probe="nvml",
            state="note",
            text=f"{slowed} Whoever is too slow on it is not failed for that, but "
            "credited.",
            run=("nvidia-smi -q -d PERFORMANCE,TEMPERATURE,CLOCK",),
            advice="Look after its cooling and its power supply.",
            facts=answer.facts,
        )
    free = answer.facts["free_bytes"]
    text = (
        f"Driver {answer.facts['driver']}; {free / 2**30:.1f} GiB of the GPU are free."
        f"{_clock(answer.facts)}"
    )
    if free < _LITTLE_MEMORY:
        yield Finding(
            probe="nvml",
            state="problem",
            text=f"{text} Other programs have the rest, and exercises need some 4 GiB.",
            run=("nvidia-smi",),
            advice="End the programs that it lists.",
            facts=answer.facts,
        )
    else:
        yield Finding(probe="nvml", state="ok", text=text, facts=answer.facts)


def _clock(facts: Mapping[str, Any]) -> str:
    """Return the clock of now and how far it can go, as far as NVML tells them."""
    readings = (facts.get("clocks") or {}).get("readings") or [{}]
    now, most = (readings[-1].get(f"sm_clock{part}_mhz") for part in ("", "_max"))
    if now is None:
        return ""
    return f" Its SM clock is {now:,} MHz" + (f" of {most:,}." if most else ".")


def probe_lease(machine: Machine) -> Iterator[Finding]:
    """Whether a grading holds the GPU."""
    if not machine.gpus():
        return
    from graders.harness.device.gpu_facts import gpu_name  # noqa: PLC0415 - only here
    from graders.harness.measure.lease import Lease  # noqa: PLC0415 - Unix has it

    lease = Lease(gpu_name())
    if lease.is_held():
        names = " and ".join(map(str, lease.holders()))
        yield Finding(
            probe="lease",
            state="note",
            text="Another grading of yours is using the GPU now"
            f"{f', {names}' if names else ''}; one that measures times waits for it.",
        )
    else:
        yield Finding(
            probe="lease", state="ok", text="No other grading of yours uses the GPU."
        )
