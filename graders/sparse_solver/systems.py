"""Sparse systems for the graders: how they are drawn, and how a solution is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graders.harness.errors import WrongValue

Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]
Array = npt.NDArray[Any]

# So near to what a mistake gives a wrong solution is that mistake's.
_RECOGNISED = 1e-3
# Beyond this a mistake's solution takes longer than its message is worth.
_LARGEST_EXPLAINED = 3000


@dataclass(frozen=True)
class System:
    """
    A matrix with its right-hand sides.

    Attributes:
        name: What is special about it, for messages.

        matrix: SciPy's, (n, n), with the entries in the order in which they are handed
            over.

        b: (n, r), one column for each right-hand side.
    """

    name: str
    matrix: Any
    b: Array

    @property
    def where(self) -> str:
        """The system in the learner's words, for messages."""
        n, r = self.b.shape
        return f"{self.name}, n {n}, r {r}, {self.b.dtype}"


def dominant(rng: np.random.Generator, n: int, *, positive: bool = False) -> Any:
    """
    Return an unsymmetric matrix with a dominant diagonal of either sign, or positive.

    A row has about six entries, of either sign. One with a positive diagonal may be taken
    for a definite matrix by who looks at that alone.
    """
    others = min(5, n - 1)
    rows = np.repeat(np.arange(n), others)
    steps = np.concatenate(
        [rng.choice(n - 1, others, replace=False) + 1 for _ in range(n)]
    )
    values = rng.uniform(0.5, 2.0, rows.size) * rng.choice([-1.0, 1.0], rows.size)
    made = _with_diagonal(rng, rows, (rows + steps) % n, values, n)
    if positive:
        made.data[made.row == made.col] = np.abs(made.data[made.row == made.col])
    return made


def same_pattern(rng: np.random.Generator, matrix: Any) -> Any:
    """Return a matrix with entries at the same places, and other values."""
    off = sp.coo_array(matrix.copy())
    keep = off.row != off.col
    values = rng.uniform(0.5, 2.0, int(keep.sum()))
    values *= rng.choice([-1.0, 1.0], values.size)
    n = matrix.shape[0]
    return _with_diagonal(rng, off.row[keep], off.col[keep], values, n)


def _with_diagonal(
    rng: np.random.Generator, rows: Array, columns: Array, values: Array, n: int
) -> Any:
    sums = np.bincount(rows, np.abs(values), n)
    diagonal = sums * rng.uniform(1.5, 2.5, n) * rng.choice([-1.0, 1.0], n)
    everything = (
        np.concatenate([values, diagonal]),
        (np.concatenate([rows, np.arange(n)]), np.concatenate([columns, np.arange(n)])),
    )
    return sp.coo_matrix(everything, shape=(n, n))


def definite(rng: np.random.Generator, height: int, width: int) -> Any:
    """Return a symmetric positive definite matrix: heat on a grid of uneven material."""
    laplacian = _grid(rng.uniform(0.5, 2.0, (2, height, width)))
    leak = sp.diags_array(rng.uniform(0.3, 1.0, height * width))
    return sp.coo_matrix(laplacian + leak)


def _grid(weights: Array) -> Any:
    """Return the Laplacian of a grid: each row adds up to 0."""
    _, height, width = weights.shape
    numbers = np.arange(height * width).reshape(height, width)
    pairs = [
        (numbers[:, :-1], numbers[:, 1:], weights[0][:, :-1]),
        (numbers[:-1], numbers[1:], weights[1][:-1]),
    ]
    one = np.concatenate([p[0].ravel() for p in pairs])
    other = np.concatenate([p[1].ravel() for p in pairs])
    weight = np.concatenate([p[2].ravel() for p in pairs])
    n = height * width
    half = sp.coo_array((-weight, (one, other)), shape=(n, n))
    links = half + half.T
    return sp.coo_array(links - sp.diags_array(links.sum(axis=1)))


def unevenly_scaled(rng: np.random.Generator, n: int, r: int) -> tuple[Any, Array]:
    """
    Return a dominant system whose equations differ a millionfold in size, with large x.

    An equation is multiplied on both sides by a power of two, from 2**-20 to 1: that
    changes no solution, and leaves pivots far larger than those that cuDSS replaces.
    Solutions are around 1e6, but no larger than b makes them: max |A| max |x| is a few
    times max |b|.
    """
    scales = 2.0 ** rng.permutation(np.linspace(-20, 0, n).round())
    matrix = sp.coo_matrix(sp.diags_array(scales) @ dominant(rng, n))
    b = 2.0**23 * scales[:, None] * rng.standard_normal((n, r))
    return matrix, np.asfortranarray(b)


