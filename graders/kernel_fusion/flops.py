"""Recognises which formula a count of floating-point operations came from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

Extents = tuple[int, int, int]
Count = Callable[[int, int, int], int]

# (m, n, k) to a number of operations, under the formula as a learner writes it.
_PRODUCTS: dict[str, Count] = {
    "m n (2k - 1)": lambda m, n, k: m * n * (2 * k - 1),
    "2 m n k": lambda m, n, k: 2 * m * n * k,
    "m n k": lambda m, n, k: m * n * k,
    "m n (k - 1)": lambda m, n, k: m * n * (k - 1),
    "m n (2k + 1)": lambda m, n, k: m * n * (2 * k + 1),
    "no product": lambda _m, _n, _k: 0,
}
_SCALINGS: dict[str, Count] = {
    "nothing for alpha": lambda _m, _n, _k: 0,
    "m k for alpha": lambda m, _n, k: m * k,
    "m n for alpha": lambda m, n, _k: m * n,
    "k n for alpha": lambda _m, n, k: k * n,
    "one for alpha": lambda _m, _n, _k: 1,
}
_RESTS: dict[str, Count] = {
    "2 m n for beta and the sum": lambda m, n, _k: 2 * m * n,
    "m n for beta or the sum, but not both": lambda m, n, _k: m * n,
    "nothing for beta and the sum": lambda _m, _n, _k: 0,
    "3 m n for beta and the sum": lambda m, n, _k: 3 * m * n,
}
_RIGHT_PRODUCTS = ("m n (2k - 1)", "2 m n k")
_RIGHT_REST = "2 m n for beta and the sum"
_RIGHT_SCALINGS = {"operator": "m k for alpha", "matmul": "m n for alpha"}


def formula(form: str, counts: Mapping[Extents, int]) -> tuple[str, str, str] | None:
    """
    Return the formula that gives all of these counts, or None where none is known.

    Args:
        form: ``"operator"`` or ``"matmul"``.

        counts: What was counted, by (m, n, k); several, so that one formula fits.

    Returns:
        The parts for the product, for alpha, and for beta and the sum. Where several
        formulas fit, the one with the most right parts is returned.
    """
    fitting = [
        (product, scaling, rest)
        for product, scaling, rest in itertools.product(_PRODUCTS, _SCALINGS, _RESTS)
        if all(
            _PRODUCTS[product](*x) + _SCALINGS[scaling](*x) + _RESTS[rest](*x) == count
            for x, count in counts.items()
        )
    ]
    return max(fitting, key=lambda parts: _rightness(form, parts), default=None)


def explanation(form: str, counts: Mapping[Extents, int]) -> str:
    """
    Say what is wrong with the counts of a form, as far as it can be told.

    Args:
        form: ``"operator"`` or ``"matmul"``.

        counts: What the program counted, by (m, n, k).
    """
    found = formula(form, counts)
    if found is None:
        return (
            "Count step by step: how many entries has each step's result, and how many "
            "operations does each entry take?"
        )
    product, scaling, rest = found
    wrong = []
    if product not in _RIGHT_PRODUCTS:
        wrong.append("how many operations does one entry of the product take?")
    if scaling != _RIGHT_SCALINGS[form]:
        wrong.append("which matrix does alpha multiply in this form?")
    if rest != _RIGHT_REST:
        wrong.append("how many operations are beta C, and how many the sum?")
    questions = " And ".join(wrong)
    return f"This is {product} + {scaling} + {rest}: {questions}"


def same_convention(counts: Mapping[str, Mapping[Extents, int]]) -> bool:
    """Return whether all forms count the product in the same way."""
    found = [formula(form, count) for form, count in counts.items()]
    return len({parts[0] for parts in found if parts is not None}) <= 1


def _rightness(form: str, parts: tuple[str, str, str]) -> float:
    product, scaling, rest = parts
    return (
        2 * (product in _RIGHT_PRODUCTS)
        + (scaling == _RIGHT_SCALINGS[form])
        + 2 * (rest == _RIGHT_REST)
        + sum(part.startswith("no") for part in parts) / 2  # left out: the likeliest
    )
