"""Judge what moved and what did not: copies in the evidence, memory that arrays share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graders.harness.checks.conduct import places_known, require_evidence
from graders.harness.device.evidence import Copy, Direction, Evidence
from graders.harness.errors import ExtraCopies, WrongMemorySpace, WrongValue
from graders.harness.supervisor import Observation
from graders.harness.worker.wire import ArrayValue

#: Bytes of scalars and of a library's tables, which no check counts. The arrays whose
#: copies are to be judged must be larger.
SMALL_CHANGE = 4096
#: No GPU that nvmath supports has a smaller second-level cache, in bytes.
SMALLEST_CACHE = 4 * 2**20

_A_FEW = 4  # repeats from which on a small copy in each of them is a habit
_WAYS: dict[Direction, str] = {
    "host_to_device": "from host to device",
    "device_to_host": "from device to host",
    "device_to_device": "within the device",
}


def copies_of(evidence: Evidence, direction: Direction) -> list[Copy]:
    """Return the copies of one direction, in order of their start."""
    found = [copy for copy in evidence.copies if copy.direction == direction]
    return sorted(found, key=lambda copy: copy.start)


def copied_bytes(evidence: Evidence, direction: Direction) -> int:
    """Return how many bytes moved in one direction."""
    return sum(copy.nbytes for copy in copies_of(evidence, direction))


def without_autotuning(evidence: Evidence) -> Evidence:
    """
    Return the evidence without the copies by which nvmath's autotuning clears the cache.

    Before each sample it copies a buffer of the cache's size up, 4 MiB or more. Only
    calls whose own arrays are smaller can be judged so.
    """
    if not any(op.phase == "autotune" for op in evidence.operations):
        return evidence
    kept = tuple(
        copy
        for copy in evidence.copies
        if copy.direction != "host_to_device" or copy.nbytes < SMALLEST_CACHE
    )
    return replace(evidence, copies=kept)


def expect_copies(
    evidence: Evidence,
    *,
    host_to_device: int | None = None,
    device_to_host: int | None = None,
    repeats: int = 0,
    where: str = "",
    hint: str = "",
) -> None:
    """
    Judge that exactly so many bytes moved between host and device.

    How many copies they came in is free: operands may go up together or in parts.
    Up to :data:`SMALL_CHANGE` bytes more are free as well.

    Args:
        evidence: What the call did.

        host_to_device: The bytes that must go up. None, the default, judges nothing.

        device_to_host: The bytes that must come down. None, the default, judges nothing.

        repeats: How often the program repeated a step. Small copies that are at least
            as many, in one direction, belong to the step and are not free. The default
            is 0: all small copies are free.

        where: The case, for the message.

        hint: What to look at where too much moved.

    Raises:
        ExtraCopies: More moved.

        WrongMemorySpace: Less moved: the work was not done on the GPU, or not with
            these operands.
    """
    require_evidence(evidence)
    wanted: dict[Direction, int | None] = {
        "host_to_device": host_to_device,
        "device_to_host": device_to_host,
    }
    for direction, nbytes in wanted.items():
        if nbytes is not None:
            copies = copies_of(evidence, direction)
            _expect_bytes(copies, nbytes, where, hint)
            # Small copies that add up to what was to be moved are that, in pieces.
            if repeats >= _A_FEW and sum(copy.nbytes for copy in copies) > nbytes:
                _expect_no_habit(copies, repeats, where, hint)
            if sum(copy.nbytes for copy in copies) < nbytes:
                raise _too_little(copies, direction, nbytes, where)


def expect_at_most_copied(
    evidence: Evidence,
    direction: Direction,
    nbytes: int = SMALL_CHANGE,
    *,
    what: str = "",
    where: str = "",
    hint: str = "",
) -> None:
    """
    Judge that at most so many bytes moved in one direction.

    Args:
        evidence: What the call did.

        direction: The direction.

        nbytes: The most. The default is :data:`SMALL_CHANGE`: no array at all.

        what: What the message expects. The default is ``"at most <nbytes> bytes"``.

        where: The case, for the message.

        hint: What to look at.

    Raises:
        ExtraCopies: More moved.
    """
    copies = copies_of(require_evidence(evidence), direction)
    if sum(copy.nbytes for copy in copies) > nbytes:
        expected = what or f"at most {nbytes:,} bytes"
        msg = f"{_seen(copies)}{_in(where)}. Expected was {expected}."
        raise ExtraCopies(msg, hint=hint)


def expect_no_host_round_trip(
    evidence: Evidence, *, smallest: int, where: str = "", hint: str = ""
) -> None:
    """
    Judge that nothing made from the operands came down to the host.

    Copies that are known to read nothing of the operands are free; CUDA cannot tell,
    so that there all are counted.

    Args:
        evidence: What the call did.

        smallest: The bytes from which on it matters; fewer are a statistic.

        where: The case, for the message.

        hint: What to look at.

    Raises:
        ExtraCopies: So many bytes or more came down.
    """
    down = [
        copy
        for copy in copies_of(require_evidence(evidence), "device_to_host")
        if copy.reads_operand is not False
    ]
    if sum(copy.nbytes for copy in down) >= smallest:
        msg = (
            f"{_seen(down)}, with operands or what was computed from them{_in(where)}. "
            "Expected was that they stay on the GPU."
        )
        default = "Look for .get(), asnumpy and float(); repr and print copy as well."
        raise ExtraCopies(msg, hint=hint or default)


def expect_own_memory(
    observation: Observation, names: Sequence[str] = (), *, where: str = ""
) -> None:
    """
    Judge that each result array has memory of its own.

    Args:
        observation: The call.

        names: What the arguments' arrays are called, in order.

        where: The case, for the message.

    Raises:
        WrongValue: Two results, or a result and an argument, share memory; or nothing is
            known of it.
    """
    among_results = places_known(observation.shared_results)
    if among_results:
        one, other = among_results[0]
        msg = (
            f"Results {one} and {other} share memory{_in(where)}: whoever changes one "
            "changes the other. Expected was an array of its own for each."
        )
        raise WrongValue(msg, hint="Which buffer do you return more than once?")
    with_arguments = places_known(observation.shared_arguments)
    if with_arguments:
        result, number = with_arguments[0]
        name = names[number] if number < len(names) else f"argument array {number}"
        alone = isinstance(observation.value, ArrayValue)
        which = "The result" if alone else f"Result {result}"
        msg = (
            f"{which} shares memory with {name}{_in(where)}. Expected was an array of "
            "its own."
        )
        raise WrongValue(msg, hint="Is the result a view of what came in?")


def expect_shared_memory(
    observation: Observation, pairs: Sequence[tuple[int, int]], *, where: str = ""
) -> None:
    """
    Judge that results lie in the memory of arguments.

    Args:
        observation: The call.

        pairs: Numbers of a result array and of the argument's array whose memory it
            must have.

        where: The case, for the message.

    Raises:
        ExtraCopies: A result has memory of its own.

        WrongValue: Nothing is known of it.
    """
    shared = places_known(observation.shared_arguments)
    lacking = [pair for pair in pairs if pair not in shared]
    if lacking:
        msg = (
            f"{len(lacking)} of {len(pairs)} results do not lie in their operand's memory"
            f"{_in(where)}; the first is number {lacking[0][0]}. Expected was that each "
            "does."
        )
        raise ExtraCopies(msg, hint="Which call or option works in place?")


def _expect_bytes(copies: list[Copy], nbytes: int, where: str, hint: str) -> None:
    total = sum(copy.nbytes for copy in copies)
    if total > nbytes + SMALL_CHANGE:
        times = f", {total / nbytes:.3g} times as many as expected" if nbytes else ""
        wanted = f"{nbytes:,} bytes" if nbytes else "none"
        msg = f"{_seen(copies)}{times}{_in(where)}. Expected was {wanted}."
        raise ExtraCopies(msg, hint=hint)


def _expect_no_habit(copies: list[Copy], repeats: int, where: str, hint: str) -> None:
    small = [copy for copy in copies if copy.nbytes <= SMALL_CHANGE]
    if len(small) >= repeats:
        msg = (
            f"{len(small)} small copies went {_WAYS[small[0].direction]}{_in(where)}, one "
            f"or more for each of {repeats} repeats: each of them waits for the other "
            "side. Expected was none in a repeat."
        )
        raise ExtraCopies(msg, hint=hint)


def _too_little(
    copies: list[Copy], direction: Direction, nbytes: int, where: str
) -> WrongMemorySpace:
    seen = _seen(copies) if copies else f"Nothing was copied {_WAYS[direction]}"
    msg = f"{seen}{_in(where)}. Expected were {nbytes:,} bytes."
    hint = (
        "Does the work run on the GPU, and with the operands of this very call?"
        if direction == "host_to_device"
        else "Was the result computed on the GPU?"
    )
    return WrongMemorySpace(msg, hint=hint)


def _seen(copies: Sequence[Copy]) -> str:
    total = sum(copy.nbytes for copy in copies)
    count = "1 copy" if len(copies) == 1 else f"{len(copies)} copies"
    return f"{count} moved {total:,} bytes {_WAYS[copies[0].direction]}"


def _in(where: str) -> str:
    return f" ({where})" if where else ""
