"""How streams of operands reach a learner's function, and what comes back of them.

Shared by the checks of ``tuned_matmul`` and ``transform_batches``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from graders.harness.checks import (
    Learner,
    Observation,
    describe,
    stream,
)
from graders.harness.errors import Failure, WrongDtype, WrongShape


def fed(
    learner: Learner, function: str, items: Sequence[Any], *, alone: bool = False
) -> Observation:
    """
    Call a function with a list or, where that fails, with a generator.

    Whether it takes both is the subject of one check of its own: all others take
    whichever works.

    Args:
        learner: The program.

        function: The function's name.

        items: What it is fed with.

        alone: Whether the GPU is to be leased to nobody else meanwhile.

    Raises:
        Failure: It takes neither; the failure with the list.
    """
    try:
        return learner.call(function, list(items), alone=alone)
    except Failure as failure:
        try:
            return learner.call(function, stream(items), alone=alone)
        except Failure:
            raise failure from None


def fed_both_ways(
    learner: Learner, function: str, items: Sequence[Any]
) -> list[Observation]:
    """
    Call a function with a list and with a generator; leave out what it does not serve.

    Args:
        learner: The program.

        function: The function's name.

        items: What it is fed with.

    Raises:
        Failure: It takes neither; the failure with the list.
    """
    taken = [fed(learner, function, items)]
    with contextlib.suppress(Failure):
        seen = learner.call(function, stream(items))
        if isinstance(seen.value, (list, tuple)) and len(seen.value) == len(items):
            taken.append(seen)
    return taken


def expect_items(
    value: Any,
    count: int,
    *,
    where: str,
    noun: str,
    explain: Callable[[list[Any]], str] | None = None,
) -> list[Any]:
    """
    Return the results, one for each operand.

    Args:
        value: What came back, an iterator already run to its end.

        count: How many there must be.

        where: The case, for the message.

        noun: What one of the operands is called.

        explain: Makes a hint of the results, where there are more or fewer; an empty one
            says nothing. The default is to go by their number.

    Raises:
        WrongDtype: It is neither a list nor an iterator.

        WrongShape: There are more or fewer.
    """
    if not isinstance(value, list | tuple):
        msg = (
            f"The function returned {describe(value)} ({where}). Expected was a list of "
            "arrays, or an iterator over them."
        )
        raise WrongDtype(msg, hint="Collect the results in a list, or yield each.")
    if len(value) != count:
        came = "1 result" if len(value) == 1 else f"{len(value)} results"
        msg = (
            f"{came} came back for {count} {noun} ({where}). Expected was one for each."
        )
        lost = {
            count - 1: "Is the first one, which the plan is made on, also executed?",
            count + 1: "Is the first one, which the plan is made on, executed twice?",
        }
        hint = lost.get(len(value), "Each operand has one result.")
        known = explain(list(value)) if explain else ""
        raise WrongShape(msg, hint=known or hint)
    return list(value)
