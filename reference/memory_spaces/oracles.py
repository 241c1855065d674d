"""The truth about the memory_spaces exercises, without a GPU."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
