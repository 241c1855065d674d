"""Draws that occur twice are found, on numbers of NumPy's; independent ones are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graders.device_api.paths import _LONG, Case, long_case, wide_case
from graders.device_api.randomness import relations
from graders.device_api.repetitions import (
    common_paths,
    repeated_paths,
    repetitions,
    smallest_gap,
)
from tests.graders.drawn_paths import PATHS, Paths, draw, sequence


def test_a_single_pair_of_paths_is_found() -> None:
    """Eight draws and more that only two paths share occur twice, wherever they are."""
    z = draw(8)
    z[9000, 12:24] = z[17, 5:17]
    assert not relations(z)
    found = repetitions(z)
    assert found is not None
    assert (found.first[0], found.second[0]) == (17, 9000)
    assert found.second[1] - found.first[1] == 7


def test_antithetic_paths_are_found_wherever_they_are() -> None:
    """Half of the paths have the others' draws with their signs turned, shuffled."""
    z = draw(8)
    half = PATHS // 2
    places = np.random.default_rng(9).permutation(PATHS)
    z[places[half : 2 * half]] = -z[places[:half]]
    assert not relations(z)
    found = repetitions(z)
    assert found is not None
    assert found.turned
    assert z[found.first] == -z[found.second]
    z = draw(8)
    z[9000] = z[17]
    found = repetitions(z)
    assert found is not None
    assert not found.turned
    other = draw(9)
    other[3] = -z[17]
    found = repetitions(z[:100], other)
    assert found is not None
    assert (found.first, found.second, found.turned) == ((17, 0), (3, 0), True)


def test_rounding_hides_no_repetition() -> None:
    """Draws worked out from float32 prices are still known again."""
    z = draw(9)
    z[PATHS - 1] = z[0]
    noise = np.random.default_rng(10).standard_normal(z.shape)
    assert repetitions(z + 3e-6 * noise) is not None


def test_long_paths_that_meet_themselves_or_their_neighbours_are_found() -> None:
    """Draws begin again after 64 steps, or each path 64 steps after the one before."""
    case = long_case(np.random.default_rng(1))
    paths, draws = case.n_paths, case.n_steps - 1
    z = draw(50, paths, draws)
    assert repetitions(worked_out(z, case)) is None
    z[:, 63:] = z[:, : draws - 63]
    found = repetitions(worked_out(z, case))
    assert found is not None
    assert found.first[0] == found.second[0]
    assert found.second[1] - found.first[1] == 63
    line = sequence(51, 64 * paths + draws)
    z = line[64 * np.arange(paths)[:, None] + np.arange(draws)]
    found = repetitions(worked_out(z, case))
    assert found is not None
    assert found.second[0] - found.first[0] == 1
    assert found.first[1] - found.second[1] == 64


def test_draws_of_a_wrong_spread_are_no_repetitions() -> None:
    """With the square of a small sigma for sigma, windows agree by chance."""
    narrow = 0.01 * draw(52, *_LONG)
    other = 0.01 * draw(53, *_LONG)
    assert repetitions(narrow) is repetitions(narrow, other) is None
    other[5, 30:50] = narrow[90, 100:120]
    assert repetitions(narrow, other) is not None
    narrow[7, 20:40] = narrow[90, 100:120]
    assert repetitions(narrow) is not None
    assert repetitions(np.zeros((2, 9))) is not None


def worked_out(z: Paths, case: Case) -> Paths:
    """Return the draws as they are worked out from float32 payoffs."""
    call, put = payoffs(z, case)
    price = case.strike + call.astype(float) - put
    normals: Paths = (np.diff(np.log(price), axis=1) - case.mu) / case.sigma
    return normals


def payoffs(
    z: Paths, case: Case
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the payoffs of a program that computes in float32."""
    growth = np.exp(np.float32(case.mu) + np.float32(case.sigma) * z.astype(np.float32))
    price = np.full((case.n_paths, case.n_steps), case.s0, np.float32)
    price[:, 1:] = np.float32(case.s0) * np.cumprod(growth, axis=1, dtype=np.float32)
    strike, premium = np.float32(case.strike), np.float32(case.premium)
    zero = np.float32(0)
    return (
        np.maximum(price - strike, zero) - premium,
        np.maximum(strike - price, zero) - premium,
    )


def test_paths_beyond_as_many_generators_are_found_again() -> None:
    """Float32 prices of as many paths are equal in no row, unless the draws are."""
    for seed in range(5):
        case = wide_case(np.random.default_rng(seed))
        z = draw(60 + seed, case.n_paths, case.n_steps - 1)
        call, put = payoffs(z, case)
        price = (call.astype(np.float64) - put.astype(np.float64))[:, 1:]
        assert repeated_paths(price) is None
        # The chance that two prices are equal, of which the test above makes use.
        for step in price.T:
            _, counts = np.unique(step, return_counts=True)
            assert np.sum(counts * (counts - 1.0)) < 1e-6 * case.n_paths**2
    price[131072:] = price[: case.n_paths - 131072]
    found = repeated_paths(price)
    assert found is not None
    assert (found.first, found.second) == ((0, 0), (131072, 0))
    assert found.windows == case.n_paths - 131072
    price[131072:, -1] += 1  # all but one of the prices is too little to be a path's
    assert repeated_paths(price) is None


def test_paths_that_calls_have_in_common_are_counted() -> None:
    """Wherever they are; a path that one call has twice is no such path."""
    calls = [draw(seed, 37, 5).astype(np.float32).astype(float) for seed in range(35)]
    calls[3][5] = calls[3][6]
    assert common_paths(calls) is None
    calls[30][7:9] = calls[4][30:32]
    calls[20][1] = calls[4][2]
    found = common_paths(calls)
    assert found is not None
    assert (found.first, found.second, found.paths) == (4, 30, 2)


def test_gaps_tell_precision() -> None:
    """Prices of float32 come close to each other, those of float16 do not."""
    prices = 100 * np.exp(0.05 * draw(40).cumsum(axis=1))
    assert smallest_gap(prices.astype(np.float32)) < 1e-6
    assert smallest_gap(prices.astype(np.float16)) > 1e-4
    assert smallest_gap(prices[:5, :5]) == 0
