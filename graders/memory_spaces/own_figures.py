"""The grader's own figures of a product and its transfers, to compare a learner's with."""

from __future__ import annotations

import bisect
import itertools
import statistics

from graders.harness.checks import Evidence, product_kernels
from graders.memory_spaces.journeys import Bytes, read_work
from graders.memory_spaces.trace import Sizes


def traced_figures(evidence: Evidence, sizes: Sizes) -> dict[str, float]:
    """
    Return what the benchmarks' work took in their own trace, in seconds.

    For where there is no reference to measure. What was not done is left out.

    Args:
        evidence: What the learner's call did.

        sizes: The three matrices.
    """
    work = read_work(evidence, Bytes(sizes.a, sizes.b, sizes.result))
    up, down = work.up, work.down.get("result", ())
    found: dict[str, float] = {}
    if work.journeys:
        found["matmul_cpu_operands"] = statistics.median(work.journeys)
    # Planning is the host's work, and most of a small product's time: its kernel does not
    # tell it, but how far apart two of them begin does.
    if work.products and (apart := _seconds_apart(evidence)):
        found["matmul_gpu_operands"] = statistics.median(apart)
    if up.get("both"):
        found["host_to_device"] = statistics.median(up["both"])
    elif up.get("a") and up.get("b"):
        found["host_to_device"] = sum(statistics.median(up[w]) for w in ("a", "b"))
    if down:
        found["device_to_host"] = statistics.median(down)
    if {"host_to_device", "device_to_host"} <= set(found):
        found["transfer_measured"] = found["host_to_device"] + found["device_to_host"]
    if {"matmul_cpu_operands", "matmul_gpu_operands"} <= set(found):
        least = found["matmul_cpu_operands"] - found["matmul_gpu_operands"]
        if least > 0:
            found["transfer_estimate"] = least
    return found


def _seconds_apart(evidence: Evidence) -> list[float]:
    """Return the times from one product's begin to the next, with no copy between them."""
    starts = sorted(kernel.start for kernel in product_kernels(evidence))
    copies = sorted(copy.start for copy in evidence.copies)
    return [
        after - before
        for before, after in itertools.pairwise(starts)
        if bisect.bisect(copies, before) == bisect.bisect(copies, after)
    ]
