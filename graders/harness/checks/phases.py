"""Judge the life of nvmath's stateful objects: planned, autotuned, executed, freed.

An object that a program keeps between calls is free: it was planned in an earlier call,
and there is only ever one of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from graders.harness.checks.conduct import require_evidence
from graders.harness.device.evidence import Evidence, Operation
from graders.harness.errors import WrongPhases

_NOUNS = {"fft": "transform", "matmul": "matrix product"}
_RESETS = {"fft": "reset_operand", "matmul": "reset_operands"}
# By whether there were too many.
# So many executions for each that is wanted are no trial runs any more.
_IN_PARTS = 3
_CLASSES = {"fft": "nvmath.fft.FFT", "matmul": "nvmath.linalg.advanced.Matmul"}


@dataclass(frozen=True, kw_only=True)
class Phases:
    """
    How often the objects of one library went through each phase.

    Attributes:
        plans: How many plans were made.

        autotunes: How often an object was autotuned.

        executions: How many products or transforms ran.

        frees: How many objects were freed.

        left: How many objects were planned and not freed.

        others_freed: How many objects were freed that an earlier call had planned.
    """

    plans: int
    autotunes: int
    executions: int
    frees: int
    left: int
    others_freed: int = 0


def operations_of(evidence: Evidence, library: str, phase: str = "") -> list[Operation]:
    """
    Return the steps of one library's objects, in their order.

    Args:
        evidence: What the call did.

        library: One of ``Operation.library``.

        phase: One of ``Operation.phase``. The default is all of them.

    Raises:
        EnvironmentUnavailable: Nothing could be recorded.
    """
    return [
        op
        for op in require_evidence(evidence).operations
        if op.library == library and phase in ("", op.phase)
    ]


def phases_of(evidence: Evidence, library: str) -> Phases:
    """
    Count the phases of one library's objects.

    Args:
        evidence: What the call did.

        library: ``"matmul"``, ``"fft"``, or another of ``Operation.library``.
    """
    steps = operations_of(evidence, library)
    handles = {
        phase: [op.handle for op in steps if op.phase == phase]
        for phase in ("plan", "autotune", "execute", "free")
    }
    return Phases(
        plans=len(handles["plan"]),
        autotunes=len(handles["autotune"]),
        executions=len(handles["execute"]),
        frees=len(handles["free"]),
        left=len(set(handles["plan"]) - set(handles["free"])),
        others_freed=len(set(handles["free"]) - set(handles["plan"])),
    )


def expect_phases(
    evidence: Evidence,
    library: str,
    *,
    executions: int,
    plans: int = 1,
    where: str = "",
    hint: str = "",
) -> None:
    """
    Judge that one library's objects were planned and executed as often as expected.

    Fewer plans are right where an object is kept between calls; something must have run.

    Args:
        evidence: What the call did.

        library: ``"matmul"`` or ``"fft"``.

        executions: How many executions there must be.

        plans: How many plans there may be.

        where: The case, for the message.

        hint: What to look at where there are too many plans.

    Raises:
        WrongPhases: The message says how many there were.
    """
    found = phases_of(evidence, library)
    noun = _NOUNS.get(library, library)
    if not found.executions:
        msg = f"nvmath executed no {noun} on the GPU{_in(where)}. "
        msg += f"Expected {_were(executions)}."
        raise WrongPhases(msg, hint=f"Look at {_CLASSES.get(library, 'nvmath')}.")
    seen = (
        f"nvmath planned {_times(found.plans)} and executed {_times(found.executions)}"
        f"{_in(where)}."
    )
    if found.plans > plans:
        default = (
            "Which lines of the loop could stand before it? "
            f"{_RESETS.get(library, 'A reset')} hands the next operands to an object "
            "that is planned already; a stateless call plans every time."
        )
        msg = f"{seen} Expected {_plans(plans)} for all of it."
        raise WrongPhases(msg, hint=hint or default)
    if found.executions != executions:
        msg = f"{seen} Expected {_were(executions)} {_executions(executions)}."
        raise WrongPhases(msg, hint=_execution_hint(found.executions, executions))


def expect_autotuned(
    evidence: Evidence, library: str = "matmul", *, where: str = ""
) -> None:
    """
    Judge that what was planned was autotuned once, before it was first executed.

    Args:
        evidence: What the call did.

        library: ``"matmul"``.

        where: The case, for the message.

    Raises:
        WrongPhases: It was not, or more than once, or too late.
    """
    found = phases_of(evidence, library)
    order = [op.phase for op in operations_of(evidence, library)]
    if found.plans and not found.autotunes:
        msg = f"The plan was never autotuned{_in(where)}. Expected was once."
        hint = "Which method of Matmul tries the planned algorithms out?"
        raise WrongPhases(msg, hint=hint)
    if found.autotunes > 1:
        msg = (
            f"The product was autotuned {_times(found.autotunes)}{_in(where)}. Expected "
            "was once: it costs as much as many products."
        )
        raise WrongPhases(msg, hint="Autotune before the loop, not inside it.")
    if "autotune" in order and "execute" in order[: order.index("autotune")]:
        before = order[: order.index("autotune")].count("execute")
        msg = (
            f"{before} of {found.executions} executions ran before the product was "
            f"autotuned{_in(where)}. Expected was to autotune first."
        )
        raise WrongPhases(msg, hint="The phases are: plan, autotune, execute.")


def expect_freed(
    calls: Sequence[tuple[Hashable, Evidence]], library: str, *, form: str = ""
) -> None:
    """
    Judge that objects do not pile up over calls of the same shapes.

    An object that serves one shape may be kept for later calls, and freed in any of them.

    Args:
        calls: The case in words, the same for the same shapes, and what the call did; two
            calls or more, in the order in which they were made.

        library: ``"matmul"`` or ``"fft"``.

        form: What to put before the case, in messages.

    Raises:
        WrongPhases: More than one object was planned for a shape and never freed, or one
            where another call freed its own.
    """
    alike: dict[Hashable, list[Phases]] = {}
    behind: list[Hashable] = []  # the shapes of objects that no call has freed yet
    for shapes, evidence in calls:
        found = phases_of(evidence, library)
        alike.setdefault(shapes, []).append(found)
        del behind[: found.others_freed]  # handles say nothing beyond a call
        behind += [shapes] * found.left
    for shapes, each in alike.items():
        left = behind.count(shapes)
        # Where one is kept no call plans and frees its own.
        frees_its_own = any(phases.plans and not phases.left for phases in each)
        if left > 1 or (left and frees_its_own):
            where = f"{form}, {shapes}" if form else str(shapes)
            plans = sum(phases.plans for phases in each)
            raise _left_behind(library, where, len(each), plans, left)


def _left_behind(
    library: str, where: str, calls: int, plans: int, left: int
) -> WrongPhases:
    stay = "stays" if left == 1 else "stay"
    msg = (
        f"{calls} calls ({where}) planned {_times(plans)}, and {_objects(left)} with "
        f"workspace and library handles {stay} behind. Expected was that each call frees "
        "what it plans."
    )
    name = _CLASSES.get(library, "The object")
    hint = (
        f"{name} is a context manager: with ... as, or try and finally with free(). One "
        "that is kept for later calls is freed before another takes its place."
    )
    return WrongPhases(msg, hint=hint)


def _execution_hint(seen: int, wanted: int) -> str:
    if seen < wanted:
        if seen == 1:
            return "One execution did the work of all. Here each is to have its own."
        return "Which one does no execution work on?"
    if seen % wanted == 0 and seen // wanted >= _IN_PARTS:
        return (
            f"There are {seen // wanted} executions for each that is wanted: hand the "
            "work over whole, and not in parts."
        )
    return "Which one is executed twice? A plan needs no trial run."


def _in(where: str) -> str:
    return f" ({where})" if where else ""


def _were(count: int) -> str:
    return "was one" if count == 1 else f"were {count}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _plans(count: int) -> str:
    return "was one plan" if count == 1 else f"were {count} plans"


def _executions(count: int) -> str:
    return "execution" if count == 1 else "executions"


def _objects(count: int) -> str:
    return "one object" if count == 1 else f"{count or 'no'} objects"
