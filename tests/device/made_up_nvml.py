"""A driver's NVML that does not exist, with the names and codes of nvidia-ml-py 13."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

#: nvml.h, nvmlClocksEventReasons.
IDLE, APPLICATION, POWER_CAP, HARDWARE = 0x1, 0x2, 0x4, 0x8
SW_HEAT, HW_HEAT, POWER_BRAKE = 0x20, 0x40, 0x80
GPU = "GPU-11111111-aaaa"
PART = "MIG-22222222-bbbb"


class MadeUpNvml:
    """
    One GPU with one part; what it says at each reading is the test's.

    Args:
        reasons: The bits at each reading; the last one stays.

        clocks: Likewise the SM clock, in MHz.

        counted: Likewise the nanoseconds on each of the driver's counters.

        without: Functions that this driver does not have.
    """

    NVML_CLOCK_SM = 1
    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __init__(
        self,
        *,
        reasons: tuple[int, ...] = (0,),
        clocks: tuple[int, ...] = (1980,),
        counted: tuple[int, ...] = (0,),
        without: tuple[str, ...] = (),
        refuses: str = "",
    ) -> None:
        self._reasons, self._clocks = list(reasons), list(clocks)
        self._counted = list(counted)
        self._without, self._refuses = without, refuses
        self.opened = 0
        self.asked = 0

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("nvmlDevice") and name in self._without:
            msg = "Function Not Found"
            raise self.NVMLError(msg)
        return object.__getattribute__(self, name)

    def nvmlInit(self) -> None:
        if self._refuses:
            raise self.NVMLError(self._refuses)
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self.opened -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        if uuid not in (GPU, PART):
            msg = "Not Found"
            raise self.NVMLError(msg)
        return f"handle of {uuid}"

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        assert index == 0
        return f"handle of {GPU}"

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, part: str) -> str:
        assert part == f"handle of {PART}"
        return f"handle of {GPU}"

    def nvmlDeviceGetClockInfo(self, gpu: str, kind: int) -> int:
        assert (gpu, kind) == (f"handle of {GPU}", 1)
        self.asked += 1
        return _next(self._clocks)

    def nvmlDeviceGetMaxClockInfo(self, gpu: str, kind: int) -> int:
        assert (gpu, kind) == (f"handle of {GPU}", 1)
        return 1980

    def nvmlDeviceGetTemperature(self, gpu: str, sensor: int) -> int:
        assert sensor == 0
        return 88

    def nvmlDeviceGetCurrentClocksEventReasons(self, gpu: str) -> int:
        return _next(self._reasons)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu: str) -> int:
        return _next(self._reasons)

    def nvmlDeviceGetFieldValues(self, gpu: str, fields: list[int]) -> list[Any]:
        assert fields == [269, 270, 271]
        counted = _next(self._counted)
        return [
            SimpleNamespace(nvmlReturn=0, value=SimpleNamespace(ullVal=counted)),
            SimpleNamespace(nvmlReturn=0, value=SimpleNamespace(ullVal=0)),
            SimpleNamespace(nvmlReturn=3, value=SimpleNamespace(ullVal=10**12)),
        ]

    def nvmlDeviceGetMemoryInfo(self, gpu: str) -> Any:
        return SimpleNamespace(total=80 << 30, free=70 << 30)

    def nvmlSystemGetDriverVersion(self) -> str:
        return "580.1"


def _next(values: list[int]) -> int:
    return values.pop(0) if len(values) > 1 else values[0]
