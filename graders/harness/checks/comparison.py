"""Compare arrays with the oracle's, and say what a difference looks like."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks.figures import see_error
from graders.harness.errors import WrongDtype, WrongMemorySpace, WrongShape, WrongValue
from graders.harness.worker.wire import ArrayValue, Opaque

Array = npt.NDArray[Any]

# An element may be this many times further off than the whole array is on average: the
# largest of a million rounding errors lies about five standard deviations out.
_ELEMENT_MARGIN = 10.0
_FACTOR_AGREEMENT = 1e-3
_DIGITS, _ALL_DIGITS = 6, 17
_FEW_DIGITS = 2e-3  # half precision has three, and sums keep them


def expect_array(
    value: Any,
    *,
    shape: Sequence[int] | Sequence[Sequence[int]],
    dtype: str | Sequence[str],
    memory_space: str | None = None,
    name: str = "the result",
) -> Array:
    """
    Return an observed array after judging its type, memory space, shape and dtype.

    Args:
        value: The observed value.

        shape: The expected shape, or a list of shapes that are all right.

        dtype: The expected dtype's name, or several.

        memory_space: ``"cpu"`` or ``"cuda"``, or None where either is right.

        name: How the message calls the value.

    Raises:
        WrongDtype: It is no array, or its dtype is another.

        WrongMemorySpace: It lies in the other memory space.

        WrongShape: It has another shape.
    """
    if not isinstance(value, ArrayValue):
        wanted = {"cuda": "a CuPy array", "cpu": "a NumPy array"}.get(
            memory_space or "", "an array"
        )
        msg = f"{_capital(name)} is {describe(value)}. Expected was {wanted}."
        raise WrongDtype(msg, hint=_no_array_hint(value))
    if memory_space is not None and value.memory_space != memory_space:
        raise_memory_space(value, memory_space, name)
    shapes = _shapes(shape)
    if value.shape not in shapes:
        wanted = " or ".join(str(s) for s in shapes)
        msg = f"{_capital(name)} has the shape {value.shape}. Expected was {wanted}."
        raise WrongShape(msg, hint=_shape_hint(value.shape, shapes))
    dtypes = (dtype,) if isinstance(dtype, str) else tuple(dtype)
    if value.dtype not in dtypes:
        wanted = " or ".join(dtypes)
        msg = f"{_capital(name)} has the dtype {value.dtype}. Expected was {wanted}."
        raise WrongDtype(
            msg, hint="Look for a constant or an array of another precision."
        )
    return value.array


def raise_memory_space(
    value: ArrayValue, memory_space: str, name: str = "the result"
) -> None:
    """Raise the failure for an array that lies in the wrong memory space."""
    places = {"cpu": "CPU", "cuda": "GPU"}
    msg = (
        f"{_capital(name)} is in {places[value.memory_space]} memory ({value.type_name}). "
        f"Expected was {places[memory_space]} memory."
    )
    hint = (
        "Return the CuPy array before it is copied to the host."
        if memory_space == "cuda"
        else "Copy the result back with cupy.asnumpy."
    )
    raise WrongMemorySpace(msg, hint=hint)


@np.errstate(all="ignore")  # numbers of a stranger overflow; that is no fault of ours
def expect_close(
    actual: Array,
    expected: Array,
    *,
    relative_error: float,
    name: str = "the result",
    where: str = "",
    mistakes: Mapping[str, Callable[[], Array]] | None = None,
) -> None:
    """
    Judge an array's values against the oracle's.

    The array passes if every element is finite, the L2 norm of the difference is at
    most ``relative_error`` times the oracle's norm (nvmath-python's own tests use this
    criterion), and no element is further off than ten times ``relative_error`` of the
    largest one: a single wrong element among a million would vanish in the norm.

    Args:
        actual: The observed values.

        expected: The oracle's, float64 or complex128, of the same shape.

        relative_error: The tolerance.

        name: How the message calls the values.

        where: The case, for the message, such as ``"97 x 131, sigma 2"``.

        mistakes: Messages of known mistakes and functions that give what each would return.

    Raises:
        WrongValue: The values differ; the message names the largest error, its place, and
            the mistake that would give these values where one is recognised.
    """
    if actual.shape != expected.shape:
        msg = f"{_capital(name)} has the shape {actual.shape}, not {expected.shape}."
        raise WrongShape(msg, hint=_shape_hint(actual.shape, [expected.shape]))
    if actual.size == 0:
        return
    is_complex = np.iscomplexobj(expected) or np.iscomplexobj(actual)
    wide = actual.astype(np.complex128 if is_complex else np.float64)
    difference = np.abs(wide - expected)
    scale = float(np.max(np.abs(expected)))
    norm = float(np.linalg.norm(expected))
    good = (
        bool(np.isfinite(wide).all())
        and float(np.linalg.norm(difference)) <= relative_error * norm + _tiny(expected)
        and float(difference.max())
        <= _ELEMENT_MARGIN * relative_error * scale + _tiny(expected)
    )
    if good:
        return
    limit = _ELEMENT_MARGIN * relative_error * scale
    see_error(name, where, wide, expected, limit=limit)
    in_case = f" for {where}" if where else ""
    seen = _largest(wide, expected, difference, scale)
    cause = _cause(wide, expected, relative_error, mistakes or {})
    msg = f"{_capital(name)} is wrong{in_case}: {seen}"
    raise WrongValue(msg, hint=cause)


def expect_number(value: Any, name: str = "the result") -> float:
    """
    Return an observed real number as a float.

    Python and NumPy numbers are right; arrays, also 0-d CuPy arrays, and texts are not.

    Raises:
        WrongDtype: It is something else.
    """
    if type(value) in (int, float):
        return float(value)
    is_scalar = isinstance(value, ArrayValue) and value.shape == ()
    if is_scalar and value.memory_space == "cpu" and value.array.dtype.kind in "iuf":
        return float(value.array)
    msg = f"{_capital(name)} is {describe(value)}. Expected was a number (float)."
    raise WrongDtype(msg, hint=_no_number_hint(value))


def describe(value: Any) -> str:
    """Return a few words that say what an observed value is."""
    if value is None:
        return "None"
    if isinstance(value, ArrayValue):
        return f"a {value.type_name} of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, Opaque):
        name = value.type_name
        if name.startswith("graders."):  # the simulator's own stands for a library's
            name = name.rpartition(".")[2]
        if name.startswith(("a ", "an ")):  # the worker's own words
            return name
        if " of " in name:
            return f"an {name}" if name[0] in "aeiouO" else f"a {name}"
        return f"an object of type {name}"
    if isinstance(value, int | float | complex):
        return f"the {type(value).__name__} {value!r}"[:80]
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)} items"
    return f"a {type(value).__name__}"


def _no_array_hint(value: Any) -> str:
    if value is None:
        return "Is there a return statement on every path?"
    if isinstance(value, list | tuple):
        return (
            "Return one array: take it out of the tuple, or join a list with cp.stack."
        )
    return "Return the array that the docstring describes."


def _no_number_hint(value: Any) -> str:
    if value is None:
        return "Is there a return statement on every path?"
    if isinstance(value, ArrayValue):
        return "float(x) makes one."
    return "Return the number itself, without a text or anything else round it."


def _largest(actual: Array, expected: Array, difference: Array, scale: float) -> str:
    broken = ~np.isfinite(actual)
    if broken.any():
        count, total = int(broken.sum()), broken.size
        index = tuple(int(i) for i in np.argwhere(broken)[0])
        return (
            f"{count:,} of {total:,} elements are NaN or infinite, the first at {index}, "
            f"where {_number(expected[index])} was expected."
        )
    index = tuple(
        int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape)
    )
    seen, wanted = _told_apart(actual[index], expected[index])
    return (
        f"the largest error is {_amount(float(difference.max()))}"
        f"{_share(float(difference.max()), scale)}, at {index}: {seen} instead of "
        f"{wanted}."
    )


def _amount(number: float) -> str:
    """Return three digits of a number, large ones as one writes them by hand."""
    return f"{number:,.0f}" if 1000 <= number < 1e9 else f"{number:.3g}"  # noqa: PLR2004


def _share(error: float, scale: float) -> str:
    """Return how large an error is beside the largest value that was expected."""
    if not scale:
        return ""
    if error > scale:
        return f" ({_amount(error / scale)} times the largest value)"
    return f" ({error / scale:.2g} of the largest value)"


def _cause(
    actual: Array,
    expected: Array,
    relative_error: float,
    mistakes: Mapping[str, Callable[[], Array]],
) -> str:
    close = max(relative_error * 20, 1e-4)
    known, least = "", close
    for message, wrong in mistakes.items():
        distance = _distance(actual, wrong())
        if distance <= relative_error:
            return message
        if distance <= least:  # one that explains less exactly
            known, least = message, distance / 4
    exact = _cut_off(actual, expected, relative_error)
    exact = exact or _slightly_scaled(actual, expected, relative_error)
    if exact or known:
        return exact or known
    if np.isnan(actual).any():
        return (
            "NaN marks memory that nothing wrote: is every element written, and before "
            "the call returns?"
        )
    factor = _constant_factor(actual, expected)
    if factor is not None:
        return _factor_text(factor, expected.shape)
    return _of_another_kind(actual, expected, relative_error) or _rearranged(
        actual, expected, close
    )


def _cut_off(actual: Array, expected: Array, relative_error: float) -> str:
    """Recognise values that end where they should go on, or go on where they should end."""
    if np.iscomplexobj(actual) or not np.isfinite(actual).all():
        return ""
    below = (expected == 0) & (actual < 0)
    rest = np.where(below, 0, actual)
    if below.any() and expected.min() == 0 and _near(rest, expected, relative_error):
        return (
            f"{int(below.sum()):,} elements are negative, the first at {_first(below)}; "
            "all others are right. Expected is 0 there: what makes it of a negative one?"
        )
    low, high = float(actual.min()), float(actual.max())
    clipped = np.clip(expected, low, high)
    cut = np.abs(clipped - expected) > relative_error * float(np.max(np.abs(expected)))
    if low < high and cut.any() and _near(actual, clipped, relative_error):
        where = (
            f"{int(cut.sum()):,} elements should lie beyond, the first at {_first(cut)}"
        )
        return (
            f"The values end at {low:.6g} and {high:.6g}; {where}: what cuts them off?"
        )
    return ""


def _slightly_scaled(actual: Array, expected: Array, relative_error: float) -> str:
    """Recognise a factor so near to 1 that it looks like rounding."""
    power = float(np.vdot(expected, expected).real)
    if power == 0 or not np.isfinite(actual).all():
        return ""
    factor = float(np.vdot(expected, actual).real) / power
    rest = float(np.linalg.norm(actual - factor * expected))
    is_scaled = 2 * relative_error < abs(factor - 1) <= _FACTOR_AGREEMENT
    if is_scaled and rest <= relative_error * math.sqrt(power):
        return (
            f"Every element is {factor:.12g} times what it should be: is a factor rounded, "
            "or a little off?"
        )
    return ""


def _of_another_kind(actual: Array, expected: Array, relative_error: float) -> str:
    """Recognise a lost imaginary part, and values that are right to a few digits."""
    if np.iscomplexobj(expected) and np.any(expected.imag) and not np.any(actual.imag):
        return (
            "The imaginary part is 0 everywhere: look for .real, abs and real dtypes."
        )
    off = np.abs(actual - expected) > relative_error * np.abs(expected)
    if _distance(actual, expected) <= _FEW_DIGITS and float(off.mean()) > 0.5:  # noqa: PLR2004
        return (
            "This is right to a few digits: is something rounded to a lower precision, "
            "or to whole numbers, on its way?"
        )
    return ""


def _near(actual: Array, wrong: Array, close: float) -> bool:
    return _distance(actual, wrong) <= close


def _distance(actual: Array, wrong: Array) -> float:
    """Return how far the result is from a mistake's, by the norm of the latter."""
    if actual.shape != wrong.shape or not np.isfinite(actual).all():
        return math.inf
    norm = float(np.linalg.norm(wrong))
    difference = float(np.linalg.norm(actual - wrong))
    if difference == 0:
        return 0.0
    return difference / norm if norm else math.inf


