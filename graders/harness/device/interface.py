"""The one interface behind which the devices stand: ``cuda`` and ``simulator``.

It is used on the worker's side only. Imports nothing of the engine but ``device.evidence``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import numpy.typing as npt

    from graders.harness.device.evidence import Evidence


class Device(Protocol):
    """
    What the worker needs of a device.

    Attributes:
        name: ``"cuda"`` or ``"simulator"``.

        is_learner_file: Says of a file name whether it is the learner's; the worker sets it
            before it loads the module.

        compiling: A context in which the program compiles for the device and leaves it
            alone; the worker sets it.
    """

    name: str
    is_learner_file: Callable[[str], bool]
    compiling: Callable[[], AbstractContextManager[None]]

    def preload(self) -> None:
        """
        Import what learners' programs need, in the fork server, once.

        After it, ``import cupy``, ``import cupyx`` and ``import nvmath`` give this device's
        packages. It must not make a CUDA context: children are forked from this process.
        """

    def start(self) -> None:
        """Get the device ready in the forked child, before the learner's module loads."""

    def describe(self) -> dict[str, Any]:
        """Return facts for the report: device name, driver, versions of the packages."""

    def to_device(self, array: npt.NDArray[Any]) -> Any:
        """
        Return a new CuPy array with the same values, dtype, shape and strides order.

        It is the grader's upload: no evidence is recorded of it.
        """

    def duplicate(self, value: Any, turn: int = 0) -> Any:
        """
        Return a copy of a CuPy array of :meth:`to_device`, with the same strides.

        Like :meth:`to_device` it waits for the device and is not in the evidence.

        Args:
            value: The array.

            turn: By how many steps the copy is turned along the outermost axis in memory.
        """

    def refill(self, target: Any, array: npt.NDArray[Any]) -> None:
        """
        Put other values into a CuPy array of :meth:`to_device`, at the same place.

        Like :meth:`to_device` it waits for the device and is not in the evidence.
        """

    def memory_left(self) -> int | None:
        """Return the bytes that are free on the device, or None where nothing counts."""

    def from_device(self, value: Any) -> npt.NDArray[Any] | None:
        """
        Return a host copy of a CuPy array, or None where ``value`` is not one.

        It waits until the device is idle, and leaves no trace in the evidence.
        """

    def snapshot(self, value: Any) -> npt.NDArray[Any]:
        """
        Return a host copy of a CuPy array as it stands for a user on the current stream.

        Unlike :meth:`from_device` it waits for the current stream alone, so that work still
        running elsewhere shows as a difference between the two.
        """

    def maker(self, value: Any) -> str:
        """Return the kernel that computed an array on the device; empty if not known."""

    def synchronize(self) -> None:
        """Wait until the device is idle."""

    def begin(self, *, poison: bool, trace: bool, operands: list[Any]) -> None:
        """
        Start recording evidence for one call.

        Args:
            poison: Whether fresh device allocations are filled with NaN bytes (0xFF).

            trace: Whether kernels and copies are to be recorded (off while timing).

            operands: The device and host arrays handed to the learner's function.
        """

    def end(self) -> Evidence:
        """Stop recording, wait until the device is idle, and return what was recorded."""


def load_device(name: str) -> Device:
    """
    Return the device with this name.

    Args:
        name: ``"cuda"`` or ``"simulator"``.

    Raises:
        ValueError: There is no such device.
    """
    if name == "cuda":
        from graders.harness.device.cuda import CudaDevice  # noqa: PLC0415

        return CudaDevice()
    if name == "simulator":
        from graders.harness.device.simulator import SimulatorDevice  # noqa: PLC0415

        return SimulatorDevice()
    msg = f"device must be 'cuda' or 'simulator' (got {name!r})"
    raise ValueError(msg)
