"""Exercise transfer_cost: what it costs to move operands to the GPU and back."""

import cupy as cp
import numpy as np


def measure(
    a_cpu: np.ndarray, b_cpu: np.ndarray, a_gpu: cp.ndarray, b_gpu: cp.ndarray
) -> dict[str, float]:
    """
    Measure a matrix product with and without transfers, and the transfers alone.

    The product is ``nvmath.linalg.advanced.matmul``. Each of the four benchmarks has
    one warm-up or more and five timed repeats or more, reports their minimum or median,
    and includes all of the work: its clock stops when the GPU is done. The copies start
    from and end in ordinary NumPy arrays, without page-locked (pinned) memory.

    Args:
        a_cpu: The first operand, shape (m, k), float32, a NumPy array.

        b_cpu: The second operand, shape (k, n), float32, a NumPy array.

        a_gpu: The same values as ``a_cpu``, a CuPy array.

        b_gpu: The same values as ``b_cpu``, a CuPy array.

    Returns:
        Six positive numbers (``float``), all in seconds:

        - ``"matmul_cpu_operands"``: the product of ``a_cpu`` and ``b_cpu``.
        - ``"matmul_gpu_operands"``: the product of ``a_gpu`` and ``b_gpu``.
        - ``"transfer_estimate"``: the cost of the transfers that follows from these
          two: the first less the second.
        - ``"host_to_device"``: copying both operands from CPU to GPU memory.
        - ``"device_to_host"``: copying the result, shape (m, n), to CPU memory.
        - ``"transfer_measured"``: the cost of the transfers that follows from the
          copies: the sum of the two.
    """
    # TODO: Time the two products and the two copies, and work out the two estimates.
    raise NotImplementedError


def transfers_can_be_ignored(costs: dict[str, float]) -> bool:
    """
    Decide whether the transfers are negligible beside the computation.

    Args:
        costs: Figures such as :func:`measure` returns, of any product on any machine.

    Returns:
        True if the transfers take so little beside the product on the GPU that it does
        not matter where the operands are; False if they matter. You are asked about
        clear cases only: transfers of less than 1% of the product's time, or of more
        than 50% of it.
    """
    # TODO: Compare the cost of the transfers with the time of the computation alone.
    raise NotImplementedError
