"""The doctor's probes, each over a machine that has what the test says."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from graders.harness.catalog import Catalog
from graders.harness.doctor import (
    gpu,
    host,
    libraries,
    packages,
    questions,
    sandbox,
)
from graders.harness.doctor.findings import Finding
from graders.harness.doctor.known_bad import KNOWN_BAD
from graders.harness.doctor.machine import Answer, Machine
from graders.harness.doctor.points import needed_libraries
from graders.harness.worker.confinement import REQUIRED
from tests.device.made_up_nvml import GPU, HW_HEAT, POWER_CAP, MadeUpNvml
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


# ---------------------------------------------------------------------------- the GPU


def on_bus(root: Path, *, kind: str = "0x030200") -> None:
    device = root / "sys/bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x10de\n")
    (device / "class").write_text(f"{kind}\n")


def node(root: Path) -> Path:
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev/nvidia0").touch()
    return root / "dev/nvidia0"


NO_DRIVER = Answer(facts={"driver": False, "error": "libcuda.so.1: no such file"})


def refusal(status: int) -> Answer:
    name = f"CUDA_ERROR_{status}"
    facts = {"driver": True, "cuda": "13.0", "status": status, "status_name": name}
    return Answer(facts=facts)


def driver_finding(root: Path, answer: Answer, **environment: str) -> Finding:
    machine = made_up.MadeUp(root, answers={"driver": answer}, environment=environment)
    return only(gpu.probe_driver(machine))


def test_no_gpu_and_no_driver(tmp_path: Path) -> None:
    assert driver_finding(tmp_path, NO_DRIVER).state == "note"


@pytest.mark.parametrize("seen", [on_bus, node])
def test_a_gpu_without_a_driver(seen: Callable[[Path], Any], tmp_path: Path) -> None:
    seen(tmp_path)
    found = driver_finding(tmp_path, NO_DRIVER)
    assert found.state == "problem"
    assert "--gpus all" in found.advice


def test_a_sound_card_is_no_gpu(tmp_path: Path) -> None:
    on_bus(tmp_path, kind="0x040300")
    assert driver_finding(tmp_path, NO_DRIVER).state == "note"


@pytest.mark.parametrize(
    ("status", "said", "run"),
    [
        (803, "different versions", ("sudo reboot",)),
        (999, "memory module", ("sudo modprobe nvidia_uvm",)),
        (802, "not ready", ("sudo systemctl restart nvidia-fabricmanager",)),
        (34, "stub", ("unset LD_LIBRARY_PATH",)),
        (777, "does not start", ("nvidia-smi",)),
    ],
)
def test_a_driver_that_does_not_start(
    status: int, said: str, run: tuple[str, ...], tmp_path: Path
) -> None:
    node(tmp_path)
    found = driver_finding(tmp_path, refusal(status))
    assert said in found.text
    assert f"CUDA_ERROR_{status}" in found.text
    assert found.run == run


def test_a_driver_that_hangs(tmp_path: Path) -> None:
    hung = Answer(problem="it gave no answer within 15 s")
    found = driver_finding(tmp_path, hung)
    assert "no answer within 15 s" in found.text
    assert found.stops == ("cuda",)


def test_a_hidden_gpu(tmp_path: Path) -> None:
    node(tmp_path)
    found = driver_finding(tmp_path, refusal(100), CUDA_VISIBLE_DEVICES="")
    assert found.run == ("unset CUDA_VISIBLE_DEVICES",)


def test_a_gpu_that_the_user_may_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = node(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, _: path != closed)
    found = driver_finding(tmp_path, refusal(304))
    assert found.run == ("sudo usermod -aG video,render $USER",)


def test_a_driver_without_a_gpu(tmp_path: Path) -> None:
    none = Answer(facts={"driver": True, "cuda": "13.0", "gpus": []})
    assert driver_finding(tmp_path, none).state == "note"
    on_bus(tmp_path)
    assert driver_finding(tmp_path, refusal(100)).state == "problem"


def test_what_a_gpu_is(tmp_path: Path) -> None:
    found = driver_finding(tmp_path, made_up.driver())
    assert found.text == (
        "NVIDIA H100 80GB HBM3, 80 GiB, compute capability 9.0; the driver runs CUDA "
        "13.0."
    )
    machine = made_up.MadeUp(
        tmp_path, answers={"driver": made_up.driver(compute_mode=3)}
    )
    (trouble,) = problems(gpu.probe_driver(machine))
    assert trouble.run == ("sudo nvidia-smi --compute-mode=DEFAULT",)
    assert trouble.stops == ("cuda",)


def test_nvml_and_who_has_the_memory(tmp_path: Path) -> None:
    little = Answer(facts={"driver": "580.1", "free_bytes": 2**30})
    assert only(gpu.probe_nvml(made_up.with_gpu(tmp_path))).state == "ok"
    machine = made_up.with_gpu(tmp_path, answers={"nvml": little})
    assert only(gpu.probe_nvml(machine)).state == "problem"
    machine = made_up.with_gpu(tmp_path, answers={"nvml": Answer(problem="none")})
    found = only(gpu.probe_nvml(machine))
    assert (found.state, found.run) == (
        "note",
        ("python -m pip install nvidia-ml-py",),
    )
    assert list(gpu.probe_nvml(made_up.without_gpu(tmp_path))) == []


def nvml_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, nvml: MadeUpNvml
) -> list[Finding]:
    """Return what the probe finds where the driver's NVML is made up."""
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr("graders.harness.device.gpu_facts.gpu_name", lambda: GPU)
    answer = Answer(facts=questions._ask_nvml())
    json.dumps(answer.facts)
    return list(gpu.probe_nvml(made_up.with_gpu(root, answers={"nvml": answer})))


