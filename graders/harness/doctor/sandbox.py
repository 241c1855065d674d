"""Probes that start a program as a grading does: does it start, and in which sandbox?

Imports nothing of the engine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.host import INSTALL
from graders.harness.doctor.machine import Answer, Machine

#: As ``worker.confinement.REQUIRED``: without these ``--require-sandbox`` refuses.
REQUIRED = (
    "own session",
    "limits",
    "no new privileges",
    "files",
    "other processes",
    "system calls",
    "watched",
)
# What a layer keeps programs from; what mends it, as commands and in words.
_LAYERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "own session": ("ending other programs", (), "Restart the computer."),
    "limits": ("filling the disk", (), "Raise the limits of your shell (ulimit -a)."),
    "no new privileges": ("starting programs as root", (), "Use Linux."),
    "files": (
        "reading and writing your files",
        ("cat /sys/kernel/security/lsm",),
        "'landlock' must be in that list: a kernel of Linux 5.13 or newer, started with "
        "lsm=landlock,... In a container the host's kernel counts, and its profile must "
        "allow Landlock.",
    ),
    "other processes": (
        "sending signals to your other programs",
        (),
        "Use Linux 6.12 or newer, or grade as root.",
    ),
    "system calls": (
        "using the network",
        ("sudo apt-get install libseccomp2",),
        "On Fedora: sudo dnf install libseccomp. In a container, its profile must allow "
        "seccomp.",
    ),
    "watched": (
        "leaving processes behind",
        (),
        "A container must have /proc mounted.",
    ),
}
_SECONDS = {"simulator": 45.0, "cuda": 120.0}


def probe_simulator(machine: Machine) -> Iterator[Finding]:
    """A worker in the simulator, and the layers around it."""
    if not machine.system.startswith("linux"):
        return
    started = time.perf_counter()
    answer = machine.ask("worker", "simulator", seconds=_SECONDS["simulator"])
    seconds = time.perf_counter() - started
    if problem := answer.why_not():
        yield _not_started("in the simulator", "simulator", problem, answer)
        return
    text = f"A program starts in the simulator, {seconds:.1f} s from cold."
    facts = {"seconds": round(seconds, 3), **answer.facts}
    yield Finding(probe="simulator", state="ok", text=text, facts=facts)
    yield from _layers(answer.facts)


def probe_cuda(machine: Machine) -> Iterator[Finding]:
    """A worker on the GPU: context, caches, recording."""
    if not machine.gpus():
        return
    started = time.perf_counter()
    answer = machine.ask("worker", "cuda", seconds=_SECONDS["cuda"])
    seconds = time.perf_counter() - started
    if problem := answer.why_not():
        yield _not_started("on the GPU", "cuda", problem, answer)
        return
    text = f"A program starts on the GPU, {seconds:.1f} s from cold."
    facts = {"seconds": round(seconds, 3), **answer.facts}
    yield Finding(probe="cuda", state="ok", text=text, facts=facts)
    evidence = str(answer.facts["device"].get("evidence", ""))
    if evidence != "CUPTI":
        yield Finding(
            probe="cuda",
            state="problem",
            text=f"What programs do on the GPU cannot be recorded. {evidence}",
            advice="End other tools that record (profilers, nsys, ncu), and look at what "
            "is said of CUPTI.",
            lacks=("CUPTI",),
        )


def _not_started(where: str, device: str, problem: str, answer: Answer) -> Finding:
    missing = answer.facts.get("missing")
    return Finding(
        probe=device,
        state="problem",
        text=f"A program does not start {where}: {problem}.",
        run=(INSTALL,) if missing else (),
        advice=""
        if missing
        else "Mend what else is named here; if nothing is, send what `python grade.py "
        "doctor --json` prints to your instructor.",
        stops=(device,),
        facts=answer.facts,
    )


def _layers(facts: Any) -> Iterator[Finding]:
    layers, missing = list(facts["layers"]), dict(facts["missing_layers"])
    known = {"layers": layers, "missing_layers": missing}
    count = f"{len(layers)} of {len(layers) + len(missing)} layers of the sandbox hold"
    if all(name in layers for name in REQUIRED):
        without = "; ".join(f"{name}: {why}" for name, why in missing.items())
        text = f"{count}, all that --require-sandbox asks for."
        if without:
            text += f" The grader does without the rest ({without})."
        yield Finding(probe="sandbox", state="ok", text=text, facts=known)
        return
    for name in REQUIRED:
        if name in layers:
            continue
        keeps, run, advice = _LAYERS[name]
        why = missing.get(name, "unknown")
        if "pyseccomp" in why:  # the package, and not the library below it
            run, advice = (INSTALL,), ""
        yield Finding(
            probe="sandbox",
            state="problem",
            text=f"{count}. The layer {name!r}, which keeps programs from {keeps}, "
            f"does not: {why}. --require-sandbox will refuse to grade.",
            run=run,
            advice=advice,
            facts=known,
        )
