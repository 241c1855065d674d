"""What one call of the learner's function did, and what it may call back, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from graders.harness.device.evidence import Evidence


@dataclass(frozen=True)
class Proxy:
    """
    A function of the grading process that the learner's code may call.

    Attributes:
        function: Gets the arguments as NumPy arrays, may change them in place, and
            returns a NumPy array. A ValueError or TypeError that it raises is raised in
            the worker.

        parameters: The names of the parameters that the learner sees.
    """

    function: Callable[[list[npt.NDArray[Any]]], npt.NDArray[Any]]
    parameters: tuple[str, ...] = ("a", "b", "bias")


@dataclass(frozen=True)
class Timed:
    """
    What one round of many does with the arguments that are held for all of them.

    Attributes:
        turn: By how many steps each device array is turned along its outermost axis, so
            that no round has the values of the one before.

        sample: What rows of the result are drawn by, which become the observation's value:
            ``worker.sampling``; or None where no result is wanted.

        channels: Of a sampled image of shape ``(H, W, channels)`` the rows are those that
            it has as ``(channels, H, W)``. 0 where the result has one shape alone.
    """

    turn: int = 0
    sample: int | None = None
    channels: int = 0


#: A call that is none of many rounds.
NOT_TIMED = Timed()


@dataclass(frozen=True, kw_only=True)
class Observation:
    """
    What one call of the learner's function did, as plain data.

    Attributes:
        value: A tree of plain Python values with ``ArrayValue`` and ``Opaque`` leaves.

        evidence: What ran and moved on the device.

        seconds: Wall time by the grading process's clock, transport included.

        claimed_seconds: Wall time of the call by the worker's clock: a claim.

        changed: Indices of the arguments whose contents the call changed.

        late_write: Whether the result changed between its return and the device's idleness.

        exception: What it raised, as plain data, or None.

        problem: ``"missing"`` or ``"signature"`` where the function could not be called;
            ``"unwritten"`` where a notebook's function does nothing at all.

        shared_results: Pairs of result arrays that have memory in common. Arrays are
            numbered as they are met, depth first; the items of a list by their places.
            None, as for the next two, where the worker could not tell.

        shared_arguments: Pairs of a result array and an argument's array that have
            memory in common. Arguments' arrays are numbered likewise, over all arguments;
            a stream that reuses its buffer counts as one item.

        reused_results: Result arrays that lie in memory of the call's before, whose
            caller still has it.
    """

    value: Any = None
    evidence: Evidence = field(default_factory=Evidence)
    seconds: float = 0.0
    claimed_seconds: float = 0.0
    changed: tuple[int, ...] = ()
    late_write: bool = False
    exception: dict[str, Any] | None = None
    problem: str = ""
    detail: Any = None
    shared_results: tuple[tuple[int, int], ...] | None = ()
    shared_arguments: tuple[tuple[int, int], ...] | None = ()
    reused_results: tuple[int, ...] | None = ()
