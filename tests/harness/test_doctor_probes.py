"""The doctor's probes, each over a machine that has what the test says."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from graders.harness.catalog import Catalog
from graders.harness.doctor import (
    host,
    packages,
    sandbox,
)
from graders.harness.doctor.findings import Finding
from graders.harness.doctor.known_bad import KNOWN_BAD
from graders.harness.doctor.machine import Answer
from graders.harness.doctor.points import needed_libraries
from graders.harness.worker.confinement import REQUIRED
from tests.harness import doctor_machines as made_up


def only(found: Iterable[Finding]) -> Finding:
    (finding,) = found
    return finding


def problems(found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.state == "problem"]


# -------------------------------------------------------------------------- the host


@pytest.mark.parametrize(
    ("release", "state", "said"),
    [
        ("6.12.1", "ok", "Linux 6.12.1"),
        ("5.4.0-150-generic", "ok", "Linux 5.4.0"),
        ("4.18.0-553.el8", "problem", "needs Linux 5.4 or newer"),
        ("5.15.153.1-microsoft-standard-WSL2", "note", "WSL 2"),
        ("4.4.0-19041-Microsoft", "problem", "WSL 1"),
    ],
)
def test_kernels(release: str, state: str, said: str, tmp_path: Path) -> None:
    found = only(host.probe_system(made_up.MadeUp(tmp_path, release=release)))
    assert found.state == state
    assert said in found.text
    assert bool(found.stops) is (state == "problem")


def test_variables_that_change_programs(tmp_path: Path) -> None:
    values = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "0"}
    machine = made_up.MadeUp(tmp_path, environment=values)
    found = only(host.probe_environment(machine))
    assert found.run == ("unset NUMBA_ENABLE_CUDASIM",)
    assert list(host.probe_environment(made_up.MadeUp(tmp_path))) == []


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free", "state", "stops"),
    [(50.0, "ok", 0), (1.5, "problem", 0), (0.1, "problem", 2)],
)
def test_disk(
    free: float, state: str, stops: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = Usage(2**40, 0, int(free * 2**30))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    disk, _ = host.probe_room(made_up.MadeUp(tmp_path))
    assert (disk.state, len(disk.stops)) == (state, stops)


@pytest.mark.parametrize(
    ("available", "most", "state", "said"),
    [
        (20, "max", "ok", "20.0 of 32.0 GiB"),
        (2, "max", "note", "2.0 of 32.0 GiB"),
        (20, str(4 * 2**30), "note", "2.5 of 4.0 GiB"),
        (20, str(2 * 2**30), "problem", "0.5 of 2.0 GiB"),
    ],
)
def test_memory(
    available: int, most: str, state: str, said: str, tmp_path: Path
) -> None:
    """What a container may use counts, not what its host has."""
    for path, text in {
        "proc/meminfo": f"MemTotal: {32 * 2**20} kB\nMemAvailable: {available * 2**20} kB",
        "sys/fs/cgroup/memory.max": most,
        "sys/fs/cgroup/memory.current": str(int(1.5 * 2**30)),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    _, memory = host.probe_room(made_up.MadeUp(tmp_path))
    assert memory.state == state
    assert said in memory.text


def test_jupyter_is_optional(tmp_path: Path) -> None:
    without = only(host.probe_jupyter(made_up.MadeUp(tmp_path, packages={})))
    assert (without.state, without.run) == (
        "note",
        ("python -m pip install jupyterlab",),
    )
    both = {"jupyterlab": "4.6.6", "ipykernel": "7.4.0"}
    found = only(host.probe_jupyter(made_up.MadeUp(tmp_path, packages=both)))
    assert found.state == "ok"


# ----------------------------------------------------------------------- the packages


def test_packages_that_are_missing_or_out_of_range(tmp_path: Path) -> None:
    installed = made_up.BASE | {"numpy": "2.5.0", "numba-cuda": "0.28.1"}
    del installed["pyseccomp"]
    found = list(packages.probe_packages(made_up.MadeUp(tmp_path, installed)))
    assert [f.state for f in found] == ["problem", "problem"]
    assert found[0].text.endswith("not installed: pyseccomp.")
    assert found[0].stops == ()
    assert "numpy is 2.5.0 and must be <2.5, >=2.0" in found[1].text
    assert "numba-cuda is 0.28.1" in found[1].text
    assert found[1].run[-1] == "python -m pip install -e ."


def test_the_toolkits_own_nvvm_serves_as_well(tmp_path: Path) -> None:
    """Where a callback compiles without the package, nobody need install that."""
    of_the_toolkit = ("nvidia-cuda-runtime", "nvidia-nvvm")
    installed = {k: v for k, v in made_up.BASE.items() if k not in of_the_toolkit}
    works = Answer(facts={"version": "13.0.48", "path": "libnvvm.so.4"})
    machine = made_up.MadeUp(tmp_path, installed, {"nvvm": works})
    assert problems(packages.probe_packages(machine)) == []
    broken = made_up.MadeUp(tmp_path, installed, {"nvvm": Answer(problem="it hung")})
    found = problems(packages.probe_packages(broken))
    (told,) = (f.text for f in found)
    assert told.endswith("not installed: nvidia-cuda-runtime, nvidia-nvvm.")


def test_packages_as_they_must_be(tmp_path: Path) -> None:
    found = only(packages.probe_packages(made_up.MadeUp(tmp_path)))
    assert found.state == "ok"
    assert found.facts["numpy"] == made_up.BASE["numpy"]


def test_what_one_package_requires_of_another(tmp_path: Path) -> None:
    class Picky(made_up.MadeUp):
        def requirements(self, package: str) -> list[str]:
            picky = ["numpy<2; extra == 'old'", "numpy<2.2", "llvmlite"]
            return picky if package == "numba" else []

    _, found = packages.probe_packages(Picky(tmp_path, made_up.BASE))
    assert "requires numpy <2.2" in found.text
    assert found.run == ("python -m pip install 'numpy<2.2'",)


def bad_pairs(versions: dict[str, str], *, on_gpu: bool = True) -> list[str]:
    found = packages.not_together(versions, gpu=on_gpu)
    return [finding.text for finding in found]


@pytest.mark.parametrize(
    "versions",
    [
        {"cupy-cuda12x": "14.2", "cupy-cuda13x": "14.2"},
        {"cupy-cuda13x": "14.2.0", "CUDA of the driver": "12.8"},
        {"cupy-cuda12x": "14.2.0", "CUDA of the driver": "11.8"},
        {"cupy-cuda13x": "14.2.0", "compute capability": "7.0"},
        {"compute capability": "6.1"},
        {"cupy-cuda12x": "13.6.0"},
        {"cupy-cuda13x": "13.6.0"},
        {"cupti-python": "13.0.1", "cupy-cuda12x": "14.2.0"},
        {"cupti-python": "12.8.0", "cupy-cuda13x": "14.2.0"},
        {"cuFFT": "11.2.3"},
        {"cuFFT": "12.3.0"},
        {"cuFFT": "11.4.1", "compute capability": "12.0"},
        {"nvmath-python": "1.0.0", "cuDSS": "0.7.1"},
        {"nvidia-libmathdx-cu12": "0.3.1.8"},
        {"nvidia-libmathdx-cu13": "0.3.1.8"},
        {"numba-cuda": "0.29.0"},
        {"numpy": "2.5.1", "numba": "0.68.0"},
    ],
    ids=lambda versions: " ".join(f"{k} {v}" for k, v in versions.items()),
)
def test_known_bad_versions(versions: dict[str, str]) -> None:
    """Each row of the table is found by what it is about, with both versions named."""
    (found,) = bad_pairs(versions)
    for name, version in versions.items():
        assert f"{name} {version}" in found


def test_every_known_bad_row_has_a_case() -> None:
    cases = next(
        mark.args[1]
        for mark in test_known_bad_versions.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    )
    assert len(cases) == len(KNOWN_BAD)


def test_good_versions_are_not_in_the_table() -> None:
    """What this repository was measured with on a GPU is not refused."""
    measured = {
        "cupy-cuda13x": "14.2.0", "CUDA of the driver": "13.0", "cuFFT": "12.0.0",
        "compute capability": "9.0", "nvmath-python": "1.0.0", "cuDSS": "0.8.0",
        "cupti-python": "13.0.1", "numba-cuda": "0.30.4", "numpy": "2.4.6",
        "numba": "0.68.1",
    }  # fmt: skip
    assert bad_pairs(measured) == []


def test_two_cupys_are_one_problem() -> None:
    """What else would be said of either is left out: which one it is, is not known."""
    both = {"cupy-cuda12x": "14.2", "cupy-cuda13x": "13.6", "cupti-python": "13.4"}
    assert len(bad_pairs(both)) == 1


def test_cuda_12_and_13_side_by_side(tmp_path: Path) -> None:
    """A problem where there is a GPU, worth a note where there is none."""
    mixed = {"nvidia-cufft-cu12": "11.4", "nvidia-cudss-cu13": "0.8.0.1"}
    found = only(packages.not_together(mixed, gpu=True))
    assert found.state == "problem"
    assert "nvidia-cufft-cu12 and nvidia-cudss-cu13" in found.text
    machine = made_up.without_gpu(tmp_path)
    machine.installed |= mixed
    assert only(packages.probe_versions(machine)).state == "note"


# ------------------------------------------------------------------------ the sandbox


def test_required_layers_are_the_engines() -> None:
    """The doctor's list is a copy, so that it needs no package; it is the same."""
    assert sandbox.REQUIRED == REQUIRED
    assert set(REQUIRED) == set(sandbox._LAYERS)


