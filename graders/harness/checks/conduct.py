"""Judge how a call behaved: its inputs, its evidence, when its result was ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from graders.harness.checks.figures import see_evidence
from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.errors import (
    Crashed,
    EnvironmentUnavailable,
    MutatedInput,
    WrongValue,
)
from graders.harness.supervisor import Observation

_Fact = TypeVar("_Fact")

#: Kinds of kernels that compute; copies and fills only move or set.
COMPUTING = frozenset({"elementwise", "gemm", "reduction", "random", "fft"})

_RACES = ("unsynchronized_read", "unsynchronized_write")
_OUT_OF_BOUNDS = ("out_of_bounds_read", "out_of_bounds_write")
_OFFSETS = (
    "An offset counts elements in the operand's memory. What is the largest one, and how "
    "far does your callback reach from there?"
)


def expect_unchanged(observation: Observation, names: Sequence[str]) -> None:
    """
    Judge that the call left its arguments as they were.

    Args:
        observation: The call.

        names: The arguments' names, in order.

    Raises:
        MutatedInput: It changed at least one; the message names them.
    """
    if observation.changed:
        changed = [
            names[i] if 0 <= i < len(names) else f"argument {i}"
            for i in observation.changed
        ]
        what = " and ".join(changed)
        msg = f"The call changed its input {what}. Expected was that it only reads it."
        raise MutatedInput(
            msg, hint="Write into a new array; look for out=, += and x[...] =."
        )


def expect_settled(observation: Observation) -> None:
    """
    Judge that a result was ready when its call returned, and is not overwritten later.

    Ready is also what is ordered on the current stream. A result that lies in an
    argument's memory may well be overwritten: by whoever fills the argument again.

    Raises:
        WrongValue: It went on changing afterwards, or was read before it was written; or
            this call returned memory of the call's before, or what cannot be looked at.
    """
    expect_ready(observation)
    if places_known(observation.reused_results):
        msg = (
            "The result lies in the memory that the call before had returned, so that "
            "the earlier result is lost. Expected was a new array from each call."
        )
        hint = (
            "Which array do you keep between calls? Return one that no later call writes "
            "into."
        )
        raise WrongValue(msg, hint=hint)


def places_known(found: tuple[_Fact, ...] | None) -> tuple[_Fact, ...]:
    """
    Return what an observation says of memory, as far as it says anything.

    Raises:
        WrongValue: Looking at the result failed, so that nothing is known of it.
    """
    if found is None:
        msg = (
            "Where the result lies in memory cannot be told: looking at it raised an "
            "exception. Expected were plain arrays."
        )
        raise WrongValue(msg, hint="Return the arrays themselves, in lists or tuples.")
    return found


def expect_ready(observation: Observation) -> None:
    """
    Judge that a result was ready when its call returned, or ordered on its stream.

    Called before values are judged, it tells the mistake from elements nobody writes.

    Raises:
        WrongValue: It went on changing afterwards, or was read before it was written.
    """
    racing = [f for f in observation.evidence.faults if f.kind in _RACES]
    if observation.late_write or racing:
        seen, rule = (
            "The result changed after the call returned.",
            "a result that is ready",
        )
        if racing:
            seen, rule = racing[0].message, "work whose order is certain"
        msg = f"{seen} Expected was {rule}, or ordered on the current stream."
        hint = "Synchronize your own stream before you return."
        if racing:
            hint = "On which stream does each step run, and what does it wait for?"
        raise WrongValue(msg, hint=hint)


def expect_in_bounds(observation: Observation, where: str, hint: str = "") -> None:
    """
    Refuse what gives a right answer by luck alone, and explain what gives a wrong one.

    Args:
        observation: The call.

        where: The case, for the message.

        hint: What to look at. The default speaks of the offsets of a callback.

    Raises:
        WrongValue: A kernel or a callback touched memory outside its operand. The
            simulator sees that; CUDA does not.
    """
    for fault in observation.evidence.faults:
        if fault.kind in _OUT_OF_BOUNDS:
            line = f" (line {fault.line})" if fault.line else ""
            msg = f"{fault.message.rstrip('.')}{line}; {where}."
            place = ("", fault.line) if fault.line else None
            raise WrongValue(msg, hint=hint or _OFFSETS, place=place)


def require_evidence(evidence: Evidence) -> Evidence:
    """
    Return the evidence if there is any.

    Raises:
        EnvironmentUnavailable, Crashed: As :func:`incomplete` says.
    """
    if not evidence.available:
        msg = f"kernels and copies cannot be recorded here: {evidence.unavailable_because}"
        raise incomplete(evidence, msg)
    see_evidence(evidence)
    return evidence


def incomplete(evidence: Evidence, problem: str) -> Crashed | EnvironmentUnavailable:
    """
    Return what to raise where a record lacks what was done.

    Returns:
        EnvironmentUnavailable where the machine may be to blame: the check that needs the
        record is then an error of ours, neither passed nor failed. The simulator needs
        nothing of the machine and records all that it does, so there it is
        Crashed: the program has disturbed the record.
    """
    if evidence.recorded_on != "simulator":
        return EnvironmentUnavailable(problem)
    msg = (
        f"The simulator's record of the call is incomplete: {problem}. Expected was the "
        "record that it keeps of every kernel and copy."
    )
    hint = "Leave the modules alone that grade: use cupy and nvmath as they are."
    return Crashed(msg, hint=hint)


def host_copies(evidence: Evidence) -> list[Copy]:
    """Return the copies between host and device."""
    return [c for c in evidence.copies if c.direction != "device_to_device"]


def computing_kernels(evidence: Evidence) -> list[Kernel]:
    """
    Return the kernels that compute something, without those of transforms.

    Raises:
        EnvironmentUnavailable: Nothing could be recorded.
    """
    kinds = COMPUTING - {"fft"}
    return [k for k in require_evidence(evidence).kernels if k.kind in kinds]
