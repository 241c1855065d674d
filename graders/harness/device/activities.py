"""What a GPU did in a window of time, as plain records: converting and sifting them.

Knows the shape of CUPTI's records but nothing of CUPTI itself. Imports nothing of the
engine but ``device.evidence`` and ``device.kernel_names``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graders.harness.device.evidence import ClockRead, Copy, Direction, Kernel
from graders.harness.device.kernel_names import kernel_kind

NANOSECOND = 1e-9
_PINNED = 2  # ActivityMemoryKind.PINNED

# ActivityMemcpyKind; arrays are device memory too. Host to host (9) is left out.
_DIRECTIONS: dict[int, Direction] = {
    1: "host_to_device",
    3: "host_to_device",
    2: "device_to_host",
    4: "device_to_host",
    5: "device_to_device",
    6: "device_to_device",
    7: "device_to_device",
    8: "device_to_device",
    10: "device_to_device",
}


@dataclass
class Activities:
    """
    What the device did while a window was open.

    Attributes:
        kernels: In order of their start, likewise ``copies``.

        memsets: How many fills by ``cudaMemset``; they are no kernels.

        other: How many records of no kind that we know, such as host-to-host copies.

        dropped: How many records CUPTI had no room for.
    """

    kernels: list[Kernel] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    memsets: int = 0
    other: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class OwnCopy:
    """A copy that the grader made itself, to be left out of the evidence."""

    direction: str
    nbytes: int
    begin: float
    end: float


def kernel_record(record: Any, *, epoch: int, default_stream: int) -> Kernel:
    """
    Return CUPTI's kernel record as plain data.

    Args:
        record: An ``ActivityKernel``.

        epoch: The CUPTI timestamp that counts as 0, in nanoseconds.

        default_stream: CUPTI's number of the default stream, which becomes 0.
    """
    name = str(record.name or "")
    blocks = int(record.grid_x) * int(record.grid_y) * int(record.grid_z)
    threads = int(record.block_x) * int(record.block_y) * int(record.block_z)
    stream = int(record.stream_id)
    return Kernel(
        name=name,
        kind=kernel_kind(name),
        start=(int(record.start) - epoch) * NANOSECOND,
        seconds=(int(record.end) - int(record.start)) * NANOSECOND,
        stream=0 if stream == default_stream else stream,
        elements=blocks * threads,
    )


def copy_record(record: Any, *, epoch: int) -> Copy | None:
    """
    Return CUPTI's memory copy record as plain data, or None for a copy within the host.

    Args:
        record: An ``ActivityMemcpy``.

        epoch: As for :func:`kernel_record`.
    """
    direction = _DIRECTIONS.get(int(record.copy_kind))
    if direction is None:
        return None
    host_side = {
        "host_to_device": int(record.src_kind),
        "device_to_host": int(record.dst_kind),
    }.get(direction)
    return Copy(
        direction=direction,
        nbytes=int(record.bytes),
        start=(int(record.start) - epoch) * NANOSECOND,
        seconds=(int(record.end) - int(record.start)) * NANOSECOND,
        pinned=host_side == _PINNED,
    )


def without_own(
    copies: Iterable[Copy], own: Iterable[OwnCopy], slack: float = 20e-6
) -> list[Copy]:
    """
    Return the copies that are not the grader's own.

    For each of the grader's copies the one of its size is taken out, or where there is
    none, as it may come in parts, at most its bytes. Latest first: the learner's copies
    that lie close before it end before it begins.

    Args:
        copies: In order of their start.

        own: The grader's copies with host times around them, on the same clock.

        slack: How far device and host times may differ, in seconds.
    """
    kept = list(copies)

    def close_to(mine: OwnCopy) -> list[Copy]:
        since, until = mine.begin - slack, mine.end + slack
        near = [c for c in kept if since <= c.start <= until]
        return [c for c in reversed(near) if c.direction == mine.direction]

    in_parts = []
    for mine in own:  # whole ones first: small neighbours would pass for parts of one
        whole = [c for c in close_to(mine) if c.nbytes == mine.nbytes]
        if whole:
            kept.remove(whole[0])
        else:
            in_parts.append(mine)
    for mine in in_parts:
        left = mine.nbytes
        for copy in close_to(mine):
            if copy.nbytes <= left:
                kept.remove(copy)
                left -= copy.nbytes
    return kept


def without_loading(
    copies: Iterable[Copy],
    loading: Sequence[tuple[float, float]],
    operands: Collection[int] = (),
    slack: float = 20e-6,
) -> list[Copy]:
    """
    Return the copies but those with which a library brought its kernels to the device.

    Args:
        copies: All of them.

        loading: Host times, on the same clock, between which a library's own functions
            ran. They copy nothing of the learner's up.

        operands: The bytes of each operand on the host. A copy of such a size is the
            learner's: what was launched before a library's function may run during it.

        slack: How far device and host times may differ, in seconds.
    """
    return [
        copy
        for copy in copies
        if copy.direction != "host_to_device"
        or copy.nbytes in operands
        or not any(a - slack <= copy.start <= b + slack for a, b in loading)
    ]


def within(found: Activities, begin: float, end: float) -> Activities:
    """Return the records that began between two times of the device clock."""
    return replace(
        found,
        kernels=[k for k in found.kernels if begin <= k.start <= end],
        copies=[c for c in found.copies if begin <= c.start <= end],
    )


def settled(reads: Iterable[ClockRead], found: Activities) -> list[ClockRead]:
    """
    Return the clock readings, none of them idle that lies within a kernel or a copy.

    At the reading itself only the current and the default stream were asked whether
    they were done. Work on another stream shows here, unless it had been launched but
    had not begun.
    """
    spans = [(k.start, k.start + k.seconds) for k in found.kernels]
    spans += [(c.start, c.start + c.seconds) for c in found.copies]
    return [
        replace(read, idle=read.idle and not any(b < read.at < e for b, e in spans))
        for read in reads
    ]
