"""The cases of ``option_payoffs``, and what payoffs of one path have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks import ArrayValue, Rows, describe
from graders.harness.errors import WrongDtype, WrongShape, WrongValue

Payoffs = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Paths that no usual block size divides, and all four remainders of n_steps - 1 by four. At
# one step, for which a program may have code of its own, both the put and the call pay.
_SHAPES = (
    (257, 6),
    (1000, 1),
    (31, 2),
    (513, 3),
    (61, 1),
    (1, 9),
    (1021, 4),
    (130, 36),
)
# The other seed is near: a program that adds the seed to a path's number, or takes it for
# an offset, gives the same paths or draws again, so many places on. cuRAND makes four
# numbers of 32 bits at a time: an offset of four parts no group of them.
_APART = 4
# Longer paths, which may repeat later or meet their neighbours; more paths, of which the
# last may be early ones some draws on; and more than a program may have generators to go
# round with, or threads: 2**17 are.
_LONG, _BROAD, _WIDE = (199, 301), (40_009, 23), (140_009, 5)
# Of payoffs at s0, relative; and the chance that right paths end too far from others.
_FIRST_ERROR = 1e-4
_FALSE_ALARM = 1e-9
_TIMED_HINT = "Does the program do something else when it is not being checked?"


@dataclass(frozen=True)
class Case:
    """The arguments of one call, and another seed."""

    n_paths: int
    n_steps: int
    s0: float
    mu: float
    sigma: float
    strike: float
    premium: float
    seed: int
    other_seed: int = 0

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The arguments, in order."""
        return (
            self.n_paths,
            self.n_steps,
            self.s0,
            self.mu,
            self.sigma,
            self.strike,
            self.premium,
            self.seed,
        )

    @property
    def where(self) -> str:
        """The case in words."""
        paths = "1 path" if self.n_paths == 1 else f"{self.n_paths} paths"
        steps = "1 step" if self.n_steps == 1 else f"{self.n_steps} steps"
        return f"{paths} of {steps}"


@dataclass(frozen=True)
class Pair:
    """The two results, unjudged."""

    call: Any
    put: Any


def draw_cases(rng: np.random.Generator) -> list[Case]:
    """Return the small cases; the first price lies above and below the strike."""
    cases = []
    for number, (n_paths, n_steps) in enumerate(_SHAPES):
        case = _case(rng, n_paths, n_steps)
        above = number % 2 == 0
        ratio = rng.uniform(0.8, 0.97) if above else rng.uniform(1.03, 1.25)
        cases.append(_replaced(case, strike=float(case.s0 * ratio)))
    # Again the first one's shape and seed, for programs that keep paths by these.
    seeds = {"seed": cases[0].seed, "other_seed": cases[0].other_seed}
    again = replace(_case(rng, *_SHAPES[0]), **seeds)
    cases.append(_replaced(again, strike=float(again.s0 * 0.9)))
    return cases


def main_case(rng: np.random.Generator, n_paths: int, n_steps: int) -> Case:
    """Return a large case whose paths cross the strike often."""
    case = _case(rng, n_paths, n_steps)
    return _replaced(case, strike=float(case.s0 * rng.uniform(1.01, 1.05)))


def long_case(rng: np.random.Generator) -> Case:
    """Return a case of long paths, whose prices stay within two orders of magnitude."""
    case = main_case(rng, *_LONG)
    return replace(case, mu=case.mu / 4, sigma=case.sigma / 3)


def broad_case(rng: np.random.Generator) -> Case:
    """Return a case of many paths, long enough to know some of their draws again."""
    return main_case(rng, *_BROAD)


def wide_case(rng: np.random.Generator) -> Case:
    """Return a case of as many paths as fit: each has few draws."""
    return main_case(rng, *_WIDE)


def _case(rng: np.random.Generator, n_paths: int, n_steps: int) -> Case:
    seed = int(rng.integers(1, 2**30))
    return Case(
        n_paths=n_paths,
        n_steps=n_steps,
        s0=float(rng.uniform(40, 200)),
        # Large enough against sigma that a drift forgotten or doubled shows.
        mu=float(rng.choice([-1, 1]) * rng.uniform(0.006, 0.012)),
        sigma=float(rng.uniform(0.05, 0.08)),
        strike=0.0,
        premium=float(rng.uniform(2, 8)),
        seed=seed,
        other_seed=seed + _APART,
    )


