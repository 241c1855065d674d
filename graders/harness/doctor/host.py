"""Probes of the machine itself: system, Python, room, terminal, Jupyter.

Imports nothing of the engine.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.machine import Machine

#: The command that installs what the grader needs.
INSTALL = "python -m pip install -e ."
_BOTH = ("simulator", "cuda")
_OLDEST_LINUX = (5, 4)  # pidfd_open, by which the fork server follows its workers
_GIB = 2**30
_LITTLE_DISK, _NO_DISK = 2.0, 0.3  # GiB; one program may write one
_LITTLE_MEMORY, _NO_MEMORY = 3.0, 1.0  # GiB; a warm server takes half of one
_NARROW = 80
_LINUX_CONTAINER = (
    'docker run -it --rm -v "$PWD":/grader -w /grader python:3.12 '
    "sh -c 'pip install -e . && python grade.py'"
)


def probe_system(machine: Machine) -> Iterator[Finding]:
    """Linux, WSL, macOS or Windows."""
    kernel = machine.kernel()
    facts = {"system": machine.system, "kernel": kernel, "machine": platform.machine()}
    if machine.system == "darwin":
        text = (
            "This is macOS. Programs are graded in a sandbox that only Linux has, "
            "so nothing can be graded here."
        )
        yield Finding(
            probe="system",
            state="problem",
            text=text,
            run=(_LINUX_CONTAINER,),
            stops=_BOTH,
            facts=facts,
        )
    elif not machine.system.startswith("linux"):
        text = f"This is {machine.system}, and the grader needs Linux."
        advice = "On Windows, WSL 2 is a Linux that will do; run the grader in it."
        run = ("wsl --install",) if machine.system == "win32" else ()
        yield Finding(
            probe="system", state="problem", text=text, run=run, advice=advice,
            stops=_BOTH, facts=facts,
        )  # fmt: skip
    else:
        yield _linux(kernel, facts)


def _linux(kernel: str, facts: dict[str, str]) -> Finding:
    name = f"Linux {kernel}, {facts['machine']}"
    if "microsoft" in kernel.lower():
        if "wsl2" not in kernel.lower():
            return Finding(
                probe="system",
                state="problem",
                text=f"{name}: this is WSL 1, whose kernel is too old for the sandbox.",
                run=("wsl --set-version Ubuntu 2",),
                advice="Run that in Windows, with the name that `wsl --list` shows.",
                stops=_BOTH,
                facts=facts,
            )
        text = f"{name}: this is WSL 2. The GPU is that of Windows, with its driver."
        return Finding(probe="system", state="note", text=text, facts=facts)
    numbers = _numbers(kernel)
    if numbers and numbers < _OLDEST_LINUX:
        return Finding(
            probe="system",
            state="problem",
            text=f"{name}: the grader needs Linux 5.4 or newer.",
            advice="Use a newer kernel, or another machine.",
            stops=_BOTH,
            facts=facts,
        )
    return Finding(probe="system", state="ok", text=f"{name}.", facts=facts)


def _numbers(release: str) -> tuple[int, ...]:
    first = release.split("-")[0].split(".")[:2]
    return tuple(int(part) for part in first if part.isdigit())


def probe_python(machine: Machine) -> Iterator[Finding]:
    """The interpreter."""
    version = platform.python_version()
    apart = sys.prefix != sys.base_prefix
    facts = {"version": version, "path": sys.executable, "virtual_environment": apart}
    if platform.python_implementation() != "CPython":
        yield Finding(
            probe="python",
            state="problem",
            text=f"This is {platform.python_implementation()}; nvmath needs CPython.",
            run=("python3 -m venv .venv", ". .venv/bin/activate", INSTALL),
            stops=_BOTH,
            facts=facts,
        )
        return
    where = ", in a virtual environment" if apart else ""
    yield Finding(
        probe="python", state="ok", text=f"Python {version}{where}.", facts=facts
    )


def probe_environment(machine: Machine) -> Iterator[Finding]:
    """Environment variables that change what programs do."""
    values = machine.environment
    for name, what in (
        ("NUMBA_ENABLE_CUDASIM", "numba's own simulator, which compiles no callbacks"),
        ("NUMBA_DISABLE_JIT", "numba without its compiler"),
    ):
        if values.get(name, "0") not in ("", "0"):
            yield Finding(
                probe="environment",
                state="problem",
                text=f"{name} is set: it asks for {what}.",
                run=(f"unset {name}",),
                stops=_BOTH,
            )


def probe_room(machine: Machine) -> Iterator[Finding]:
    """Disk, memory and cores."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / _GIB
    facts = {"folder": folder, "free_bytes": int(free * _GIB)}
    advice = "Remove files there, or name a folder with more room in TMPDIR."
    if free < _LITTLE_DISK:
        yield Finding(
            probe="disk",
            state="problem",
            text=f"{free:.1f} GiB are free in {folder}, where programs are graded; "
            f"{_LITTLE_DISK:g} GiB are wanted.",
            run=(f"df -h {folder}",),
            advice=advice,
            stops=_BOTH if free < _NO_DISK else (),
            facts=facts,
        )
    else:
        text = f"{free:.0f} GiB free in {folder}, where programs are graded."
        yield Finding(probe="disk", state="ok", text=text, facts=facts)
    yield _memory(machine)


