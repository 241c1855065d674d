"""Which batch each result belongs to: lost, repeated and misplaced results, in words.

Owns what is said of the number and the order of a stream's results. That each value is
right, and that each result lies in its batch's memory, is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks import ArrayValue, Observation, expect_shared_memory
from graders.harness.errors import ExtraCopies, WrongValue

# So near to a spectrum, relative to its norm, is nothing but that spectrum: those of two
# batches are as far from each other as from zero.
_NEAR = 1e-3
_SHOWN = 4

Owner = int | None


def by_values(results: Sequence[Any], right: Sequence[npt.NDArray[Any]]) -> list[Owner]:
    """
    Return for each result the number of the batch whose spectrum it is, or None.

    Args:
        results: The observed results.

        right: The spectra of the batches, all different.
    """
    numbers = list(range(len(right)))
    owners: list[Owner] = []
    for place, result in enumerate(results):
        likeliest_first = [*numbers[place : place + 1], *numbers]
        found = (number for number in likeliest_first if _is(result, right[number]))
        owners.append(next(found, None))
    return owners


def by_memory(seen: Observation, count: int) -> list[Owner]:
    """
    Return for each result the number of the batch in whose memory it lies, or None.

    Args:
        seen: The call.

        count: How many results there are.
    """
    owners = dict(seen.shared_arguments or ())
    return [owners.get(result) for result in range(count)]


def number_hint(owners: Sequence[Owner], count: int) -> str:
    """
    Return what the results of too few or too many batches tell, or an empty string.

    Args:
        owners: For each result its batch.

        count: How many batches there were.
    """
    if None in owners:
        return ""
    lost = [number for number in range(count) if number not in owners]
    if lost == [0]:
        return (
            "Batch 0 has no result: is the first one, which the plan is made on, also "
            "executed?"
        )
    if lost == [count - 1]:
        return (
            f"Batch {lost[0]} has no result: is the last one, after which nothing else "
            "comes, also executed and returned?"
        )
    if lost:
        left_out = f"{_batches(lost)} no result: what leaves them out?"
        return left_out[0].upper() + left_out[1:]
    again = [number for number in range(count) if list(owners).count(number) > 1]
    if again:
        places = [place for place, owner in enumerate(owners) if owner == again[0]]
        return (
            f"Batch {again[0]} has results {_listed(places)}: which line returns it more "
            "than once?"
        )
    return ""


def expect_order(owners: Sequence[Owner], where: str) -> None:
    """
    Judge the order of results, where each is the spectrum of some batch.

    Args:
        owners: For each result its batch; nothing is judged where one has none.

        where: The case, for the message.

    Raises:
        WrongValue: They are in another order, or one is repeated in another's place.
    """
    if None in owners or list(owners) == sorted(range(len(owners))):
        return
    msg = (
        f"The results are spectra of the batches, but not in their order ({where}): "
        f"{_pairs(owners, 'the spectrum of')}. Expected was that each result is the "
        "spectrum of the batch that came at its place."
    )
    raise WrongValue(msg, hint=_order_hint(owners))


def expect_in_place(seen: Observation, count: int, where: str) -> None:
    """
    Judge that each result lies in the memory of its batch.

    Args:
        seen: The call.

        count: How many batches there were, and results.

        where: The case, for the message.

    Raises:
        ExtraCopies: A result has memory of its own, or another batch's.

        WrongValue: Nothing is known of it.
    """
    owners = by_memory(seen, count)
    try:
        expect_shared_memory(
            seen, [(number, number) for number in range(count)], where=where
        )
    except ExtraCopies as failure:
        if None in owners:
            raise
        msg = (
            f"The results lie in the memory of batches, but not each in that of its own "
            f"({where}): {_pairs(owners, 'in the memory of')}. Expected was that each "
            "result lies in that of the batch that came at its place."
        )
        raise ExtraCopies(msg, hint=_order_hint(owners)) from failure


@np.errstate(all="ignore")  # numbers of a stranger overflow; that is no fault of ours
def _is(result: Any, spectrum: npt.NDArray[Any]) -> bool:
    if not isinstance(result, ArrayValue) or result.shape != spectrum.shape:
        return False
    difference = np.linalg.norm(result.array - spectrum)
    return bool(difference <= _NEAR * np.linalg.norm(spectrum))


def _order_hint(owners: Sequence[Owner]) -> str:
    count = len(owners)
    if list(owners) == list(range(count))[::-1]:
        return "They come in reverse order: what puts the last one in front?"
    lost = [number for number in range(count) if number not in owners]
    if not lost:
        return "Each batch has one result. What puts them in another order?"
    if set(owners) == {0}:
        return "All are the first batch: is the operand reset before each execution?"
    again = next(n for n in owners if list(owners).count(n) > 1)
    return (
        f"Batch {again} is returned more than once, and {_batches(lost)} no result: does "
        "each result come after the reset and the execution for its batch?"
    )


def _pairs(owners: Sequence[Owner], relation: str) -> str:
    """Return whose the results are that are not their own batch's, the first of them."""
    wrong = [(place, owner) for place, owner in enumerate(owners) if owner != place]
    first, *others = wrong[:_SHOWN]
    words = [f"result {first[0]} is {relation} batch {first[1]}"]
    words += [f"result {place} of batch {owner}" for place, owner in others]
    more = len(wrong) - len(words)
    return ", ".join(words) + (f", and {more} more" if more else "")


def _batches(numbers: Sequence[int]) -> str:
    noun, verb = ("batch", "has") if len(numbers) == 1 else ("batches", "have")
    return f"{noun} {_listed(numbers)} {verb}"


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(number) for number in numbers[:_SHOWN]]
    more = len(numbers) - len(shown)
    if more:
        return ", ".join(shown) + f" and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
