"""Read from a call's evidence which transforms ran, and from when on."""

from __future__ import annotations

from collections.abc import Sequence

from graders.harness.checks.conduct import incomplete
from graders.harness.checks.phases import operations_of
from graders.harness.device.evidence import Evidence, Operation

#: Threads in a block of CuPy's elementwise kernels.
BLOCK = 128

_SHOWN = 6


def transforms_begun(evidence: Evidence) -> float:
    """
    Return when the first kernel of a transform started; infinity if none was run.

    Raises:
        EnvironmentUnavailable, Crashed: nvmath executed transforms of which no kernel was
            seen: what ran before them and what after cannot be told.
    """
    executed = len(operations_of(evidence, "fft", "execute"))
    starts = [kernel.start for kernel in evidence.kernels if kernel.kind == "fft"]
    if executed and not starts:
        count = "1 transform" if executed == 1 else f"{executed} transforms"
        msg = (
            f"nvmath executed {count} on the GPU, and no kernel of a "
            "transform was recognised"
        )
        raise incomplete(evidence, msg)
    return min(starts, default=float("inf"))


def launched(elements: int) -> int:
    """Return how many work items CuPy launches for so many elements: whole blocks."""
    return -(-elements // BLOCK) * BLOCK


def transform_names(ran: Sequence[Operation]) -> str:
    """Return which transforms ran, for a message: the first few of them."""
    names = [f"{op.kind} {op.direction}".strip() for op in ran[:_SHOWN]]
    more = f" and {len(ran) - _SHOWN} more" if len(ran) > _SHOWN else ""
    return ", ".join(names) + more