def _memory(machine: Machine) -> Finding:
    total, available = _memory_of(machine)
    cores = _cores()
    facts = {"total_bytes": total, "available_bytes": available, "cores": cores}
    some = f"{cores} core{'s' if cores > 1 else ''}"
    text = f"{available / _GIB:.1f} of {total / _GIB:.1f} GiB of memory free, {some}."
    if not total:
        return Finding(probe="memory", state="ok", text=f"{some}.", facts=facts)
    if available < _LITTLE_MEMORY * _GIB:
        return Finding(
            probe="memory",
            state="problem" if available < _NO_MEMORY * _GIB else "note",
            text=f"{text} Large exercises may not find room.",
            run=("python grade.py --jobs 1",),
            advice="Close other programs, and grade one exercise at a time.",
            facts=facts,
        )
    return Finding(probe="memory", state="ok", text=text, facts=facts)


def _memory_of(machine: Machine) -> tuple[int, int]:
    """Return the bytes of memory that there are and that are free; 0 where unknown."""
    figures = {}
    for line in machine.read("proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if (first := rest.split()[:1]) and first[0].isdigit():
            figures[name] = int(first[0]) * 1024
    total, free = figures.get("MemTotal", 0), figures.get("MemAvailable", 0)
    with contextlib.suppress(ValueError):  # a container's share; "max" is no number
        most = int(machine.read("sys/fs/cgroup/memory.max"))
        used = int(machine.read("sys/fs/cgroup/memory.current"))
        total, free = min(total, most), min(free, max(0, most - used))
    return total, free


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def probe_terminal(machine: Machine) -> Iterator[Finding]:
    """Where reports are shown."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    facts = {"terminal": sys.stdout.isatty(), "encoding": encoding}
    width = shutil.get_terminal_size((_NARROW, 24)).columns
    if sys.stdout.isatty() and width < _NARROW:
        text = f"The terminal is {width} columns wide; reports are made for {_NARROW}."
        yield Finding(probe="terminal", state="note", text=text, facts=facts)
    elif encoding not in ("utf8", ""):
        yield Finding(
            probe="terminal",
            state="note",
            text=f"Output is encoded as {sys.stdout.encoding}; names and pictures of "
            "programs may hold letters that it lacks.",
            run=("export PYTHONUTF8=1",),
            facts=facts,
        )
    else:
        shown = "a terminal" if sys.stdout.isatty() else "a file or a pipe"
        text = f"Reports go to {shown}."
        yield Finding(probe="terminal", state="ok", text=text, facts=facts)


def probe_jupyter(machine: Machine) -> Iterator[Finding]:
    """JupyterLab, which is optional."""
    found = {
        name: version
        for name in ("jupyterlab", "notebook", "ipykernel")
        if (version := machine.version(name))
    }
    if "ipykernel" in found and len(found) > 1:
        shown = " and ".join(f"{name} {version}" for name, version in found.items())
        text = f"Notebooks can be opened here: {shown}."
        yield Finding(probe="jupyter", state="ok", text=text, facts=found)
        return
    yield Finding(
        probe="jupyter",
        state="note",
        text="JupyterLab is not installed. It is needed to work in notebooks here, "
        "and not to grade them.",
        run=("python -m pip install jupyterlab",),
        facts=found,
    )
