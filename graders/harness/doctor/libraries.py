"""Probes of the compiler and of CUDA's libraries, as nvmath finds them.

Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.host import INSTALL
from graders.harness.doctor.machine import Answer, Machine
from graders.harness.doctor.packages import not_together

_SECONDS = 60.0
_REINSTALL = f"{INSTALL} --force-reinstall"
_AT_ONCE = 4
# The toolkit of each cuFFT of CUDA 12, by its first three numbers; that of CUDA 13 has
# the toolkit's minor number (files of nvidia-cufft and nvidia-cufft-cu12 on PyPI).
_TOOLKITS_12 = {(11, 3, 0): (12, 6), (11, 3, 3): (12, 8), (11, 4, 0): (12, 9)}


@dataclass(frozen=True, kw_only=True)
class Library:
    """
    A library that programs on the GPU use.

    Attributes:
        use: What goes without it.

        lacks: What exercises lack then, by the names of ``points.py``.

        stops: Whether nothing can be graded on the GPU then.
    """

    name: str
    use: str
    lacks: str = ""
    stops: bool = False
    package: str = ""


LIBRARIES = (
    Library(name="CuPy", use="no program runs on the GPU", stops=True),
    Library(name="cuFFT", use="transforms do not run on the GPU", lacks="cuFFT"),
    Library(name="nvJitLink", use="callbacks are not linked", lacks="callbacks"),
    Library(name="NVRTC", use="CuPy compiles no kernels", stops=True),
    Library(name="cuBLASLt", use="matrix products do not run", lacks="cuBLASLt"),
    Library(name="cuDSS", use="sparse systems are not solved", lacks="cuDSS"),
    Library(name="libmathdx", use="the device API does not work", lacks="libmathdx"),
    Library(
        name="CUPTI",
        use="nothing records what programs do, and checks that ask stay ungraded",
        lacks="CUPTI",
    ),
    Library(
        name="CPU FFT",
        use="transforms do not run on the CPU",
        lacks="CPU FFT",
        package="'nvmath-python[cpu]'",
    ),
)


def probe_nvvm(machine: Machine) -> Iterator[Finding]:
    """NVVM, which compiles callbacks and kernels, with and without a GPU."""
    if not machine.system.startswith("linux"):
        return
    answer = machine.nvvm()
    problem = answer.why_not()
    if problem:
        yield Finding(
            probe="nvvm",
            state="problem",
            text=f"NVVM did not compile a callback: {problem}.",
            run=(INSTALL if answer.facts.get("missing") else _REINSTALL,),
            stops=("simulator", "cuda"),
            facts=answer.facts,
        )
        return
    version = f" {answer.facts['version']}" if answer.facts.get("version") else ""
    text = f"NVVM{version} compiles callbacks."
    yield Finding(probe="nvvm", state="ok", text=text, facts=answer.facts)


def probe_libraries(machine: Machine) -> Iterator[Finding]:
    """CUDA's libraries, where there is a GPU for them; and how they go together."""
    gpus = machine.gpus()
    if not gpus:
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(
            zip(LIBRARIES, pool.map(_asking(machine), LIBRARIES), strict=True)
        )
    good = {}
    install = install_command(machine)
    for library, answer in answers.items():
        problem = answer.why_not()
        if not problem:
            good[library.name] = str(answer.facts["version"])
            continue
        yield Finding(
            probe="libraries",
            state="problem",
            text=f"{_said(library, machine, problem)} Without it {library.use}.",
            run=(f"python -m pip install {library.package}",)
            if library.package
            else (install,),
            stops=("cuda",) if library.stops else (),
            lacks=(library.lacks,) if library.lacks else (),
            facts={"library": library.name, **answer.facts},
        )
    if good:
        shown = ", ".join(f"{name} {version}" for name, version in good.items())
        facts = {library.name: dict(a.facts) for library, a in answers.items()}
        yield Finding(probe="libraries", state="ok", text=f"{shown}.", facts=facts)
    versions = machine.packages() | good
    versions["CUDA of the driver"] = str(machine.driver().facts["cuda"])
    versions["compute capability"] = str(gpus[0]["compute_capability"])
    yield from not_together(versions, gpu=True)
    yield from _linker(good, str(machine.nvvm().facts.get("version") or ""), install)


def _asking(machine: Machine) -> Callable[[Library], Answer]:
    return lambda library: machine.ask("library", library.name, seconds=_SECONDS)


def _said(library: Library, machine: Machine, problem: str) -> str:
    if library.name == "CuPy" and not any(
        machine.version(name) for name in ("cupy-cuda12x", "cupy-cuda13x", "cupy")
    ):
        return "CuPy is not installed."
    return f"{library.name} cannot be used: {problem}."


def install_command(machine: Machine) -> str:
    """Return the command that installs the set of libraries for this driver and GPU."""
    driver = _numbers(str(machine.driver().facts.get("cuda") or "13"))
    capability = _numbers(str(machine.gpus()[0]["compute_capability"]))
    old = driver < (13,) or capability < (7, 5)
    chosen = machine.version("cupy-cuda12x") and not machine.version("cupy-cuda13x")
    return f"python -m pip install -e '.[{'cu12' if old or chosen else 'cu13'}]'"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _toolkit_of_cufft(version: tuple[int, ...]) -> tuple[int, ...]:
    if version[:1] == (12,):
        return (13, version[1])
    return max((t for v, t in _TOOLKITS_12.items() if v <= version), default=())


def _linker(good: dict[str, str], nvvm: str, install: str) -> Iterator[Finding]:
    """
    Yield a finding where nvJitLink is older than what it has to link.

    numba issue 10353: a newer NVVM's code ends in "ERROR 4 in
    nvvmAddNVVMContainerToProgram"; nvmath's documentation of callbacks: the same or a
    newer minor version than cuFFT's, of the same major one.
    """
    linker = _numbers(good.get("nvJitLink", ""))[:2]
    if not linker:
        return
    cufft = _toolkit_of_cufft(_numbers(good.get("cuFFT", "")))
    linked = {"NVVM": _numbers(nvvm)[:2], "cuFFT": cufft}
    wrong = {
        name: needed
        for name, needed in linked.items()
        if needed and (linker[0] != needed[0] or linker < needed)
    }
    if not wrong:
        return
    newest = max(wrong.values())
    wanted = ".".join(str(part) for part in newest)
    package = "nvidia-nvjitlink" + ("-cu12" if newest[0] == 12 else "")  # noqa: PLR2004
    upgrade = f"python -m pip install -U '{package}>={wanted},<{newest[0] + 1}'"
    others = " and ".join(f"{n} of CUDA {v[0]}.{v[1]}" for n, v in wrong.items())
    yield Finding(
        probe="versions",
        state="problem",
        text=f"nvJitLink is of CUDA {good['nvJitLink']}, {others}: callbacks will not "
        "link. It must be of the same major version and not older.",
        run=(upgrade if linker[0] == newest[0] else install,),
        lacks=("callbacks",),
    )