def singular(rng: np.random.Generator) -> list[System]:
    """
    Return systems of singular matrices, which have no solution.

    The first matrices are symmetric with whole numbers that add up to 0 in each row, so
    that A x does too; the numbers of b are positive. In the others one row comes twice, and
    the two numbers of b are opposite. The unknowns of three of these fall into two groups
    that share no equation, and only the smaller group's equations are singular: b is zero
    there in the first column or in the last, so that this column alone has solutions, and a
    solver that goes on past a vanished pivot finds one. Some have many columns, one column,
    small numbers in b, or single precision.
    """
    rows = "a singular matrix with a row that comes twice"
    zero = "a singular matrix whose rows add up to 0"
    return [
        System(zero, *_adding_up_to_0(rng, 3)),
        System(rows, *_solvable_for(rng, 0)),
        System(f"another {rows[2:]}", *_solvable_for(rng, -1)),
        System(f"{rows} and one column of b", *_twice_a_row(rng, 1)),
        System(f"{zero} and small numbers in b", *_adding_up_to_0(rng, 6, 1e-9)),
        System(f"{zero} in single precision", *_adding_up_to_0(rng, 3, 1.0, "float32")),
        System(f"{rows} and small numbers in b", *_solvable_for(rng, 0, 1e-9)),
        System(f"{rows}, columns of b of other sizes", *_mostly_solvable(rng)),
    ]


def _adding_up_to_0(
    rng: np.random.Generator, r: int, size: float = 1.0, dtype: str = "float64"
) -> tuple[Any, Array]:
    height, width = int(rng.integers(4, 7)), int(rng.integers(7, 10))
    weights = rng.integers(1, 5, (2, height, width)).astype(np.float64)
    b = np.abs(right_hand_sides(rng, height * width, r, dtype))
    if size != 1.0:
        b *= size / b.max(axis=0)
    return sp.coo_matrix(_grid(weights)), b


def _twice_a_row(rng: np.random.Generator, r: int, n: int = 0) -> tuple[Any, Array]:
    n = n or int(rng.integers(30, 45))
    full = dominant(rng, n).tolil()
    one, other = rng.choice(n, 2, replace=False)
    full[one] = full[other]
    b = right_hand_sides(rng, n, r, "float64")
    b[other] = np.abs(b).max(axis=0)  # as large as any: what is left of it shows
    b[one] = -b[other]
    return sp.coo_matrix(full), b


def _solvable_for(
    rng: np.random.Generator, column: int, size: float = 1.0
) -> tuple[Any, Array]:
    """Return a system of two columns of b, one of which has solutions."""
    n = int(rng.integers(30, 45))
    part, of_part = _twice_a_row(rng, 2, n=9)
    of_rest = right_hand_sides(rng, n, 2, "float64")
    # As large as the rest, or what cannot be solved is too little to be seen.
    of_part *= np.abs(of_rest).max(axis=0) / np.abs(of_part).max(axis=0)
    of_part[:, column] = 0.0
    whole = sp.block_diag([dominant(rng, n), part]).tocsr()
    b = np.vstack([of_rest, of_part])
    if size != 1.0:
        b *= size / np.abs(b).max(axis=0)
    order = rng.permutation(n + 9)
    return sp.coo_matrix(whole[order][:, order]), np.asfortranarray(b[order])


def _mostly_solvable(rng: np.random.Generator) -> tuple[Any, Array]:
    """Return a float32 system of which the far larger column of b has solutions."""
    matrix, b = _solvable_for(rng, 0)
    b[:, 0] *= 1e6 * np.abs(b[:, 1]).max() / np.abs(b[:, 0]).max()
    return matrix, np.asfortranarray(b, dtype=np.float32)


def split(rng: np.random.Generator, matrix: Any) -> Any:
    """
    Return the same matrix with about half of the entries in two or three parts.

    Half of those in two parts are in equal ones.
    """
    coo = matrix.tocoo()
    entries = list(zip(coo.row, coo.col, coo.data, strict=True))
    parts = []
    for row, column, value in entries:
        count = int(rng.choice([1, 1, 2, 3]))
        weights = rng.uniform(0.5, 1.5, count)
        if count == 2 and rng.random() < 0.5:  # noqa: PLR2004
            weights = np.ones(2)
        parts += [(row, column, value * w) for w in weights / weights.sum()]
    rows, columns, values = (np.array(p) for p in zip(*parts, strict=True))
    return sp.coo_matrix((values, (rows, columns)), shape=coo.shape)


def equal_ones_once(matrix: Any) -> Any:
    """Return the matrix with one alone of entries that share a place and a value."""
    kept = np.unique(np.stack([matrix.row, matrix.col, matrix.data]), axis=1)
    places = kept[:2].astype(np.int32)
    return sp.coo_matrix((kept[2], (places[0], places[1])), shape=matrix.shape)


