"""Machines that do not exist, for the tests of the doctor."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from graders.harness.doctor.machine import Answer, Machine
from graders.harness.doctor.sandbox import REQUIRED

GPU = {
    "name": "NVIDIA H100 80GB HBM3",
    "memory_bytes": 80 * 2**30,
    "uuid": "GPU-00000000-0000-0000-0000-000000000000",
    "compute_capability": "9.0",
    "compute_mode": 0,
}
LIBRARIES = {
    "CuPy": "13.2",
    "cuFFT": "12.2.0",
    "nvJitLink": "13.2",
    "NVRTC": "13.2",
    "cuBLASLt": "13.2.0",
    "cuDSS": "0.8.0",
    "libmathdx": "0.3.2",
    "CUPTI": "130201",
    "CPU FFT": "libmkl_rt.so.2",
}
#: What the base install has, as it is here.
BASE = {
    package.metadata["Name"].lower(): package.version
    for package in metadata.distributions()
    if not package.metadata["Name"].lower().startswith(("cup", "nvidia-cu"))
} | {"nvidia-cuda-runtime": "13.5.37"}
PACKAGES = BASE | {"cupy-cuda13x": "14.2.0", "cupti-python": "13.4.0"}


class MadeUp(Machine):
    """
    A machine of the test's own.

    Args:
        root: Its ``/``.

        packages: What is installed.

        answers: What it answers to questions, ``library NAME`` among them.

        more: Of :class:`Machine`.
    """

    def __init__(
        self,
        root: Path,
        packages: Mapping[str, str] = PACKAGES,
        answers: Mapping[str, Answer] | None = None,
        release: str = "6.12.1",
        **more: Any,
    ) -> None:
        super().__init__(root=root, **{"environment": {}, "system": "linux"} | more)
        self.installed = dict(packages)
        self.answers = dict(answers or {})
        self.release = release
        self.asked: list[str] = []

    def version(self, package: str) -> str | None:
        return self.installed.get(package)

    def packages(self) -> dict[str, str]:
        return dict(self.installed)

    def requirements(self, package: str) -> list[str]:
        return []

    def kernel(self) -> str:
        return self.release

    def ask(self, question: str, *arguments: str, seconds: float) -> Answer:
        asked = " ".join((question, *arguments))
        self.asked.append(asked)
        return self.answers.get(asked, Answer(problem="nobody knows"))


def driver(cuda: str = "13.0", **gpu: Any) -> Answer:
    """Return a driver's answer, with one GPU."""
    return Answer(facts={"driver": True, "cuda": cuda, "gpus": [GPU | gpu]})


def with_gpu(
    root: Path,
    packages: Mapping[str, str] = PACKAGES,
    libraries: Mapping[str, str] = LIBRARIES,
    nvvm: str = "13.2.51",
    **more: Any,
) -> MadeUp:
    """Return a machine with a GPU on which everything works, but for what is given."""
    layers = {
        "layers": list(REQUIRED),
        "missing_layers": {},
        "chosen": "cuda",
        "chosen_because": "a GPU answers",
    }
    answers = {
        "driver": driver(),
        "nvml": Answer(facts={"driver": "580.1", "free_bytes": 70 * 2**30}),
        "nvvm": Answer(facts={"version": nvvm, "path": "libnvvm.so.4"}),
        "worker simulator": Answer(facts={**layers, "device": {}}),
        "worker cuda": Answer(facts={**layers, "device": {"evidence": "CUPTI"}}),
    }
    for name in LIBRARIES:
        answers[f"library {name}"] = (
            Answer(facts={"version": libraries[name], "path": f"lib{name}.so"})
            if name in libraries
            else Answer(facts={"error": f"{name} was not found."})
        )
    return MadeUp(root, packages, answers | more.pop("answers", {}), **more)


def without_gpu(root: Path, **more: Any) -> MadeUp:
    """Return a machine without a GPU on which everything else works."""
    answers = {
        "driver": Answer(
            facts={"driver": False, "error": "libcuda.so.1: no such file"}
        ),
        "nvvm": Answer(facts={"version": "13.5.37", "path": "libnvvm.so.4"}),
        "worker simulator": Answer(
            facts={
                "layers": list(REQUIRED),
                "missing_layers": {},
                "device": {},
                "chosen": "simulator",
                "chosen_because": "no NVIDIA driver was found",
            }
        ),
    }
    return MadeUp(root, answers=answers | more.pop("answers", {}), **more)
