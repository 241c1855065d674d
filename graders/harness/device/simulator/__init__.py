"""The simulator: a device for machines without a GPU, behind ``device.interface``."""

from __future__ import annotations

import importlib
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import clocks
from graders.harness.device.simulator.cupy_package import memory, modules, transfers
from graders.harness.device.simulator.cupy_package.storage import DeviceArray
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.machine import (
    MACHINE,
    Part,
    learner_files_under,
)
from graders.harness.device.transfers import outermost_axis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import numpy.typing as npt

_BRIDGE = "graders.harness.device.simulator.nvmath_bridge"


class SimulatorDevice:
    """A simulated GPU in this process, with ``cupy``, ``cupyx`` and nvmath on it."""

    name = "simulator"

    def __init__(self) -> None:
        self._trace = True
        self._threads: set[threading.Thread] = set()
        self.compiling: Callable[[], AbstractContextManager[None]] = nullcontext

    @property
    def is_learner_file(self) -> Callable[[str], bool]:
        """Whether a code object's file name is the learner's: the worker sets it."""
        return MACHINE.is_learner_file

    @is_learner_file.setter
    def is_learner_file(self, predicate: Callable[[str], bool]) -> None:
        MACHINE.is_learner_file = predicate

    def preload(self) -> None:
        """Install the packages, and compile once: the first compile takes long."""
        self.install()
        bridge: Any = importlib.import_module(_BRIDGE)
        bridge.warm()  # here, and not in each child

    def install(self) -> None:
        """Install the simulated packages and import the real nvmath over them."""
        modules.install()
        bridge: Any = importlib.import_module(_BRIDGE)
        bridge.install()

    def start(self) -> None:
        """Put the learner's program on virtual time; its files are those below here."""
        MACHINE.is_learner_file = learner_files_under(Path.cwd())
        clocks.install()

    def describe(self) -> dict[str, Any]:
        """Return what is simulated, and which packages it stands on."""
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

        versions = {"cupy": f"{modules.VERSION} (simulated)"}
        for package in ("nvmath-python", "numba-cuda", "numpy"):
            try:
                versions[package] = version(package)
            except PackageNotFoundError:
                versions[package] = "not installed"
        return {
            "name": self.name,
            "device": self.name,
            "models": "one NVIDIA H100: memory spaces, layouts, callbacks, time",
            "versions": versions,
        }

    def to_device(self, array: npt.NDArray[Any]) -> Any:
        """Return a device array with the same values, dtype and order of axes."""
        return transfers.upload(np.asarray(array), "K", counted=False)

    def duplicate(self, value: Any, turn: int = 0) -> Any:
        """Return a copy of a device array; it takes no time and leaves no trace."""
        MACHINE.synchronize()
        host = np.asarray(value._host)
        turned = np.empty_like(host)  # with the same order of axes
        axis = outermost_axis(host)
        turned[...] = host if axis is None else np.roll(host, turn, axis)
        return self.to_device(turned)

    def refill(self, target: Any, array: npt.NDArray[Any]) -> None:
        """Put other values into a device array; it takes no time and leaves no trace."""
        MACHINE.synchronize()
        target._host[...] = array

    def memory_left(self) -> int | None:
        """Return None: the host's memory is the device's."""
        return None

    def from_device(self, value: Any) -> npt.NDArray[Any] | None:
        """Wait for the device; return a host copy, or None of what is no array."""
        if not issubclass(type(value), DeviceArray):  # no __class__ of the learner's
            return None
        MACHINE.synchronize()
        return np.array(value._host, order="K", copy=True)

    def snapshot(self, value: Any) -> npt.NDArray[Any]:
        """
        Return a host copy after waiting for the current stream alone.

        Values here are computed at once; an array that another stream is still writing
        comes back as NaN bytes, and as a fault in the evidence.
        """
        if not issubclass(type(value), DeviceArray):
            msg = f"value must be a CuPy array (got {type(value).__name__})"
            raise TypeError(msg)
        MACHINE.synchronize(current_handle())
        copy = np.array(value._host, order="K", copy=True)
        if MACHINE.is_pending(Part(value.block, value._host)):
            MACHINE.fault(
                "late_write",
                f"Work on another stream may still be writing {copy.nbytes} bytes of the "
                "result when the function returns it. Synchronize that stream first.",
                line=0,
            )
            _spoil(copy)
        return copy

    def maker(self, value: Any) -> str:
        """Return the kernel that computed an array, copies apart, or ``"host"``."""
        if not issubclass(type(value), DeviceArray):
            return ""
        maker: str = value.block.made_by
        return maker

    def synchronize(self) -> None:
        """Wait until the device is idle."""
        MACHINE.synchronize()

    def begin(self, *, poison: bool, trace: bool, operands: list[Any]) -> None:
        """Start recording one call on these operands."""
        self._trace = trace
        MACHINE.synchronize()
        MACHINE.poison = poison
        MACHINE.begin()
        hosts = []
        for value in _arrays(operands):
            if isinstance(value, DeviceArray):
                value.block.operand = True
            else:
                hosts.append(value)
        MACHINE.host_operands = [memory.host_range(a) for a in hosts if a.size]
        self._threads = set(threading.enumerate())

    def end(self) -> Evidence:
        """Stop recording, wait for the device, and return what was recorded."""
        record = MACHINE.end()
        MACHINE.host_operands = []
        left = sum(1 for t in threading.enumerate() if t not in self._threads)
        if not self._trace:
            return Evidence(
                available=False,
                unavailable_because="The call was run without a trace.",
                allocations=record.allocations,
                peak_bytes=record.peak_bytes,
                threads_left=left,
            )
        fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
        return Evidence(**{**fields, "threads_left": left})


def _spoil(copy: npt.NDArray[Any]) -> None:
    copy[...] = np.frombuffer(b"\xff" * copy.itemsize, copy.dtype)[0]


def _arrays(value: Any) -> Iterator[Any]:
    """Yield the arrays in nested lists, tuples and dictionaries."""
    if isinstance(value, (DeviceArray, np.ndarray)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _arrays(item)