def shuffled(rng: np.random.Generator, matrix: Any, dtype: str) -> Any:
    """Return the entries in another order, in a dtype."""
    order = rng.permutation(matrix.nnz)
    places = matrix.row[order].astype(np.int32), matrix.col[order].astype(np.int32)
    values = matrix.data[order].astype(dtype)
    return sp.coo_matrix((values, places), shape=matrix.shape)


def right_hand_sides(rng: np.random.Generator, n: int, r: int, dtype: str) -> Array:
    """Return columns of either sign, from a hundredth to a hundred times as large."""
    sizes = 10.0 ** rng.uniform(-2, 2, r)
    return np.asfortranarray(rng.standard_normal((n, r)) * sizes, dtype=dtype)


def expect_solved(
    x: Array,
    system: System,
    oracles: ModuleType,
    limits: Limits,
    *,
    side: str = "column",
    mistakes: Mapping[str, Any] | None = None,
) -> None:
    """
    Judge solutions by their backward error, column by column.

    Args:
        x: The solutions, (n, r).

        system: What was to be solved.

        oracles: The assignment's oracles.

        limits: The exercise's limits.

        side: How the message calls one of the right-hand sides.

        mistakes: Solutions of usual mistakes beside the oracles' own, by message.

    Raises:
        WrongValue: A column's error is too large. The message names the mistake that
            gives this solution, where one is recognised.
    """
    limit = float(limits["backward_error"][system.b.dtype.name])
    errors = oracles.backward_errors(system.matrix, x, system.b)
    if bool((errors <= limit).all()):
        return
    wrong = np.flatnonzero(~(errors <= limit))
    worst = wrong[int(np.argmax(np.nan_to_num(errors[wrong], nan=np.inf)))]
    broken = int((~np.isfinite(x)).sum())
    if broken:
        seen = f"{broken:,} of {x.size:,} elements of x are NaN or infinite"
    else:
        seen = f"A x is not b: the backward error is {errors[worst]:.2g}"
    which = f"{side} {worst} of {errors.size} is "
    which += "wrong" if wrong.size == 1 else f"the worst of {wrong.size} wrong ones"
    msg = (
        f"{seen} ({system.where}; {which}, counted from 0). Expected was |A x - b| / "
        f"(|A| |x| + |b|) of at most {limit:g}."
    )
    raise WrongValue(msg, hint=cause(x, system, oracles, mistakes))


def cause(
    x: Array, system: System, oracles: ModuleType, more: Mapping[str, Any] | None = None
) -> str:
    """Return the message of the mistake that gives this solution, or nothing."""
    broken = ~np.isfinite(x).all(axis=0)
    if broken.any() and not np.any(system.b[:, broken]):
        return (
            "It is so only where b is all zeros, whose solution is zero as well: what "
            "divides by the size of b, or leaves that one out?"
        )
    if broken.any():
        return (
            "NaN comes of a matrix that is not what it is declared to be, and marks memory "
            "that nothing had written when the function returned."
        )
    if system.b.shape[0] > _LARGEST_EXPLAINED:
        return ""
    if not np.any(x):
        return "Every element is zero."
    right = oracles.solve(system.matrix, system.b)
    close = np.abs(x - right) <= _RECOGNISED * np.abs(right).max(axis=0)
    if close.all():
        return "It is nearly right: is a step done in a smaller precision?"
    mistakes = {**(more or {}), **oracles.solve_mistakes(system.matrix, system.b)}
    for message, wrong in mistakes.items():
        if _near(x, wrong):
            return str(message)
    if (~close).sum() <= 0.5 * x.size:  # most of it is right
        first = tuple(int(i) for i in np.argwhere(~close)[0])
        count = f"{int((~close).sum()):,} of {x.size:,}"
        return f"{count} elements are wrong; the first is {first}."
    return ""


def _near(x: Array, wrong: Callable[[], Array]) -> bool:
    try:
        other = wrong()
    except (RuntimeError, ValueError):  # that mistake's matrix is singular
        return False
    if other.shape != x.shape or not np.isfinite(other).all():
        return False
    # Column by column: a large one must not hide the others.
    apart = np.abs(x - other).max(axis=0)
    return bool((apart <= _RECOGNISED * np.abs(other).max(axis=0)).all())


def remembered(
    system: System, earlier: Sequence[System], oracles: ModuleType
) -> dict[str, Callable[[], Array]]:
    """Return the mistake of solving with the matrix of an earlier call."""

    def solved(past: System) -> Callable[[], Array]:
        return lambda: np.asarray(oracles.solve(past.matrix, system.b))

    return {
        f"These are solutions with the matrix of an earlier call ({past.name}).": solved(
            past
        )
        for past in earlier
        if past.matrix.shape == system.matrix.shape
    }
