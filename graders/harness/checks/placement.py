"""Judge where a result lies: on the GPU, with all that it was computed from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graders.harness.checks.comparison import describe
from graders.harness.checks.conduct import require_evidence
from graders.harness.checks.copies import expect_no_host_round_trip
from graders.harness.errors import WrongMemorySpace
from graders.harness.supervisor import Observation
from graders.harness.worker.wire import ArrayValue

_DOWNLOADS = (
    "Which call gives a NumPy array: .get(), cp.asnumpy(), a NumPy function, or nvmath "
    "with execution on the CPU? To print an array copies it as well."
)


def expect_on_gpu(
    value: Any, *, where: str, name: str = "the result", hint: str = ""
) -> None:
    """
    Judge that an observed value is an array on the GPU.

    Args:
        value: The observed value.

        where: The case, for the message.

        name: How the message calls the value.

        hint: What to look at. The default says to return it uncopied.

    Raises:
        WrongMemorySpace: It is no array, or lies in the CPU memory space.
    """
    if not isinstance(value, ArrayValue) or value.memory_space != "cuda":
        msg = (
            f"{name[:1].upper()}{name[1:]} is {describe(value)} ({where}). Expected was "
            "an array on the GPU (cupy.ndarray)."
        )
        missing = "Is there a return statement on every path?"
        usual = missing if value is None else "Return the CuPy array, uncopied."
        raise WrongMemorySpace(msg, hint=hint or usual)


def expect_stays_on_gpu(
    observation: Observation,
    *,
    smallest: int,
    free: int = 0,
    where: str,
    name: str = "the result",
) -> None:
    """
    Judge that the result is on the GPU, and that nothing went through the host.

    Uploads are free, since what was never downloaded cannot be derived from an operand.

    Args:
        observation: The call; its value is the result.

        smallest: The bytes from which on a download matters, all copies taken together.

        free: Copies of up to so many bytes are free, however many they are. The default
            is that all are counted.

        where: The case, for the message.

        name: How the message calls the result.

    Raises:
        WrongMemorySpace: The result is not an array on the GPU.

        ExtraCopies: So much of the operands, or computed from them, was copied to the
            host.
    """
    expect_on_gpu(observation.value, where=where, name=name)
    evidence = require_evidence(observation.evidence)
    counted = tuple(copy for copy in evidence.copies if copy.nbytes > free)
    expect_no_host_round_trip(
        replace(evidence, copies=counted),
        smallest=smallest,
        where=where,
        hint=_DOWNLOADS,
    )
