"""Reads from the evidence which matrix products of a pipeline ran on the GPU.

Owns how products are counted, by number and by size. It judges nothing: the checks do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from graders.harness.checks import (
    Evidence,
    matmul_runs,
    product_kernels,
    was_autotuned,
)


@dataclass(frozen=True, kw_only=True)
class Products:
    """
    The products of one call on the GPU.

    Attributes:
        count: How many there were.

        numbers: How many numbers they computed; None where the device cannot tell (CUDA).

        rounds: How many of them gave a whole x; 0 where that is not known.

        powers: How many of them multiplied matrices of b's size; 0 where that is not
            known.
    """

    count: int
    numbers: int | None = None
    rounds: int = 0
    powers: int = 0

    def are_enough(self, rounds: int, size: int) -> bool:
        """
        Return whether so many rounds can have been computed by them, one by one.

        Args:
            rounds: How many.

            size: The numbers of x.
        """
        whole = self.numbers is None or self.numbers >= rounds * size
        return self.count >= rounds and whole

    def reach(self, rounds: int) -> bool:
        """Return whether they give so many rounds by way of powers of b."""
        return bool(self.powers and self.rounds) and (
            self.powers + math.log2(self.rounds) >= math.log2(rounds)
        )


def read_products(evidence: Evidence, m: int, k: int) -> Products:
    """
    Return the products that ran on the GPU.

    Args:
        evidence: What the call did.

        m: The rows of x.

        k: Its columns, which b has as rows and as columns.
    """
    count = products_on_gpu(evidence)
    kernels = product_kernels(evidence)
    # Only the simulator launches a work item for each number of a product.
    if evidence.recorded_on != "simulator" or not kernels:
        return Products(count=count)
    sizes = [kernel.elements for kernel in kernels]
    return Products(
        count=count,
        numbers=sum(sizes),
        rounds=sizes.count(m * k),
        powers=sizes.count(k * k) if m != k else 0,
    )


def products_on_gpu(evidence: Evidence) -> int:
    """
    Return how many matrix products ran on the GPU.

    Where neither nvmath nor CuPy multiplied, a kernel of the program's own, which has a
    name of its own, may be a product. What autotuning tries out is none.
    """
    planned = len(matmul_runs(evidence))
    if was_autotuned(evidence):
        return planned
    multiplied = max(planned, len(product_kernels(evidence)))
    return multiplied or sum(
        kernel.kind == "elementwise" and not kernel.name.startswith("cupy_")
        for kernel in evidence.kernels
    )