def _constant_factor(actual: Array, expected: Array) -> float | None:
    power = float(np.vdot(expected, expected).real)
    if power == 0 or not np.isfinite(actual).all():
        return None
    factor = float(np.vdot(expected, actual).real) / power
    rest = float(np.linalg.norm(actual - factor * expected))
    if (
        abs(factor - 1) > _FACTOR_AGREEMENT
        and abs(factor) > 0
        and rest <= _FACTOR_AGREEMENT * abs(factor) * math.sqrt(power)
    ):
        return factor
    return None


def _factor_text(factor: float, shape: tuple[int, ...]) -> str:
    text = f"Every element is {factor:.6g} times what it should be."
    sizes = {math.prod(shape), math.prod(shape[-2:]), math.prod(shape[:2]), *shape}
    for size in sizes:
        if size > 1 and math.isclose(factor, size, rel_tol=_FACTOR_AGREEMENT):
            question = "where is the result divided by that?"
            return f"{text} {size} elements are transformed: {question}"
        if size > 1 and math.isclose(factor, 1 / size, rel_tol=_FACTOR_AGREEMENT):
            return f"{text} Is it divided by {size} once too often?"
        if size > 1 and math.isclose(factor**2, size, rel_tol=_FACTOR_AGREEMENT):
            return f"{text} That is the square root of {size}: what is it divided by?"
        if size > 1 and math.isclose(factor, size**2, rel_tol=_FACTOR_AGREEMENT):
            question = "is it multiplied where it should be divided?"
            return f"{text} That is {size} squared: {question}"
    return text


