"""Judge that a library's objects worked on what the call was given, and on nothing else."""

from __future__ import annotations

from collections.abc import Collection

from graders.harness.checks.phases import operations_of
from graders.harness.device.evidence import Evidence
from graders.harness.errors import WrongPhases


def expect_operands_used(
    evidence: Evidence,
    library: str,
    *,
    phase: str = "execute",
    sizes: Collection[int],
    what: str,
    where: str = "",
) -> None:
    """
    Judge that each step of one phase read data that came with the call.

    Only the simulator knows what was read; nothing is judged on CUDA. Nor is it where
    something as large as an operand was copied up from the host before, of which it is not
    known where that came from.

    Args:
        evidence: What the call did.

        library: One of ``Operation.library``.

        phase: One of ``Operation.phase``.

        sizes: How many bytes operands have.

        what: What each step should work on, for the message: ``"the pair's matrices"``.

        where: The case, for the message.

    Raises:
        WrongPhases: A step read other numbers alone.
    """
    uploads = [
        copy.start
        for copy in evidence.copies
        if copy.direction == "host_to_device"
        and copy.nbytes in sizes
        and not copy.reads_operand
    ]
    steps = operations_of(evidence, library, phase)
    idle = [
        step
        for step in steps
        if step.reads_operand is False
        and not any(start <= step.start for start in uploads)
    ]
    if idle:
        case = f" ({where})" if where else ""
        msg = (
            f"{len(idle)} of {len(steps)} times nvmath's {phase} read nothing of what the "
            f"function was given{case}. Expected was that it works on {what}."
        )
        hint = "Which arrays does the object get, when it is made and at each reset?"
        raise WrongPhases(msg, hint=hint)