def _replaced(case: Case, *, strike: float) -> Case:
    return Case(**{**vars(case), "strike": strike})


def read_payoffs(value: Any, case: Case) -> Pair:
    """
    Return the two results of ``simulate``.

    One array of shape ``(2, n_paths, n_steps)`` unpacks to two arrays and is right, too.

    Raises:
        WrongDtype: It returned something else.
    """
    if isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - call and put
        return Pair(value[0], value[1])
    if isinstance(value, ArrayValue) and value.shape == (
        2,
        case.n_paths,
        case.n_steps,
    ):
        halves = [
            ArrayValue(
                value.array[k], value.memory_space, value.strides[1:], value.type_name
            )
            for k in (0, 1)
        ]
        return Pair(halves[0], halves[1])
    msg = (
        f"simulate returned {describe(value)} ({case.where}). Expected were two CuPy "
        "arrays, call and put."
    )
    raise WrongDtype(msg, hint="return call, put")


def expect_written(call: Payoffs, put: Payoffs, case: Case) -> None:
    """
    Check that there is a number everywhere.

    Raises:
        WrongValue: An element is NaN or infinite: in checking runs, unwritten memory is.
    """
    for name, array in (("call", call), ("put", put)):
        bad = ~np.isfinite(array)
        if not bad.any():
            continue
        path, step = (int(i) for i in np.argwhere(bad)[0])
        msg = (
            f"{int(bad.sum()):,} of {bad.size:,} elements of {name} are NaN or infinite "
            f"for {case.where}, the first at path {path}, step {step}. Expected was a "
            "payoff everywhere; memory that nobody wrote reads as NaN here."
        )
        hint = _unwritten_hint(bad, case)
        if np.isinf(array).any():
            hint = "A price grows beyond all float32 numbers. By how much in each step?"
        raise WrongValue(msg, hint=hint)


def _unwritten_hint(bad: Flags, case: Case) -> str:
    columns: Flags = np.all(bad, axis=0)
    rows: Flags = np.all(bad, axis=1)
    if bad.all():
        return "Nothing was written. Was the kernel launched, with these arrays?"
    if columns[0] and columns.sum() == 1:
        return "The first column, at s0, needs no draw, but it needs to be written."
    if columns[-1]:
        left = (case.n_steps - 1) % 4
        return (
            f"Whole steps at the end are missing. {case.n_steps - 1} steps follow the "
            f"first; in groups of four, {left} {'is' if left == 1 else 'are'} left over."
        )
    if rows[-1]:
        return "Whole paths at the end are missing. Are there enough blocks for them?"
    return "Which thread writes that element?"


def expect_first_price(
    call: Payoffs, put: Payoffs, case: Case, tolerance: float
) -> None:
    """
    Check the first column, which no random number changes.

    Raises:
        WrongValue: It is not that of ``s0``.
    """
    wanted = (
        max(case.s0 - case.strike, 0) - case.premium,
        max(case.strike - case.s0, 0) - case.premium,
    )
    for name, array, expected in (
        ("call", call, wanted[0]),
        ("put", put, wanted[1]),
    ):
        wrong = np.abs(array[:, 0] - expected) > tolerance
        if not wrong.any():
            continue
        path = int(np.argmax(wrong))
        seen = float(array[path, 0])
        msg = (
            f"In the first column, {name} is {seen:.7g} for path {path} ({case.where}). "
            f"At s0 = {case.s0:.6g}, with strike {case.strike:.6g} and premium "
            f"{case.premium:.6g}, expected was {expected:.7g}."
        )
        hint = _first_hint(call[:, 0], put[:, 0], wanted, case.premium, tolerance)
        raise WrongValue(msg, hint=hint)


def _first_hint(
    call: Payoffs,
    put: Payoffs,
    wanted: tuple[float, float],
    premium: float,
    tolerance: float,
) -> str:
    def near(array: Payoffs, value: float) -> bool:
        return bool(np.all(np.abs(array - value) <= tolerance))

    if near(call, wanted[1]) and near(put, wanted[0]):
        return "Call and put are exchanged."
    for name, array, value in (("call", call, wanted[0]), ("put", put, wanted[1])):
        if near(array, value + premium):
            return f"The premium is not subtracted from {name}."
        if near(array, value + 2 * premium):
            return f"The premium is added to {name}. Who pays it?"
    if len(call) > 1 and float(np.ptp(call) + np.ptp(put)) > tolerance:
        return "The paths differ in the first column: it is s0, before any draw."
    return "Work this one out by hand."