def _rearranged(actual: Array, expected: Array, close: float) -> str:
    for axis, length in enumerate(expected.shape):
        flipped = np.flip(expected, axis)
        if length > 1 and _near(actual, flipped, close):
            if length == 3:  # noqa: PLR2004 - colour channels
                return "The colour channels are in the opposite order."
            return f"The elements run backwards along axis {axis}."
        if 1 < length <= 8192 and actual.size <= 2**22:  # noqa: PLR2004 - keep it quick
            for shift in (1, -1):
                if _near(actual, np.roll(expected, shift, axis), close):
                    return f"The elements are shifted by one along axis {axis}."
    square = expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]  # noqa: PLR2004
    if square and _near(actual, np.swapaxes(expected, -1, -2), close):
        return "The result is transposed: rows and columns are exchanged."
    if _near(actual, np.zeros_like(expected), close) or not np.any(actual):
        return "Every element is zero."
    wrong = np.abs(actual - expected) > close * float(np.max(np.abs(expected)))
    share = float(wrong.mean())
    if 0 < share < 0.5 and wrong.ndim:  # noqa: PLR2004 - most of it is right
        count = f"{int(wrong.sum()):,} of {wrong.size:,}"
        return f"{count} elements are wrong; the first is at {_first(wrong)}."
    return ""


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _tiny(expected: Array) -> float:
    """Return what a float32 program may leave where the oracle has exact zeros."""
    return 0.0 if np.any(expected) else 1e-30