def started(**missing: str) -> Answer:
    names = {name.replace("_", " "): why for name, why in missing.items()}
    layers = [name for name in REQUIRED if name not in names]
    return Answer(facts={"layers": layers, "missing_layers": names, "device": {}})


@pytest.mark.parametrize(
    ("layer", "why", "mend"),
    [
        (
            "system_calls",
            "libseccomp cannot be used",
            "sudo apt-get install libseccomp2",
        ),
        ("files", "the kernel has no Landlock", "Linux 5.13"),
        ("other_processes", "neither a user of its own nor", "Linux 6.12"),
        ("watched", "descendants cannot be found", "/proc"),
    ],
)
def test_a_layer_that_does_not_hold(
    layer: str, why: str, mend: str, tmp_path: Path
) -> None:
    answers = {"worker simulator": started(**{layer: why})}
    machine = made_up.without_gpu(tmp_path, answers=answers)
    (found,) = problems(sandbox.probe_simulator(machine))
    assert why in found.text
    assert "--require-sandbox will refuse" in found.text
    assert mend in " ".join((*found.run, found.advice))
    assert found.stops == ()


def test_a_layer_that_need_not_hold(tmp_path: Path) -> None:
    answers = {"worker simulator": started(own_user="only root can")}
    machine = made_up.without_gpu(tmp_path, answers=answers)
    found = list(sandbox.probe_simulator(machine))
    assert [f.state for f in found] == ["ok", "ok"]
    assert "7 of 8 layers" in found[1].text
    assert "own user: only root can" in found[1].text