def expect_floor(call: Payoffs, put: Payoffs, case: Case, tolerance: float) -> None:
    """
    Check that call and put belong to one price at every step.

    Wherever the price is, one of the two options is worthless and pays minus the
    premium; the other pays no less.

    Raises:
        WrongValue: They do not.
    """
    lower = np.minimum(call, put)
    # A payoff far from the strike is rounded in proportion to its size.
    slack = tolerance + 4e-7 * np.maximum(np.abs(call), np.abs(put))
    wrong = np.abs(lower + case.premium) > slack
    if not wrong.any():
        return
    path, step = (int(i) for i in np.argwhere(wrong)[0])
    msg = (
        f"At path {path}, step {step}, call pays {call[path, step]:.6g} and put "
        f"{put[path, step]:.6g} ({case.where}; {int(wrong.sum()):,} of {wrong.size:,} "
        f"such pairs). No price gives these two: above the strike the put pays minus "
        f"the premium, {-case.premium:.6g}, below it the call does."
    )
    hint = "Does either lack its max, or its premium, or are they of different steps?"
    raise WrongValue(msg, hint=hint)


def expect_no_gaps(gap: float, coarse: float) -> None:
    """
    Check that the prices are float32 numbers.

    Args:
        gap: The smallest relative distance between two different prices.

        coarse: The limit.

    Raises:
        WrongValue: They lie on a coarser grid.
    """
    if gap > coarse:
        msg = (
            f"Different prices are nowhere closer than {gap:.2g} of their size. float32 "
            "prices of so many paths come within 1e-7."
        )
        raise WrongValue(msg, hint="Is a price kept in half precision, or rounded?")


def expect_alike(own: Rows, others: Rows) -> None:
    """
    Check paths of a timed round by those of the plain program, which draws others.

    A row has the call's or the put's payoffs of a path, which its first number tells. The
    last ones of each kind are of the same distribution in both programs: the largest
    distance of two empirical distributions has the bound of Dvoretzky, Kiefer, Wolfowitz
    and Massart on either side.

    Raises:
        WrongShape: A path has another number of steps.

        WrongValue: A path begins or ends elsewhere. By chance a right program is told so
            less often than once in 1e8 gradings.
    """
    if [len(row) for row in own] != [len(row) for row in others]:
        msg = "When it was timed, simulate returned paths of another number of steps."
        raise WrongShape(msg, hint=_TIMED_HINT)
    firsts = np.array([row[0] for row in others], dtype=np.float64)
    mine = np.array([row[0] for row in own], dtype=np.float64)
    wrong = ~(np.abs(mine - firsts) <= _FIRST_ERROR * (1 + np.abs(firsts)))
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = (
            f"When it was timed, a payoff at s0 was {mine[at]:.7g}. Expected was "
            f"{firsts[at]:.7g}, as in the checks."
        )
        raise WrongValue(msg, hint=_TIMED_HINT)
    for first in np.unique(firsts):
        ends = [
            np.sort(
                [float(r[-1]) for r, f in zip(rows, firsts, strict=True) if f == first]
            )
            for rows in (own, others)
        ]
        apart = _distance(*ends)
        limit = 2 * np.sqrt(np.log(2 / _FALSE_ALARM) / (2 * len(ends[0])))
        if not apart <= limit:
            msg = (
                f"When it was timed, the payoffs of {len(ends[0])} paths at the last step "
                f"were others than in the checks: up to {apart:.0%} of them lie on the "
                "other side of a payoff of the plain program's."
            )
            raise WrongValue(msg, hint=_TIMED_HINT)


def _distance(one: Payoffs, two: Payoffs) -> float:
    """
    Return the largest difference of two empirical distributions, rounding aside.

    Half of the payoffs are minus the premium: they must be the same numbers whether a
    program rounds it to float32 or not.
    """
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        return 1.0
    places = np.concatenate([one, two])
    rounding = _FIRST_ERROR * (1 + np.abs(places))

    def shares(ends: Payoffs, at: Payoffs) -> Payoffs:
        found: Payoffs = np.searchsorted(ends, at, side="right") / len(ends)
        return found

    return float(
        max(
            np.max(shares(lower, places - rounding) - shares(upper, places + rounding))
            for lower, upper in ((one, two), (two, one))
        )
    )