def _number(value: Any, digits: int = _DIGITS) -> str:
    number = complex(value) if np.iscomplexobj(value) else float(value)
    return f"{number:.{digits}g}"


def _told_apart(one: Any, other: Any) -> tuple[str, str]:
    """Return two numbers with so many digits that they do not look the same."""
    for digits in (_DIGITS, 9, 13, _ALL_DIGITS):
        shown = _number(one, digits), _number(other, digits)
        if shown[0] != shown[1]:
            break
    return shown


def _shapes(shape: Sequence[Any]) -> list[tuple[int, ...]]:
    if shape and not isinstance(shape[0], int):
        return [tuple(s) for s in shape]
    return [tuple(shape)]


def _shape_hint(seen: tuple[int, ...], shapes: list[tuple[int, ...]]) -> str:
    for wanted in shapes:
        if len(seen) != len(wanted):
            continue
        if sorted(seen) == sorted(wanted) and seen != wanted:
            return "The axes are in another order."
        off = [i for i in range(len(seen)) if seen[i] != wanted[i]]
        # Without a word about parity, an inverse real transform makes odd lengths even.
        if len(off) == 1 and seen[off[0]] == wanted[off[0]] - 1 and wanted[off[0]] % 2:
            return (
                "An inverse real transform cannot tell an odd length from an even one: "
                "look at last_axis_parity."
            )
    if all(len(wanted) != len(seen) for wanted in shapes):
        return (
            "An axis is lost or added: look for an index, a sum or a reshape that does "
            "that."
        )
    return "Print the shapes on the way: after which line is the size another?"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
