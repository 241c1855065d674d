"""The truth about the memory_spaces exercises, without a GPU."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

FIGURES = (
    "matmul_cpu_operands",
    "matmul_gpu_operands",
    "transfer_estimate",
    "host_to_device",
    "device_to_host",
    "transfer_measured",
)
"""The keys of a transfer_cost measurement, in the order in which they are reported."""


@dataclass(frozen=True)
class Journey:
    """
    The bytes that one product with operands in CPU memory moves.

    Attributes:
        a: Bytes of the first operand, which go up.

        b: Bytes of the second operand, which go up.

        result: Bytes of the product, which come down.
    """

    a: int
    b: int
    result: int


def journey(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> Journey:
    """Return the bytes that ``matmul(a, b)`` moves for operands in CPU memory."""
    dtype = np.result_type(a, b)
    return Journey(a.nbytes, b.nbytes, a.shape[0] * b.shape[1] * dtype.itemsize)


def estimates(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the two estimates of the transfer cost that the four benchmarks imply."""
    return {
        "transfer_estimate": figures["matmul_cpu_operands"]
        - figures["matmul_gpu_operands"],
        "transfer_measured": figures["host_to_device"] + figures["device_to_host"],
    }


def figures_of(
    computation: float, transfers: float, share_up: float = 0.5
) -> dict[str, float]:
    """
    Return a consistent measurement.

    Args:
        computation: Seconds of the product with operands in GPU memory.

        transfers: Seconds of all copies together.

        share_up: How much of the transfers goes from host to device. The default is
            half.
    """
    return {
        "matmul_cpu_operands": computation + transfers,
        "matmul_gpu_operands": computation,
        "transfer_estimate": transfers,
        "host_to_device": transfers * share_up,
        "device_to_host": transfers * (1 - share_up),
        "transfer_measured": transfers,
    }


EXECUTION = {
    ("fft", "cpu"): "cpu",
    ("fft", "cuda"): "cuda",
    ("matmul", "cpu"): "cpu",
    ("matmul", "cuda"): "cuda",
    ("advanced.matmul", "cpu"): "cuda",
    ("advanced.matmul", "cuda"): "cuda",
}
"""Where nvmath runs a call, by the call and its operands' memory space."""

LOG_LINES = {
    "fft": (
        "The input tensor's memory space is {memory}, and the execution space is "
        "{execution}, with device {device}."
    ),
    "matmul": (
        "The input tensors are located on device {location}, and the execution space is "
        "{execution}, with device {device}."
    ),
    "advanced.matmul": (
        "The input operands' memory space is {memory}, and the execution space is on "
        "device 0."
    ),
}
"""What nvmath logs of it: three calls, three wordings."""


def where_does_it_run(call: str, space: str) -> tuple[str, str]:
    """Return the execution space of a call and the memory space of its result."""
    return EXECUTION[call, space], space


def log_line(call: str, space: str) -> str:
    """Return the line by which nvmath's log tells where a call runs."""
    devices = {"cpu": "cpu", "cuda": "0"}
    execution = EXECUTION[call, space]
    return LOG_LINES[call].format(
        memory=space,
        location=devices[space],
        execution=execution,
        device=devices[execution],
    )


def spectrum_on(x: npt.NDArray[Any], space: str = "") -> Values:
    """Return the forward FFT, not normalised; it is the same in either space."""
    del space
    spectrum: Values = np.fft.fft(x.astype(np.complex128))
    return spectrum


def spectrum_mistakes(x: npt.NDArray[Any]) -> dict[str, Callable[[], Values]]:
    """Return what the usual mistakes make of :func:`spectrum_on`."""
    wide = x.astype(np.complex128)
    right = np.fft.fft(wide)
    return {
        "This is the inverse transform: forward was asked for.": (
            lambda: np.fft.ifft(wide, norm="forward")
        ),
        "This is the inverse transform, divided by n: forward was asked for.": (
            lambda: np.fft.ifft(wide)
        ),
        "The spectrum was divided by n: the forward transform is not normalised.": (
            lambda: right / x.size
        ),
        "The spectrum was divided by sqrt(n): the forward transform is not normalised.": (
            lambda: right / np.sqrt(x.size)
        ),
        "The imaginary part was lost on the way in.": lambda: np.fft.fft(wide.real),
        "This is the operand itself: nothing was transformed.": lambda: wide,
        "Frequency zero is in the middle: fftshift was not asked for.": (
            lambda: np.fft.fftshift(right)
        ),
        "This is right to some digits only. Which step has a lower precision than the "
        "operand?": lambda: right,
    }


def pipeline(a: npt.NDArray[Any], b: npt.NDArray[Any], rounds: int) -> Values:
    """Return ``a`` after so many products with ``b``, each divided by ``sqrt(k)``."""
    x: Values = a.astype(np.float64)
    for _ in range(rounds):
        x = (x @ b.astype(np.float64)) / np.sqrt(b.shape[0])
    return x


def pipeline_mistakes(
    a: npt.NDArray[Any], b: npt.NDArray[Any], rounds: int
) -> dict[str, Callable[[], Values]]:
    """Return what the usual mistakes make of :func:`pipeline`, if it is something else."""
    m, k = a.shape
    x, matrix = a.astype(np.float64), b.astype(np.float64)

    def by(divisor: float, factor: Values = matrix, count: int = rounds) -> Values:
        result = x
        with np.errstate(all="ignore"):
            for _ in range(count):
                result = (result @ factor) / divisor
        return result

    root = np.sqrt(k)
    mistakes = {
        "One round is missing.": lambda: by(root, count=rounds - 1),
        "There is one round too many.": lambda: by(root, count=rounds + 1),
        "The division by sqrt(k) is missing.": lambda: by(1.0),
        "The division is by k, not by its square root.": lambda: by(k),
        "b is transposed.": lambda: by(root, matrix.T),
    }
    if rounds > 1:
        mistakes |= {
            "There was one round, however many were asked for.": (
                lambda: by(root, count=1)
            ),
            "The division by sqrt(k) was done once, not in each round.": (
                lambda: by(1.0) / root
            ),
            "The operand of each round is a: the result of the round before is not used.": (
                lambda: by(root, count=1)
            ),
        }
    if m != k:
        mistakes["The division is by sqrt(m), not by sqrt(k): b has k rows."] = lambda: (
            by(np.sqrt(m))
        )
    text = (
        "This is right to some digits only. Which step has a lower precision than the "
        "operands: an astype, or a compute type such as TF32 or half precision?"
    )
    return mistakes | {text: lambda: by(root)}
