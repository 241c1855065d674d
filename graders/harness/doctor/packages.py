"""Probes of the installed Python packages, by their metadata: nothing is imported."""

from __future__ import annotations

import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.host import INSTALL
from graders.harness.doctor.known_bad import known_bad
from graders.harness.doctor.machine import Machine

_BOTH = ("simulator", "cuda")
_NAME = re.compile(r"[\w.-]+")
_VENV = ("python3 -m venv .venv", ". .venv/bin/activate")
# A CUDA toolkit has them as well.
_OF_THE_TOOLKIT = frozenset({"nvidia-cuda-runtime", "nvidia-nvvm"})
# Without these `grade.py` itself does not start.
_NEEDED = frozenset({"numpy", "pytest", "rich", "nvmath-python", "numba-cuda", "numba"})


def probe_packages(machine: Machine) -> Iterator[Finding]:
    """The packages of the base install, against the ranges of pyproject.toml."""
    text = (machine.project / "pyproject.toml").read_text("utf-8")
    wanted = tomllib.loads(text)["project"]["dependencies"]
    names = [_NAME.match(line)[0] for line in wanted]  # type: ignore[index]
    facts = {name: machine.version(name) or "not installed" for name in names}
    missing = [name for name in names if machine.version(name) is None]
    if _OF_THE_TOOLKIT & set(missing) and not machine.nvvm().why_not():
        # The CUDA toolkit's own serve.
        missing = [name for name in missing if name not in _OF_THE_TOOLKIT]
    if missing:
        shown = ", ".join(missing)
        yield Finding(
            probe="packages",
            state="problem",
            text=f"{len(missing)} of the {len(names)} packages that the grader needs are "
            f"not installed: {shown}.",
            run=(*_virtual_environment(), INSTALL),
            stops=_BOTH if _NEEDED & set(missing) else (),
            facts=facts,
        )
    if machine.version("packaging") is None:
        return  # nothing can compare versions; pytest brings it, so it is named above
    wrong = list(_out_of_range(machine, wanted))
    if wrong:
        yield Finding(
            probe="packages",
            state="problem",
            text=f"Of {len(names)} packages, {len(wrong)} are not as they must be: "
            f"{'; '.join(wrong)}.",
            run=(*_virtual_environment(), INSTALL),
            facts=facts,
        )
    elif not missing:
        text = f"All {len(names)} packages of the base install, each in a good version."
        yield Finding(probe="packages", state="ok", text=text, facts=facts)
    yield from _at_odds(machine, [name for name in names if name not in missing])


def _out_of_range(machine: Machine, wanted: list[str]) -> Iterator[str]:
    from packaging.requirements import Requirement  # noqa: PLC0415 - may be missing

    for requirement in map(Requirement, wanted):
        version = machine.version(requirement.name)
        if version and not requirement.specifier.contains(version, prereleases=True):
            must = ", ".join(sorted(str(requirement.specifier).split(",")))
            yield f"{requirement.name} is {version} and must be {must}"


def _at_odds(machine: Machine, packages: list[str]) -> Iterator[Finding]:
    """Yield what one package requires of another and does not get."""
    from packaging.requirements import Requirement  # noqa: PLC0415

    for package in packages:
        for line in machine.requirements(package):
            need = Requirement(line)
            if need.marker and not need.marker.evaluate({"extra": ""}):
                continue
            version = machine.version(need.name)
            if version is None or need.specifier.contains(version, prereleases=True):
                continue
            must = str(need.specifier)
            yield Finding(
                probe="packages",
                state="problem",
                text=f"{package} {machine.version(package)} requires {need.name} {must}, "
                f"and {version} is installed.",
                run=(f"python -m pip install '{need.name}{must}'",),
            )


def _virtual_environment() -> tuple[str, ...]:
    """Return the commands that make one where the system keeps its own Python."""
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    return _VENV if sys.prefix == sys.base_prefix and marker.exists() else ()


def probe_versions(machine: Machine) -> Iterator[Finding]:
    """Versions that are known not to go together, where no GPU can be asked for more."""
    if not machine.gpus() and machine.version("packaging"):
        yield from not_together(machine.packages(), gpu=False)


def not_together(versions: Mapping[str, str], *, gpu: bool) -> Iterator[Finding]:
    """
    Yield a finding for all that is known not to go together.

    Args:
        versions: Of packages and libraries, by the names of ``known_bad.py``.

        gpu: Whether there is a GPU.
    """
    for bad in known_bad(versions, gpu=gpu):
        names = [f"{name} {versions[name]}" for name in bad.versions]
        yield Finding(
            probe="versions",
            state=bad.state,
            text=f"{' with '.join(names)}: {bad.text}",
            run=bad.run,
            advice=bad.advice,
            stops=bad.stops,
            lacks=bad.lacks,
        )
    yield from _mixed(versions, gpu=gpu)


def _mixed(versions: Mapping[str, str], *, gpu: bool) -> Iterator[Finding]:
    """Yield a finding where CUDA 12's and CUDA 13's wheels lie side by side."""
    twelve = sorted(name for name in versions if name.endswith("-cu12"))
    thirteen = sorted(name for name in versions if name.endswith("-cu13"))
    if not twelve or not thirteen:
        return
    shown = f"{', '.join(twelve[:3])} and {', '.join(thirteen[:3])}"
    yield Finding(
        probe="versions",
        state="problem" if gpu else "note",
        text=f"Libraries of CUDA 12 and of CUDA 13 are installed side by side ({shown}): "
        "which of them programs get is chance.",
        run=("python3 -m venv --clear .venv", ". .venv/bin/activate", INSTALL),
        advice="Then install one set, .[cu12] or .[cu13], and never both.",
        facts={"cu12": twelve, "cu13": thirteen},
    )
