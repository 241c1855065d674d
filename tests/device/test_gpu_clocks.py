"""A GPU's clocks as a driver made up here tells them."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from graders.harness.device.gpu_clocks import ClockLog, Clocks
from tests.device import made_up_nvml as made_up
from tests.device.made_up_nvml import GPU, PART, MadeUpNvml


def _logged(
    monkeypatch: pytest.MonkeyPatch, nvml: Any, gpu: str = GPU, readings: int = 3
) -> Clocks:
    """Take some readings of a GPU; NVML is left as it was found."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    with ClockLog(gpu) as log:
        for _ in range(readings):
            log.read()
    assert nvml is None or nvml.opened == 0
    return log.clocks()


def test_a_quiet_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clocks are told; it was slowed down by nothing."""
    found = _logged(monkeypatch, MadeUpNvml())
    assert len(found.readings) == 3
    assert found.readings[0].sm_clock_mhz == found.readings[0].sm_clock_max_mhz == 1980
    assert found.readings[0].temperature_celsius == 88
    assert (found.slowed_by, found.in_words()) == ((), "")
    told = json.loads(json.dumps(found.to_dict()))
    assert told["gpu"] == GPU
    assert told["readings"][2]["reasons"] == []
    assert (told["slowed_by"], told["unavailable_because"]) == ([], "")


@pytest.mark.parametrize(
    ("bits", "slowed_by"),
    [
        (made_up.IDLE, ()),
        (made_up.APPLICATION, ()),
        (made_up.POWER_CAP, ()),
        (made_up.HARDWARE, ("a slowdown of its hardware",)),
        (made_up.SW_HEAT, ("heat",)),
        (made_up.HW_HEAT | made_up.SW_HEAT, ("heat",)),
        (made_up.POWER_BRAKE | made_up.IDLE, ("its power brake",)),
        (made_up.POWER_BRAKE | made_up.SW_HEAT, ("heat", "its power brake")),
    ],
)
def test_what_counts_as_slowed_down(
    bits: int, slowed_by: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any of the readings; idle, set clocks and a power cap are ordinary."""
    found = _logged(monkeypatch, MadeUpNvml(reasons=(0, bits, 0)))
    assert found.slowed_by == slowed_by
    assert len(found.readings[1].reasons or ()) == bits.bit_count()


def test_a_slowdown_between_two_readings_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The driver's counters tell it where no reading fell into it."""
    nvml = MadeUpNvml(
        counted=(5 * 10**9, 5 * 10**9, 5_420_000_000), clocks=(1980, 1980, 1350)
    )
    found = _logged(monkeypatch, nvml)
    assert found.slowed_by == ("heat",)
    assert found.slowed_seconds == pytest.approx(0.42)
    assert found.in_words() == (
        "The GPU was slowed down by heat (SM clock 1,350 to 1,980 MHz of at most 1,980; "
        "88 degrees Celsius; 0.42 s of it by the driver's count)."
    )
    before = MadeUpNvml(counted=(5 * 10**9,))  # what was counted earlier is past
    assert _logged(monkeypatch, before).slowed_by == ()


@pytest.mark.parametrize("gpu", [PART, "gpu-0"])
def test_which_gpu_is_read(gpu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a part the whole, without a UUID the first: the stand-in refuses any other."""
    found = _logged(monkeypatch, MadeUpNvml(reasons=(made_up.SW_HEAT,)), gpu)
    assert (found.gpu, found.slowed_by) == (gpu, ("heat",))


@pytest.mark.parametrize(
    ("nvml", "gpu", "said"),
    [
        (None, GPU, "NVML does not answer"),
        (MadeUpNvml(refuses="Driver Not Loaded"), GPU, "(Driver Not Loaded)"),
        (MadeUpNvml(), "GPU-3", "NVML does not know the GPU GPU-3 (Not Found)"),
    ],
)
def test_without_nvml_there_is_a_reason(
    nvml: Any, gpu: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a fact, no error, and nothing slowed the GPU down as far as is known."""
    found = _logged(monkeypatch, nvml, gpu)
    assert said in found.unavailable_because
    assert (found.readings, found.slowed_by) == ((), ())


def test_a_driver_tells_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older one has the older name of the reasons, and no counters."""
    older = MadeUpNvml(
        reasons=(made_up.HW_HEAT,),
        without=(
            "nvmlDeviceGetCurrentClocksEventReasons",
            "nvmlDeviceGetFieldValues",
            "nvmlDeviceGetMaxClockInfo",
        ),
    )
    found = _logged(monkeypatch, older)
    assert found.slowed_by == ("heat",)
    assert found.readings[0].sm_clock_max_mhz is None
    assert found.in_words() == (
        "The GPU was slowed down by heat (SM clock 1,980 MHz; 88 degrees Celsius)."
    )
    all_of_them = {n for n in dir(MadeUpNvml) if n.startswith("nvmlDeviceGet")}
    silent = MadeUpNvml(without=tuple(all_of_them - {"nvmlDeviceGetHandleByUUID"}))
    found = _logged(monkeypatch, silent)
    assert found.unavailable_because == "NVML tells nothing of this GPU's clocks."


def test_a_log_that_was_never_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _logged(monkeypatch, MadeUpNvml(), readings=0).unavailable_because
