"""Which batch each result belongs to, and what is said of lost and misplaced ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.harness.checks import ArrayValue, Observation
from graders.harness.errors import ExtraCopies, WrongShape, WrongValue
from graders.stateful_api.batch_order import (
    by_memory,
    by_values,
    expect_in_place,
    expect_order,
    number_hint,
)
from graders.stateful_api.feeding import expect_items

RNG = np.random.default_rng(7)
RIGHT = [RNG.random((3, 4)) + 1j * RNG.random((3, 4)) for _ in range(4)]


def results(*numbers: int) -> list[Any]:
    return [ArrayValue(RIGHT[number].astype(np.complex64)) for number in numbers]


def lying_in(*numbers: int) -> Observation:
    """A call whose results lie in the memory of these batches."""
    return Observation(shared_arguments=tuple(enumerate(numbers)))


def test_results_are_told_by_their_values() -> None:
    assert by_values(results(0, 1, 2, 3), RIGHT) == [0, 1, 2, 3]
    assert by_values(results(3, 0, 0), RIGHT) == [3, 0, 0]
    assert by_values(results(0, 0, 1, 1, 2, 2, 3, 3), RIGHT)[-1] == 3
    odd = [
        None,
        ArrayValue(RIGHT[1][:2]),
        ArrayValue(2 * RIGHT[2]),
        ArrayValue(np.full((3, 4), np.nan)),
        ArrayValue(np.full((3, 4), 1e308)),
    ]
    assert by_values(odd, RIGHT) == [None] * 5


def test_a_batch_of_zeros_is_its_own_spectrum_alone() -> None:
    right = [RIGHT[0], np.zeros((3, 4))]
    assert by_values([ArrayValue(each) for each in right[::-1]], right) == [1, 0]


def test_results_are_told_by_their_memory() -> None:
    assert by_memory(lying_in(2, 0), 2) == [2, 0]
    assert by_memory(lying_in(2, 0), 3) == [2, 0, None]
    assert by_memory(Observation(shared_arguments=None), 1) == [None]


@pytest.mark.parametrize(
    ("owners", "count", "words"),
    [
        ([1, 2, 3], 4, "the first one, which the plan is made on"),
        ([0, 1, 2], 4, "Batch 3 has no result: is the last one"),
        ([0, 2, 3], 4, "Batch 1 has no result: what leaves"),
        ([0, 2], 4, "Batches 1 and 3 have no result"),
        ([0], 7, "Batches 1, 2, 3, 4 and 2 more have no result"),
        ([0, 0, 1, 1], 2, "Batch 0 has results 0 and 1: which line"),
    ],
)
def test_the_number_of_results_is_explained(
    owners: list[int | None], count: int, words: str
) -> None:
    assert words in number_hint(owners, count)


def test_a_number_that_cannot_be_explained_is_not() -> None:
    assert number_hint([0, None], 3) == ""
    assert number_hint([1, 0], 2) == ""  # as many as there must be
    for explain, words in ((lambda _: "", "also executed"), (lambda _: "Why?", "Why?")):
        with pytest.raises(WrongShape, match="1 result came") as caught:
            expect_items([1], 2, where="", noun="batches", explain=explain)
        assert words in caught.value.hint


@pytest.mark.parametrize(
    ("owners", "seen", "hint"),
    [
        ([3, 2, 1, 0], "result 0 is the spectrum of batch 3, result 1 of", "reverse"),
        ([1, 2, 0], "result 2 of batch 0", "What puts them in another order"),
        (
            [0, 0, 1],
            "result 1 is the spectrum of",
            "Batch 0 is returned more than once",
        ),
        ([0, 0, 0], "result 2 of batch 0", "is the operand reset before"),
        ([5, 4, 3, 2, 1, 0], "result 3 of batch 2, and 2 more", "reverse"),
    ],
)
def test_another_order_is_told(owners: list[int | None], seen: str, hint: str) -> None:
    with pytest.raises(WrongValue, match=seen) as caught:
        expect_order(owners, "the case")
    assert hint in caught.value.hint
    memory = lying_in(*(owner for owner in owners if owner is not None))
    with pytest.raises(ExtraCopies, match="in the memory of batch") as in_memory:
        expect_in_place(memory, len(owners), "the case")
    assert hint in in_memory.value.hint


def test_the_right_order_passes_and_unknown_results_are_left_to_others() -> None:
    expect_order([0, 1, 2], "")
    expect_order([0, None, 1], "")
    expect_in_place(lying_in(0, 1, 2), 3, "")
    with pytest.raises(ExtraCopies, match="1 of 3 results"):
        expect_in_place(lying_in(0, 1), 3, "")
