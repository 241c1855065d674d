"""Copies that are judged: how many bytes, which way, how often; and shared memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    SMALL_CHANGE,
    ArrayValue,
    copied_bytes,
    expect_at_most_copied,
    expect_copies,
    expect_no_host_round_trip,
    expect_own_memory,
    expect_settled,
    expect_shared_memory,
    without_autotuning,
)
from graders.harness.device.evidence import Copy, Direction, Evidence, Operation
from graders.harness.errors import (
    EnvironmentUnavailable,
    ExtraCopies,
    WrongMemorySpace,
    WrongValue,
)
from graders.harness.supervisor import Observation

A, B = 40_000, 90_000


def copy(direction: Direction, nbytes: int, **fields: Any) -> Copy:
    return Copy(direction=direction, nbytes=nbytes, start=0.0, seconds=1e-6, **fields)


def up(*sizes: int) -> tuple[Copy, ...]:
    return tuple(copy("host_to_device", size) for size in sizes)


def down(*sizes: int) -> tuple[Copy, ...]:
    return tuple(copy("device_to_host", size) for size in sizes)


@pytest.mark.parametrize(
    "copies",
    [
        (*up(A, B), *down(A)),
        (*up(A + B), *down(A)),
        (*up(A // 2, A // 2, B), *down(A // 2, A // 2)),
        (*up(A, B, 8), *down(A)),
        (*up(A, B), *down(*[A // 32] * 32)),
        (*up(A, B), *down(A), copy("device_to_device", A)),
    ],
)
def test_one_journey_each_way(copies: tuple[Copy, ...]) -> None:
    evidence = Evidence(copies=copies)
    expect_copies(evidence, host_to_device=A + B, device_to_host=A, repeats=30)


@pytest.mark.parametrize(
    ("copies", "seen"),
    [
        ((*up(A, B, A), *down(A)), "3 copies moved 170,000 bytes from host to device"),
        ((*up(A, *[B] * 30), *down(A)), "31 copies"),
        ((*up(A, B), *down(A, A)), "2 copies moved 80,000 bytes from device to host"),
        ((*up(A, B), *down(*[A] * 30)), "30 times as many"),
        ((*up(A, B), *down(A, *[4] * 30)), "30 small copies went from device to host"),
        ((*up(A, B, *[4] * 30), *down(A)), "30 small copies went from host to device"),
    ],
)
def test_more_than_that(copies: tuple[Copy, ...], seen: str) -> None:
    evidence = Evidence(copies=copies)
    with pytest.raises(ExtraCopies, match=seen):
        expect_copies(evidence, host_to_device=A + B, device_to_host=A, repeats=30)


@pytest.mark.parametrize(
    ("copies", "seen"),
    [
        ((), "Nothing was copied from host to device"),
        ((*up(A), *down(A)), "1 copy moved 40,000 bytes"),
        (up(A, B), "Nothing was copied from device to host"),
    ],
)
def test_less_than_that(copies: tuple[Copy, ...], seen: str) -> None:
    evidence = Evidence(copies=copies)
    with pytest.raises(WrongMemorySpace, match=seen):
        expect_copies(evidence, host_to_device=A + B, device_to_host=A)


def test_nothing_is_judged_that_was_not_asked_for() -> None:
    expect_copies(Evidence(copies=up(A) * 9), device_to_host=0)
    expect_copies(Evidence(), host_to_device=0, device_to_host=0)


def test_without_a_recording_nothing_passes() -> None:
    blind = Evidence(available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable):
        expect_copies(blind, host_to_device=0)


def test_the_most_that_may_move() -> None:
    evidence = Evidence(copies=up(SMALL_CHANGE // 2, SMALL_CHANGE // 2))
    expect_at_most_copied(evidence, "host_to_device")
    assert copied_bytes(evidence, "host_to_device") == SMALL_CHANGE
    with pytest.raises(ExtraCopies, match="Expected was no array"):
        expect_at_most_copied(
            Evidence(copies=up(A)), "host_to_device", what="no array at all"
        )


def test_a_round_trip_is_known_by_what_comes_down() -> None:
    parameters = copy("device_to_host", A, reads_operand=False)
    expect_no_host_round_trip(Evidence(copies=(*up(A), parameters)), smallest=1000)
    expect_no_host_round_trip(Evidence(copies=down(8)), smallest=1000)
    with pytest.raises(ExtraCopies, match="1 copy moved"):
        expect_no_host_round_trip(Evidence(copies=down(A)), smallest=1000)


def test_autotuning_clears_the_cache_with_copies_of_its_own() -> None:
    tuned = Operation(library="matmul", phase="autotune", handle=0)
    flushes = up(*[50 * 2**20] * 80)
    evidence = Evidence(copies=(*up(A, B), *flushes), operations=(tuned,))
    assert without_autotuning(evidence).copies == up(A, B)
    untuned = Evidence(copies=(*up(A, B), *flushes))
    assert without_autotuning(untuned) == untuned


def test_a_result_that_the_next_call_overwrites() -> None:
    expect_settled(Observation())
    with pytest.raises(WrongValue, match="a new array from each call"):
        expect_settled(Observation(reused_results=(0,)))


def test_results_that_share_memory() -> None:
    expect_own_memory(Observation())
    with pytest.raises(WrongValue, match="Results 0 and 2 share memory"):
        expect_own_memory(Observation(shared_results=((0, 2),)))
    seen = Observation(shared_arguments=((1, 0),))
    with pytest.raises(WrongValue, match="Result 1 shares memory with x"):
        expect_own_memory(seen, ["x"])
    alone = Observation(shared_arguments=((0, 0),), value=ArrayValue(np.zeros(2)))
    with pytest.raises(WrongValue, match="The result shares memory with x"):
        expect_own_memory(alone, ["x"])
    expect_shared_memory(seen, [(1, 0)])
    with pytest.raises(ExtraCopies, match="1 of 2 results"):
        expect_shared_memory(seen, [(0, 0), (1, 0)])