def test_a_gpu_that_cannot_be_recorded(tmp_path: Path) -> None:
    silent = Answer(facts={"device": {"evidence": "CUPTI saw 0 kernels."}})
    machine = made_up.with_gpu(tmp_path, answers={"worker cuda": silent})
    (found,) = problems(sandbox.probe_cuda(machine))
    assert "CUPTI saw 0 kernels." in found.text
    assert found.lacks == ("CUPTI",)


def test_the_gpu_is_not_started_without_one(tmp_path: Path) -> None:
    machine = made_up.without_gpu(tmp_path)
    assert list(sandbox.probe_cuda(machine)) == []
    assert "worker cuda" not in machine.asked


# ------------------------------------------------------------------------ the points


def test_what_exercises_need() -> None:
    """It is read from the references; here, with names, as a reader would say it."""
    needs = {e.slug: needed_libraries(e) for e in Catalog().select(())}
    assert needs["sepia_blur"] == {"cuFFT", "callbacks"}
    assert needs["multiple_rhs"] == {"cuDSS"}
    assert needs["device_convolution"] == {"libmathdx"}
    assert needs["execution_spaces"] >= {"cuFFT", "CPU FFT"}
    assert needs["fused_linear"] == {"cuBLASLt"}
    assert needs["inplace_fft"] == {"cuFFT"}