def test_a_gpu_that_is_slowed_down_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock is told in any case; what slows it down is a note."""
    (fine,) = nvml_says(tmp_path, monkeypatch, MadeUpNvml(reasons=(POWER_CAP,)))
    assert (fine.state, "SM clock is 1,980 MHz of 1,980." in fine.text) == ("ok", True)
    hot = MadeUpNvml(reasons=(HW_HEAT,), clocks=(700,))
    slowed, fine = nvml_says(tmp_path, monkeypatch, hot)
    assert slowed.state == "note"
    assert "slowed down by heat (SM clock 700 MHz of at most 1,980; 88" in slowed.text
    assert slowed.facts["clocks"]["readings"][0]["reasons"] == ("hw_thermal_slowdown",)
    assert fine.state == "ok"
    quiet = MadeUpNvml(without=("nvmlDeviceGetClockInfo", "nvmlDeviceGetMaxClockInfo"))
    (fine,) = nvml_says(tmp_path, monkeypatch, quiet)
    assert fine.text.endswith("are free.")


def test_a_held_lease_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    machine = made_up.with_gpu(tmp_path)
    assert only(gpu.probe_lease(machine)).state == "ok"
    with (tmp_path / f"gpu-lease-{os.getuid()}-gpu-0").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        found = only(gpu.probe_lease(machine))
        assert found.state == "note"
        assert f"using the GPU now, process {os.getpid()} (" in found.text
    assert only(gpu.probe_lease(machine)).state == "ok"


# ---------------------------------------------------------------------- the libraries


def test_libraries_that_work(tmp_path: Path) -> None:
    found = only(libraries.probe_libraries(made_up.with_gpu(tmp_path)))
    assert found.state == "ok"
    assert "cuFFT 12.2.0, nvJitLink 13.2" in found.text


def test_libraries_are_not_asked_for_without_a_gpu(tmp_path: Path) -> None:
    machine = made_up.without_gpu(tmp_path)
    assert list(libraries.probe_libraries(machine)) == []
    assert [q for q in machine.asked if q.startswith("library")] == []


@pytest.mark.parametrize("name", made_up.LIBRARIES)
def test_a_library_that_is_missing(name: str, tmp_path: Path) -> None:
    some = {k: v for k, v in made_up.LIBRARIES.items() if k != name}
    (found,) = problems(
        libraries.probe_libraries(made_up.with_gpu(tmp_path, libraries=some))
    )
    assert found.text.startswith(f"{name} cannot be used: {name} was not found.")
    extra = "'nvmath-python[cpu]'" if name == "CPU FFT" else "-e '.[cu13]'"
    assert found.run == (f"python -m pip install {extra}",)
    assert bool(found.stops) is (name in ("CuPy", "NVRTC"))
    assert found.stops or found.lacks


def test_no_cupy_at_all(tmp_path: Path) -> None:
    some = {k: v for k, v in made_up.LIBRARIES.items() if k != "CuPy"}
    machine = made_up.with_gpu(tmp_path, packages=made_up.BASE, libraries=some)
    (found,) = problems(libraries.probe_libraries(machine))
    assert found.text.startswith("CuPy is not installed.")


@pytest.mark.parametrize(
    ("cuda", "capability", "cupy", "extra"),
    [
        ("13.0", "9.0", "", "cu13"),
        ("12.8", "9.0", "", "cu12"),
        ("13.0", "7.0", "", "cu12"),
        ("13.0", "9.0", "cupy-cuda12x", "cu12"),
        ("13.0", "9.0", "cupy-cuda13x", "cu13"),
    ],
)
def test_which_set_fits(
    cuda: str, capability: str, cupy: str, extra: str, tmp_path: Path
) -> None:
    """The set that the driver and the GPU can run, and of those the one in use."""
    answer = made_up.driver(cuda, compute_capability=capability)
    installed = made_up.BASE | ({cupy: "14.2.0"} if cupy else {})
    machine = made_up.MadeUp(tmp_path, installed, answers={"driver": answer})
    assert (
        libraries.install_command(machine) == f"python -m pip install -e '.[{extra}]'"
    )


@pytest.mark.parametrize(
    ("linker", "cufft", "nvvm", "mends"),
    [
        ("13.2", "12.2.0", "13.2.51", []),
        ("13.5", "12.0.0", "13.0.1", []),
        ("13.0", "12.0.0", "13.5.37", ["'nvidia-nvjitlink>=13.5,<14'"]),
        ("13.0", "12.2.0", "13.0.1", ["'nvidia-nvjitlink>=13.2,<14'"]),
        ("12.8", "11.4.1", "12.8.93", ["'nvidia-nvjitlink-cu12>=12.9,<13'"]),
        ("12.6", "11.3.3", "12.9.86", ["cu12>=12.9,<13'"]),
        ("12.9", "11.3.0", "13.5.37", ["-e '.[cu13]'"]),
        ("12.9", "11.3.0", "", []),
    ],
)
def test_the_linker_is_not_older_than_what_it_links(
    linker: str, cufft: str, nvvm: str, mends: list[str], tmp_path: Path
) -> None:
    some = made_up.LIBRARIES | {"nvJitLink": linker, "cuFFT": cufft}
    machine = made_up.with_gpu(tmp_path, libraries=some, nvvm=nvvm)
    found = problems(libraries.probe_libraries(machine))
    assert len(found) == len(mends)
    for finding, mend in zip(found, mends, strict=True):
        assert mend in finding.run[0]
        assert finding.lacks == ("callbacks",)


def test_nvvm_that_does_not_compile(tmp_path: Path) -> None:
    hung = {"nvvm": Answer(problem="it gave no answer within 45 s")}
    found = only(libraries.probe_nvvm(made_up.with_gpu(tmp_path, answers=hung)))
    assert found.stops == ("simulator", "cuda")
    assert found.run == ("python -m pip install -e . --force-reinstall",)


def test_old_cufft_takes_the_callbacks_away(tmp_path: Path) -> None:
    """What a library says of itself counts, not what pip knows."""
    some = made_up.LIBRARIES | {"cuFFT": "11.2.3", "nvJitLink": "12.9"}
    machine = made_up.with_gpu(tmp_path, libraries=some, nvvm="12.9")
    (found,) = problems(libraries.probe_libraries(machine))
    assert found.text.startswith("cuFFT 11.2.3: ")
    assert found.lacks == ("callbacks",)


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


# --------------------------------------------------- questions, over libraries of ours


def asked(root: Path, text: str, *question: str, seconds: float = 30) -> Answer:
    """Ask a real question where ``nvmath.bindings.cufft`` is ``text``."""
    package = root / "nvmath" / "bindings"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "cufft.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return Machine(environment=environment).ask(*question, seconds=seconds)


def test_a_library_tells_its_version(tmp_path: Path) -> None:
    text = "def get_version():\n    print('hello')\n    return 11303\n"
    answer = asked(tmp_path, text, "library", "cuFFT")
    assert answer.facts["version"] == "11.3.3"
    assert answer.why_not() == ""


def test_a_library_that_raises(tmp_path: Path) -> None:
    answer = asked(tmp_path, "raise RuntimeError('libcufft.so is\\n not here.')",
                   "library", "cuFFT")  # fmt: skip
    assert answer.why_not() == "libcufft.so is not here"


def test_a_package_that_is_missing(tmp_path: Path) -> None:
    answer = asked(tmp_path, "import no_such_package", "library", "cuFFT")
    assert answer.why_not() == "the package no_such_package is not installed"


def test_a_library_that_crashes(tmp_path: Path) -> None:
    """It takes its own process down and not the doctor."""
    answer = asked(tmp_path, "import os; os.abort()", "library", "cuFFT")
    assert answer.why_not() == "it took its process down (signal 6)"


def test_a_library_that_hangs(tmp_path: Path) -> None:
    text = "import time; time.sleep(600)"
    answer = asked(tmp_path, text, "library", "cuFFT", seconds=1)
    assert answer.why_not() == "it gave no answer within 1 s"


def test_the_driver_is_asked_through_its_library(tmp_path: Path) -> None:
    """Without libcuda.so.1 that is the answer, and no error."""
    if shutil.which("nvidia-smi") or any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a driver here")
    answer = Machine().ask("driver", seconds=30)
    assert answer.facts["driver"] is False
    assert "libcuda.so.1" in answer.facts["error"]


FAKE_DRIVER = r"""
#include <string.h>
int cuDriverGetVersion(int *v) { *v = 12090; return 0; }
int cuInit(unsigned f) { return STATUS; }
int cuGetErrorName(int e, const char **s) { *s = "CUDA_ERROR_MADE_UP"; return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, "Made Up 1", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 1ul << 33; return 0; }
int cuDeviceGetUuid(char *u, int d) { memset(u, 0x11, 16); return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) {
  *v = a == 75 ? 8 : a == 76 ? 6 : 0; return 0; }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("status", [0, 803])
def test_a_driver_of_our_own(status: int, tmp_path: Path) -> None:
    """What a library with the driver's functions says arrives as it is."""
    source = tmp_path / "driver.c"
    source.write_text(FAKE_DRIVER)
    built = f"cc -shared -fPIC -DSTATUS={status} -o {tmp_path}/libcuda.so.1 {source}"
    assert os.system(built) == 0
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    facts = Machine(environment=environment).ask("driver", seconds=30).facts
    assert (facts["driver"], facts["cuda"]) == (True, "12.9")
    if status:
        assert (facts["status"], facts["status_name"]) == (803, "CUDA_ERROR_MADE_UP")
        return
    assert facts["gpus"] == [
        {
            "name": "Made Up 1",
            "memory_bytes": 2**33,
            "uuid": "GPU-11111111-1111-1111-1111-111111111111",
            "compute_capability": "8.6",
            "compute_mode": 0,
        }
    ]
