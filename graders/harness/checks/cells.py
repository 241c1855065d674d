"""Read what several of a notebook's cells did, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graders.harness.checks.failures import raise_for_call
from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.errors import Crashed
from graders.harness.supervisor.notebook import CellRun

_PAUSE = 1.0  # seconds of the device's clock between two cells


def joined_evidence(cells: Sequence[CellRun]) -> Evidence:
    """
    Return the evidence of cells as if one call had done it all, one cell after the other.

    Cells that did not run are passed over. If one of the others could not be recorded,
    nothing is available.
    """
    found = [cell.evidence for cell in cells if not cell.not_run]
    missing = [evidence for evidence in found if not evidence.available]
    if missing:
        return missing[0]
    whole, clock = Evidence(), 0.0
    for evidence in found:
        moved = _moved(evidence, clock - _first(evidence))
        clock = max(clock, _last(moved)) + _PAUSE
        whole = replace(
            whole,
            kernels=whole.kernels + moved.kernels,
            copies=whole.copies + moved.copies,
            operations=whole.operations + moved.operations,
            faults=whole.faults + moved.faults,
            clock_reads=whole.clock_reads + moved.clock_reads,
            benchmarks=whole.benchmarks + moved.benchmarks,
            notes=_summed(whole, moved),
        )
    return whole


def raise_for_cells(cells: Sequence[CellRun], *, simulated: bool) -> None:
    """
    Raise for the first of these cells that did not run to its end, if there is one.

    Args:
        cells: The cells without which a check has nothing to judge.

        simulated: Whether the device is the simulator, which does not model everything.

    Raises:
        Failure: A cell raised an exception, or could not be run.

        NotRun: It uses what the simulator does not model.
    """
    for cell in cells:
        if cell.exception is not None:
            what = f"Code cell {cell.number}"
            try:
                raise_for_call(cell.exception, what, simulated=simulated)
            except Crashed as err:
                hint = f"Mend code cell {cell.number}, and run the cells from the top."
                raise Crashed(str(err), hint=hint, place=err.place) from err
        if cell.not_run and cell.source.strip():
            msg = f"Code cell {cell.number} was not run: {cell.not_run}."
            raise Crashed(msg, hint="Run it by itself, and look at what it does.")


def _moved(evidence: Evidence, by: float) -> Evidence:
    """Return the evidence at another time; where a time is not known, it stays so."""
    return replace(
        evidence,
        kernels=tuple(replace(k, start=k.start + by) for k in evidence.kernels),
        copies=tuple(replace(c, start=c.start + by) for c in evidence.copies),
        operations=tuple(
            replace(op, start=op.start + by) if op.start else op
            for op in evidence.operations
        ),
        clock_reads=tuple(replace(r, at=r.at + by) for r in evidence.clock_reads),
        benchmarks=tuple(replace(b, start=b.start + by) for b in evidence.benchmarks),
    )


def _first(evidence: Evidence) -> float:
    work: list[Kernel | Copy] = [*evidence.kernels, *evidence.copies]
    return min(
        [w.start for w in work]
        + [r.at for r in evidence.clock_reads]
        + [op.start for op in evidence.operations if op.start],
        default=0.0,
    )


def _last(evidence: Evidence) -> float:
    work: list[Kernel | Copy] = [*evidence.kernels, *evidence.copies]
    return max(
        [w.start + w.seconds for w in work]
        + [r.at for r in evidence.clock_reads]
        + [op.start for op in evidence.operations],
        default=0.0,
    )


def _summed(one: Evidence, other: Evidence) -> dict[str, object]:
    """Return the notes of both; numbers are counts and add up."""
    notes = dict(one.notes)
    for name, value in other.notes.items():
        before = notes.get(name, 0)
        both = isinstance(value, int) and isinstance(before, int)
        notes[name] = before + value if both else value
    return notes
