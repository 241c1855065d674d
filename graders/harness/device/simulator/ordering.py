"""What is ordered before what on the simulated device: streams, events, and the host.

The clock alone finds a missing order only where the work to be waited for is long: a small
kernel is done before the host reaches its next line. So each stream also keeps what its
next work may rely on: a vector clock (C. Fidge, 1988; F. Mattern, 1989), of each stream the
number of its last item of work that is done by then. Two accesses to the same bytes, one of
them a write, of which neither is ordered before the other, are a race, whatever the time.

Imports nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

# How many accesses to one block are remembered. More than that many, of different parts,
# that nothing has waited for are rare; what is forgotten is never called a race.
_REMEMBERED = 32
# How long NumPy may look for an element that two views with gaps have in common; where it
# would take longer they are taken to have none.
_OVERLAP_WORK: Any = 10_000  # NumPy's stubs know two special values alone

#: Of each stream, by its handle, the number of its last item of work that is done.
Knowledge = dict[int, int]


class Access(NamedTuple):
    """
    One item of work and the bytes of a block that it touched.

    Attributes:
        stream: The stream's handle.

        number: The item's number on its stream, from 1.

        view: The elements, or None for the whole block.

        writes: Whether it wrote them.
    """

    stream: int
    number: int
    view: npt.NDArray[np.generic] | None
    writes: bool


class Block(Protocol):
    """Memory of which is remembered who touched it."""

    accesses: list[Access]


def learn(known: Knowledge, more: Mapping[int, int]) -> bool:
    """Add what somebody else knows to be done; return whether anything was new."""
    is_new = False
    for stream, number in more.items():
        if known.get(stream, 0) < number:
            known[stream] = number
            is_new = True
    return is_new


def conflict(block: Block, access: Access, known: Mapping[int, int]) -> Access | None:
    """
    Return an earlier access that nothing orders before this one, or None.

    Args:
        block: What is touched.

        access: By whom, and how.

        known: What is known to be done when it begins.
    """
    for other in block.accesses:
        if (
            other.stream != access.stream
            and (other.writes or access.writes)
            and known.get(other.stream, 0) < other.number
            and _overlap(other.view, access.view)
        ):
            return other
    return None


def remember(block: Block, access: Access, host: Mapping[int, int]) -> None:
    """
    Note an access, and forget those that no later work can race with.

    Args:
        block: What is touched.

        access: By whom, and how.

        host: What the host has waited for: all that it launches from now on relies on it.
    """
    block.accesses = [
        other
        for other in block.accesses[-_REMEMBERED + 1 :]
        if host.get(other.stream, 0) < other.number and not _replaces(access, other)
    ]
    block.accesses.append(access)


def _replaces(access: Access, other: Access) -> bool:
    """Return whether whoever waits for an access has waited for another one too."""
    return (
        access.stream == other.stream
        and access.writes >= other.writes
        and (access.view is None or access.view is other.view)
    )


def _overlap(
    one: npt.NDArray[np.generic] | None, other: npt.NDArray[np.generic] | None
) -> bool:
    if one is None or other is None:
        return True
    if not np.may_share_memory(one, other):
        return False
    try:
        return bool(np.shares_memory(one, other, max_work=_OVERLAP_WORK))
    except np.exceptions.TooHardError:
        return False
