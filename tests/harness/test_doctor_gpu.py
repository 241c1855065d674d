"""What the doctor says of GPUs, drivers and the libraries over them."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from graders.harness.doctor import (
    gpu,
    libraries,
    questions,
)
from graders.harness.doctor.findings import Finding
from graders.harness.doctor.machine import Answer
from tests.device.made_up_nvml import GPU, HW_HEAT, POWER_CAP, MadeUpNvml
from tests.harness import doctor_machines as made_up


def only(found: Iterable[Finding]) -> Finding:
    (finding,) = found
    return finding


def problems(found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.state == "problem"]


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
