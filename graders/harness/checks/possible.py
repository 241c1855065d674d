"""Tell what a machine cannot do from what a program does wrong: ask the reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from graders.harness.checks.absent import AbsentProgram, ProgramAbsent
from graders.harness.checks.learner import Learner
from graders.harness.errors import Crashed, EnvironmentUnavailable

_LONGEST = 200


def expect_possible(
    reference: Learner, function: str, *args: Any, may_raise: tuple[str, ...] = ()
) -> None:
    """
    Make the call with the reference, which must not crash.

    Without a reference, as in a learners' bundle, nothing is known, and nothing raised.

    Args:
        reference: The reference solution, in its own worker.

        function: The function's name.

        args: As :meth:`Learner.call` takes them.

        may_raise: As :meth:`Learner.call` takes it.

    Raises:
        EnvironmentUnavailable: It crashes as well: a library is missing, say.
    """
    try:
        reference.call(function, *args, may_raise=may_raise)
    except ProgramAbsent:
        return
    except Crashed as err:
        msg = (
            "This machine cannot do it: the reference crashes too "
            f"({err.message[:_LONGEST]}). `python grade.py doctor` says what is missing."
        )
        raise EnvironmentUnavailable(msg) from err


@contextmanager
def on_a_machine_for(
    reference: Learner, function: str, *args: Any, may_raise: tuple[str, ...] = ()
) -> Iterator[None]:
    """
    Blame a crash inside on the machine where the reference crashes too.

    Args:
        reference: The reference solution, in its own worker.

        function: The function that is called inside.

        args: What it is called with.

        may_raise: As :meth:`Learner.call` takes it.

    Raises:
        EnvironmentUnavailable: Both crash.
    """
    try:
        yield
    except Crashed as crash:
        expect_possible(reference, function, *args, may_raise=may_raise)
        if isinstance(reference, AbsentProgram) and reference.on_gpu:
            raise _perhaps_the_machine(crash) from crash
        raise


def _perhaps_the_machine(crash: Crashed) -> Crashed:
    """Return a crash that does not claim to be the program's alone."""
    doubt = (
        "There is no reference here to try whether this machine can do it at all: "
        "`python grade.py doctor` says what it lacks."
    )
    told = Crashed(crash.message, hint=f"{crash.hint} {doubt}".strip())
    told.__dict__.update({**crash.__dict__, "hint": told.hint})
    return told
