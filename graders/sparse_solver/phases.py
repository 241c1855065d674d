"""Judge which phases cuDSS's solvers went through, in the words of sparse systems.

Other than the objects of ``checks.phases``, a solver serves one call alone: it is planned
and factorised there, and all of it is freed.
"""

from __future__ import annotations

from collections import Counter

from graders.harness.checks import Evidence, Operation, operations_of
from graders.harness.errors import (
    EnvironmentUnavailable,
    WrongMemorySpace,
    WrongPhases,
)
from graders.sparse_solver.systems import System

_WORDS = {
    "plan": ("plan", "plans"),
    "factorize": ("factorisation", "factorisations"),
    "solve": ("solve", "solves"),
}
_METHODS = {"plan": "plan()", "factorize": "factorize()", "solve": "solve()"}


def expect_solved_by_cudss(evidence: Evidence, system: System) -> None:
    """
    Judge that cuDSS solved for every column, from GPU memory.

    How often it planned, factorised and solved is free, and so is a batch. The matrix must
    have as many entries as either half of the system's, where that is known.

    Raises:
        WrongPhases: It did not, or for fewer columns, or another matrix.

        WrongMemorySpace: The operands were in CPU memory.

        EnvironmentUnavailable: Where they were was not seen.
    """
    n, r = system.b.shape
    solves = operations_of(evidence, "solver", "solve")
    mine = [s for s in solves if s.shape and s.shape[0] == n]
    _expect_its_entries(mine, system)
    columns = sum(s.shape[1] * max(s.batch, 1) for s in mine)
    if columns < r:
        seen = (
            f"cuDSS solved for {columns} of {r} columns"
            if mine
            else f"cuDSS solved no system of {n} equations"
        )
        msg = (
            f"{seen} ({system.where}); {_instead(evidence)}. Expected was one solve or "
            f"more by nvmath's direct solver, {r} columns in all."
        )
        hint = "nvmath.sparse.advanced.direct_solver takes all columns at once."
        raise WrongPhases(msg, hint=hint)
    if any(s.operands == "cpu" for s in mine):
        msg = (
            f"The solver's operands were in CPU memory ({system.where}): a SciPy matrix "
            "and a NumPy array. Expected were a CuPy matrix and a CuPy array."
        )
        hint = (
            "cupyx.scipy.sparse makes its matrices out of SciPy's. Leave b where it is."
        )
        raise WrongMemorySpace(msg, hint=hint)
    if any(s.operands != "cuda" for s in mine):
        msg = (
            f"in which memory the solver's operands were was not seen ({system.where})"
        )
        raise EnvironmentUnavailable(msg)


def _expect_its_entries(solves: list[Operation], system: System) -> None:
    whole = system.matrix.tocsr().tocoo()
    lower = int((whole.row >= whole.col).sum())
    least = min(lower, int((whole.row <= whole.col).sum()))
    most = max((s.entries or least for s in solves), default=least)
    if most < least:
        msg = (
            f"cuDSS solved with a matrix of {most:,} stored entries ({system.where}). The "
            f"system's has {whole.nnz:,}, and {lower:,} in its lower half. Expected was "
            "that nvmath's direct solver gets this matrix."
        )
        raise WrongPhases(msg, hint="Which matrix does direct_solver get?")


def expect_phases(evidence: Evidence, solves: int, where: str) -> None:
    """
    Judge that one plan and one factorisation served all right-hand sides.

    Args:
        evidence: What the call did.

        solves: The number of right-hand sides.

        where: The case, for the message.

    Raises:
        WrongPhases: A phase ran another number of times.
    """
    counts = Counter(step.phase for step in operations_of(evidence, "solver"))
    wanted = {"plan": 1, "factorize": 1, "solve": solves}
    if all(counts[phase] == count for phase, count in wanted.items()):
        return
    if not counts:
        msg = (
            f"cuDSS ran no phase ({where}); {_instead(evidence)}. Expected were "
            f"{_listed(wanted)}."
        )
        hint = "Use nvmath.sparse.advanced.DirectSolver."
        raise WrongPhases(msg, hint=hint)
    msg = f"cuDSS ran {_listed(counts)} ({where}). Expected were {_listed(wanted)}."
    raise WrongPhases(msg, hint=_phase_hint(counts, wanted))


def _phase_hint(counts: Counter[str], wanted: dict[str, int]) -> str:
    solves = wanted["solve"]
    if counts["plan"] == counts["factorize"] == counts["solve"] == solves:
        return "Everything is done again for each right-hand side: what can be kept?"
    for phase in ("plan", "factorize"):
        if counts[phase] > 1:
            return f"Call {_METHODS[phase]} before the loop: the matrix stays the same."
    if counts["solve"] < solves:
        return "solve() is called for each right-hand side when it comes."
    if counts["solve"] > solves:
        return "Is a right-hand side solved for twice, perhaps the first one?"
    return ""


def _listed(counts: dict[str, int]) -> str:
    parts = []
    for phase, (one, many) in _WORDS.items():
        count = counts.get(phase, 0)
        parts.append(f"{count} {one if count == 1 else many}")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def expect_freed(evidence: Evidence, where: str) -> None:
    """
    Judge that every solver was freed.

    Raises:
        WrongPhases: One was not, or there was none.
    """
    steps = operations_of(evidence, "solver")
    used = {step.handle for step in steps}
    freed = {step.handle for step in steps if step.phase == "free"}
    if not used:
        msg = f"cuDSS ran no phase ({where}): there is nothing that could be freed."
        raise WrongPhases(msg, hint="Use nvmath.sparse.advanced.DirectSolver.")
    left = len(used - freed)
    if left:
        msg = (
            f"{left} of {len(used)} solvers still held their factors when the last "
            f"solution had been given ({where}). Expected was that all are freed."
        )
        hint = "Use the solver in a with block, or call free() when the stream ends."
        raise WrongPhases(msg, hint=hint)


def _instead(evidence: Evidence) -> str:
    """Say what ran in the solver's place, as far as names tell."""
    count = len(evidence.kernels)
    ran = f"{count} other kernel{'' if count == 1 else 's'} ran"
    down = sum(c.nbytes for c in evidence.copies if c.direction == "device_to_host")
    size = "1 byte" if down == 1 else f"{down:,} bytes"
    return f"{ran}, and {size} went to the host" if down else ran
