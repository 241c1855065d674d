"""A GPU's clocks, and what slowed it down: NVML's readings around timed rounds.

One reading takes some calls of about a millisecond, so that none is made within a round.
The reasons of a reading are those of the moment; what happened between two readings shows
in the driver's counters, where it has them. Imports nothing of the engine but
``device.gpu_facts``, and ``pynvml`` only when asked to read.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

from graders.harness.device.gpu_facts import first_visible

#: What keeps the clock down, by its bit, in nvml.h's words ("Clocks event reasons").
REASONS = {
    0x1: "gpu_idle",
    0x2: "applications_clocks_setting",
    0x4: "sw_power_cap",
    0x8: "hw_slowdown",
    0x10: "sync_boost",
    0x20: "sw_thermal_slowdown",
    0x40: "hw_thermal_slowdown",
    0x80: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
}
# Those that tell of a fault, and what they are to a learner. An idle GPU, clocks that
# somebody has set and a power cap belong to a GPU's ordinary life. A slowdown of the
# hardware may also show for a moment while a clock changes, by nvml.h: another reason why
# nobody is credited before a second measurement.
_SLOWED_BY = {
    "hw_slowdown": "a slowdown of its hardware",
    "sw_thermal_slowdown": "heat",
    "hw_thermal_slowdown": "heat",
    "hw_power_brake_slowdown": "its power brake",
}
# nvml.h, NVML_FI_DEV_CLOCKS_EVENT_REASON_*: nanoseconds since the driver was loaded.
_COUNTERS = {
    "sw_thermal_slowdown": 269,
    "hw_thermal_slowdown": 270,
    "hw_power_brake_slowdown": 271,
}
_NANOSECOND = 1e-9


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    What NVML said at one moment; None for what it does not tell of this GPU.

    Attributes:
        sm_clock_mhz: The clock of the multiprocessors, in MHz.

        sm_clock_max_mhz: The highest that it can be, in MHz.

        temperature_celsius: Of the GPU's core, in degrees Celsius.

        reasons: What kept the clock down at that moment (``REASONS``).

        slowed_seconds: For how long each of three reasons has slowed the GPU down since
            the driver was loaded, in seconds; empty where the driver does not count.
    """

    sm_clock_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    temperature_celsius: int | None = None
    reasons: tuple[str, ...] | None = None
    slowed_seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """
    A GPU's clocks over a time, as plain data for a report.

    Attributes:
        gpu: Its UUID, or the name that stands for it.

        readings: In their order.

        unavailable_because: Why there are none, in one sentence.
    """

    gpu: str = ""
    readings: tuple[Reading, ...] = ()
    unavailable_because: str = ""

    @property
    def slowed_seconds(self) -> float:
        """For how long the driver counted a slowdown between the readings, in seconds."""
        return sum(self._counted().values())

    @property
    def slowed_by(self) -> tuple[str, ...]:
        """What slowed the GPU down, in a learner's words; nothing where nothing did."""
        seen = {name for reading in self.readings for name in reading.reasons or ()}
        seen |= self._counted().keys()
        return tuple(
            dict.fromkeys(words for name, words in _SLOWED_BY.items() if name in seen)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the readings as JSON-ready data, with what slowed the GPU down."""
        return {**asdict(self), "slowed_by": list(self.slowed_by)}

    def in_words(self) -> str:
        """Return what slowed the GPU down, with the numbers; nothing where nothing did."""
        if not self.slowed_by:
            return ""
        said = [f"The GPU was slowed down by {' and '.join(self.slowed_by)}"]
        if clocks := self._known("sm_clock_mhz"):
            most = max(self._known("sm_clock_max_mhz"), default=0)
            of_most = f" of at most {most:,}" if most else ""
            said.append(f"SM clock {_span(clocks)} MHz{of_most}")
        if degrees := self._known("temperature_celsius"):
            said.append(f"{_span(degrees)} degrees Celsius")
        if self.slowed_seconds:
            said.append(f"{self.slowed_seconds:.3g} s of it by the driver's count")
        head, *numbers = said
        return f"{head} ({'; '.join(numbers)})." if numbers else f"{head}."

    def _known(self, name: str) -> list[int]:
        found = (getattr(reading, name) for reading in self.readings)
        return [value for value in found if value is not None]

    def _counted(self) -> dict[str, float]:
        """Return the seconds by which each of the driver's counters grew, where one did."""
        if not self.readings:
            return {}
        first, last = self.readings[0].slowed_seconds, self.readings[-1].slowed_seconds
        grown = {name: last[name] - first[name] for name in first if name in last}
        return {name: seconds for name, seconds in grown.items() if seconds > 0}


class ClockLog:
    """
    Reads a GPU's clocks whenever it is told to, between the beginning and end of a context.

    That NVML is missing, or does not know the GPU, is no error: :meth:`clocks` says it.

    Args:
        gpu: The UUID of a GPU or of a part of one (``MIG-...``); another name stands for
            the first that is visible.
    """

    def __init__(self, gpu: str) -> None:
        self._gpu = gpu
        self._nvml: Any = None
        self._handle: Any = None
        self._readings: list[Reading] = []
        self._most_mhz: int | None = None
        self._problem = ""

    def __enter__(self) -> ClockLog:
        try:
            nvml = importlib.import_module("pynvml")
            nvml.nvmlInit()
        except Exception as error:  # noqa: BLE001 - no package or no driver: both are facts
            self._problem = f"NVML does not answer ({_text(error)})."
            return self
        self._nvml = nvml
        try:
            self._handle = _whole_gpu(nvml, self._gpu)
        except Exception as error:  # noqa: BLE001 - as above
            self._problem = f"NVML does not know the GPU {self._gpu} ({_text(error)})."
            return self
        # Once: it does not change, and the question takes as long as all others together.
        self._most_mhz = self._asked(
            lambda: nvml.nvmlDeviceGetMaxClockInfo(self._handle, nvml.NVML_CLOCK_SM)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._nvml is not None:
            self._asked(self._nvml.nvmlShutdown)
            self._nvml = self._handle = None

    def read(self) -> None:
        """Take a reading; nothing where NVML does not answer."""
        if self._handle is None:
            return
        reading = self._reading()
        if reading == Reading(sm_clock_max_mhz=self._most_mhz):
            self._problem = "NVML tells nothing of this GPU's clocks."
        else:
            self._readings.append(reading)

    def clocks(self) -> Clocks:
        """Return what was read so far."""
        because = "" if self._readings else self._problem or "No clock was read."
        return Clocks(
            gpu=self._gpu,
            readings=tuple(self._readings),
            unavailable_because=because,
        )

    def _reading(self) -> Reading:
        nvml, gpu = self._nvml, self._handle
        asked = self._asked
        return Reading(
            sm_clock_mhz=asked(
                lambda: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM)
            ),
            sm_clock_max_mhz=self._most_mhz,
            temperature_celsius=asked(
                lambda: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU)
            ),
            reasons=self._reasons(),
            slowed_seconds=asked(self._counters) or {},
        )

    def _reasons(self) -> tuple[str, ...] | None:
        nvml, gpu = self._nvml, self._handle
        # The older name, of drivers before 535, goes with CUDA 14.
        bits = self._asked(lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(gpu))
        if bits is None:
            bits = self._asked(
                lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu)
            )
        if bits is None:
            return None
        return tuple(name for bit, name in REASONS.items() if int(bits) & bit)

    def _counters(self) -> dict[str, float]:
        values = self._nvml.nvmlDeviceGetFieldValues(
            self._handle, list(_COUNTERS.values())
        )
        return {
            name: int(found.value.ullVal) * _NANOSECOND
            for name, found in zip(_COUNTERS, values, strict=True)
            if found.nvmlReturn == 0
        }

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Return an answer of NVML's, or None where it has none."""
        try:
            return ask()
        except (self._nvml.NVMLError, AttributeError):
            return None  # not of this GPU, this driver, or this version of the package


def _whole_gpu(nvml: Any, name: str) -> Any:
    """Return NVML's handle of a GPU; parts of one have no clocks of their own."""
    if name.startswith("MIG-"):
        part = nvml.nvmlDeviceGetHandleByUUID(name)
        return nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part)
    if name.startswith("GPU-"):
        return nvml.nvmlDeviceGetHandleByUUID(name)
    return first_visible(nvml)


def _text(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "the package nvidia-ml-py is not installed"
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _span(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
