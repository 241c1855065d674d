"""How paths of a round that was timed are judged: by their law, since they are others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.device_api.paths import expect_alike
from graders.harness.errors import WrongShape, WrongValue

ROWS, STEPS = 256, 252
S0, STRIKE, PREMIUM = 100.0, 103.0, 7.3
Rows = list[npt.NDArray[Any]]


def rows(seed: int, dtype: Any = np.float32, *, drift: float = 0.002) -> Rows:
    """Rows of calls and puts, as a program that computes in a precision returns them."""
    rng = np.random.default_rng(seed)
    found = []
    for kind in np.random.default_rng(5).integers(2, size=ROWS):
        steps = drift + 0.02 * rng.standard_normal(STEPS - 1)
        prices = S0 * np.exp(np.concatenate([[0.0], np.cumsum(steps)])).astype(dtype)
        gain = prices - dtype(STRIKE) if kind else dtype(STRIKE) - prices
        found.append(np.maximum(gain, dtype(0)) - dtype(PREMIUM))
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_other_draws_of_the_same_law_pass(dtype: Any) -> None:
    """Also where what pays nothing is rounded otherwise: half of all payoffs do."""
    for seed in range(20):
        expect_alike(rows(2 * seed, dtype), rows(2 * seed + 1))


def test_another_law_is_told() -> None:
    """A drift that was left out, one path for all, and what was never written."""
    with pytest.raises(WrongValue, match="paths at the last step were others"):
        expect_alike(rows(1, drift=0.0065), rows(2))
    one = [rows(3)[0]] * ROWS
    with pytest.raises(WrongValue):
        expect_alike(one, rows(4))
    unwritten = [np.where(np.arange(STEPS) == STEPS - 1, np.nan, r) for r in rows(5)]
    with pytest.raises(WrongValue, match="100%"):
        expect_alike(unwritten, rows(6))


def test_the_first_payoff_is_known() -> None:
    """It follows from s0, to single precision."""
    off = [row + np.float32(0.01) for row in rows(1)]
    with pytest.raises(WrongValue, match="a payoff at s0 was"):
        expect_alike(off, rows(2))


def test_paths_of_another_length_are_told() -> None:
    """A step too few."""
    with pytest.raises(WrongShape):
        expect_alike([row[:-1] for row in rows(1)], rows(2))
