"""The checks of ``matmul_validation``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from graders.harness.checks import ArrayValue, Learner, describe, proxy
from graders.harness.errors import (
    Crashed,
    TimedOut,
    WrongDtype,
    WrongShape,
    WrongValue,
)
from graders.kernel_fusion.candidates import RIGHT, WRONG, Candidate

Array = npt.NDArray[Any]
Draw = Callable[[str], np.random.Generator]
Limits = Mapping[str, Any]

_OPERANDS = ("a", "b", "bias")
_STEPS = ("product", "biased", "activated")
_PRECISIONS = ({"float32"}, {"float64"})
_SHORT = 64  # operands that are multiples of 1/64 give results without rounding
_MOST_ROUNDED = Fraction(1, 50)  # of a step's largest entry
_LARGEST_CHECKED = 1000  # entries of a matrix that are multiplied out exactly


def test_case_consistent(learner: Learner, oracles: ModuleType) -> None:
    """The case's three results follow from its operands, to the last digit."""
    case = _case(learner)
    exact = oracles.exact_steps(case["a"], case["b"], case["bias"])
    operands = [case[name] for name in _OPERANDS]
    for name in _STEPS:
        given, expected = case[name], getattr(exact, name)
        if given.shape != expected.shape:
            msg = f"{name} has the shape {given.shape}. Expected was {expected.shape}."
            raise WrongShape(msg, hint="Every step has m rows and n columns.")
        # Where terms cancel, rounding would hide whatever a step holds.
        most = _MOST_ROUNDED * max(map(abs, expected.flat), default=Fraction(0))
        allowed = _rounding(given, operands) * exact.scale
        for index in np.ndindex(given.shape):
            number, wanted = given[index].item(), expected[index]
            off = abs(Fraction(number) - wanted)
            if off > min(allowed[index], most) and not _nearest(given, wanted, number):
                place = f"{name}[{', '.join(map(str, index))}]"
                msg = f"{place} is {given[index]!s}. Expected was {_as_float(wanted):.12g}."
                raise WrongValue(msg, hint=_step_hint(name, case))


def test_case_covers(learner: Learner, oracles: ModuleType, limits: Limits) -> None:
    """The case is small, and tells programs apart that a careless case would not."""
    case = _case(learner)
    exact = oracles.exact_steps(case["a"], case["b"], case["bias"])
    (m, n), largest = exact.product.shape, int(limits["largest_case"])
    below, above = int(np.sum(exact.biased < 0)), int(np.sum(exact.biased > 0))
    missing = []
    if m == n:
        missing.append(f"m and n are both {m}: a bias along the wrong axis goes unseen")
    if not below:
        missing.append("no entry of A B + b is negative: a missing ReLU goes unseen")
    if not above:
        missing.append("no entry of A B + b is positive: a result of zeros goes unseen")
    if len(set(case["bias"].tolist())) <= 1:
        missing.append("the bias is the same for every row: its axis goes unseen")
    sizes = {"a": case["a"].size, "b": case["b"].size, "product": exact.product.size}
    large = [f"{name} has {n} entries" for name, n in sizes.items() if n > largest]
    if large:
        msg = (
            f"The case is too large for a pencil: {', '.join(large)}. Expected were at "
            f"most {largest} in each."
        )
        raise WrongValue(msg, hint="Two to four rows and columns show every mistake.")
    if missing:
        msg = f"The case leaves something out: {'; '.join(missing)}."
        raise WrongValue(msg, hint="Which mistake would this case not notice?")


def test_matches(learner: Learner, draw: Draw, limits: Limits) -> None:
    """The test accepts every right program and refuses every wrong one."""
    candidates = [*RIGHT, *WRONG]
    missed = []
    called, uncalled = 0, 0
    for index in draw("candidates").permutation(len(candidates)):
        candidate = candidates[index]
        watched = _Watched(candidate, limits)
        accepted = _accepts(learner, watched)
        called += bool(watched.calls)
        if candidate.right and not accepted:
            _raise_refused(watched, others_called=called > 0)
        if accepted and not candidate.right:
            uncalled += not watched.calls
            escape = " (its exception got out of matches)" if watched.escaped else ""
            missed.append(f"one that {candidate.what}{escape}")
    if missed:
        caught = len(WRONG) - len(missed)
        msg = (
            f"matches refused {caught} of {len(WRONG)} wrong programs. It missed "
            f"{_some(sorted(missed))}."
        )
        if uncalled:
            msg += f" It did not call {uncalled} of those that it missed."
        hint = "Which case would show it, and what must be compared there?"
        raise WrongValue(msg, hint=hint, earned=caught / len(WRONG))


@dataclass
class _Watched:
    """
    A candidate as it is handed out: bounded, and remembering what it saw.

    Attributes:
        calls: How often it was called.

        raised: Whether it raised an exception of its own.

        escaped: Whether ``matches`` let that exception out.

        misuse: How it was called against its contract, or nothing.

        odd_dtypes: Dtypes it was called with that are not float32 or float64 throughout.
    """

    candidate: Candidate
    limits: Limits
    calls: int = 0
    raised: bool = False
    escaped: bool = False
    misuse: str = ""
    odd_dtypes: str = ""

    def __call__(self, arguments: list[Array]) -> Array:
        self.calls += 1
        try:
            a, b, bias = self._operands(arguments)
            with np.errstate(all="ignore"):
                return self.candidate.program(a, b, bias)
        except Exception:
            self.raised = True
            raise

    def _operands(self, arguments: list[Array]) -> tuple[Array, Array, Array]:
        if len(arguments) != len(_OPERANDS):
            self._refuse(f"with {len(arguments)} arguments, not 3")
        a, b, bias = arguments
        shapes = f"with the shapes {a.shape}, {b.shape} and {bias.shape}"
        fits = a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]
        if not fits or bias.shape != a.shape[:1]:
            self._refuse(f"{shapes}, not (m, k), (k, n) and (m,)")
        largest = int(self.limits["largest_matrix"])
        # An array without elements may have any extents.
        entries = (a.size, b.size, a.shape[0] * b.shape[1], *a.shape, *b.shape)
        if max(entries) > largest:
            self._refuse(f"{shapes}, above {largest:,} entries a matrix")
        if any(x.dtype.kind not in "iuf" for x in arguments):
            dtypes = ", ".join(str(x.dtype) for x in arguments)
            self._refuse(f"with the dtypes {dtypes}, not with real numbers")
        if {x.dtype.name for x in arguments} not in _PRECISIONS:
            self.odd_dtypes = ", ".join(str(x.dtype) for x in arguments)
        most = int(self.limits["most_calls"])
        if self.calls > most:
            self._refuse(f"more than {most} times")
        return a, b, bias

    def _refuse(self, problem: str) -> None:
        self.misuse = problem
        msg = f"the candidate was called {problem}"
        raise ValueError(msg)


def _raise_refused(watched: _Watched, *, others_called: bool) -> NoReturn:
    """Raise the failure for a right program that was refused; say why where it shows."""
    msg = f"matches refused a right program: one that {watched.candidate.what}."
    hint = "Right programs differ by rounding and memory order. How far may they?"
    if not watched.calls and others_called:
        msg += (
            " It did not call it, though it called another one. Expected was that it "
            "tries each program that it is given."
        )
        hint = "Is a verdict kept from another program, by its name or its id?"
    elif not watched.calls:
        msg += " No call of it came through: it takes three CuPy arrays."
        hint = (
            "Pass a, b and bias and nothing else; cp.asarray makes CuPy arrays. What "
            "does matches catch?"
        )
    elif watched.odd_dtypes:
        msg += f" It was called with the dtypes {watched.odd_dtypes}."
    raise WrongValue(msg, hint=hint)


def _accepts(learner: Learner, watched: _Watched) -> bool:
    """Return whether ``matches`` lets a candidate through, as right or by raising."""
    try:
        value = learner.call("matches", proxy(watched)).value
    except TimedOut:
        _raise_misuse(watched)
        raise
    except Crashed:
        _raise_misuse(watched)
        if not watched.raised:
            raise
        watched.escaped = True
        return True
    _raise_misuse(watched)
    if isinstance(value, ArrayValue) and value.shape == () and value.dtype == "bool":
        return bool(value.array)
    if not isinstance(value, bool):
        msg = f"matches returned {describe(value)}. Expected was True or False."
        raise WrongDtype(msg, hint=_verdict_hint(value))
    return value


def _verdict_hint(value: Any) -> str:
    if value is None:
        return "Is there a return statement on every path?"
    if isinstance(value, ArrayValue) and value.shape == ():
        return "bool(x) makes one of an array with one element."
    return "Compare it with a tolerance, and return whether every comparison held."


def _raise_misuse(watched: _Watched) -> None:
    if watched.misuse:
        msg = f"matches called the candidate {watched.misuse}."
        raise WrongValue(msg, hint="The docstring says what a candidate takes.")


def _case(learner: Learner) -> dict[str, Array]:
    """Return the learner's case after judging its keys, types and operands' shapes."""
    value = learner.call("make_case").value
    if not isinstance(value, dict):
        msg = f"make_case returned {describe(value)}. Expected was a dictionary."
        raise WrongDtype(msg, hint="The docstring lists its six keys.")
    missing = [name for name in (*_OPERANDS, *_STEPS) if name not in value]
    if missing:
        msg = f"The case lacks {', '.join(missing)}."
        raise WrongValue(msg, hint="The docstring lists the six keys.")
    case = {name: _reals(name, value[name]) for name in (*_OPERANDS, *_STEPS)}
    a, b, bias = (case[name] for name in _OPERANDS)
    fits = a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0]
    if not fits or bias.shape != a.shape[:1] or not a.size or not b.size:
        msg = (
            f"a, b and bias have the shapes {a.shape}, {b.shape} and {bias.shape}. "
            "Expected were (m, k), (k, n) and (m,), none of them empty."
        )
        raise WrongShape(
            msg, hint="Two matrices that can be multiplied, one bias a row."
        )
    if max(a.size, b.size, a.shape[0] * b.shape[1]) > _LARGEST_CHECKED:
        msg = f"a is {a.shape[0]} x {a.shape[1]} and b {b.shape[0]} x {b.shape[1]}. "
        msg += "Expected were matrices that can be worked out by hand."
        raise WrongValue(msg, hint="Two or three rows and columns are enough.")
    return case


def _reals(name: str, value: Any) -> Array:
    if not isinstance(value, ArrayValue):
        seen = describe(value)
        if " of dtype " in seen:
            msg = f"{name} is {seen}. Expected were real numbers of at most 64 bits."
            raise WrongDtype(msg, hint="astype('float64') makes an array of such.")
        msg = f"{name} is {seen}. Expected was a NumPy or CuPy array."
        raise WrongDtype(msg, hint="np.array makes one of a list, or of lists of rows.")
    if value.array.dtype.kind not in "iuf":
        msg = f"{name} has the dtype {value.dtype}. Expected were real numbers."
        hint = "np.array(rows, dtype='float64') makes an array of such."
        raise WrongDtype(msg, hint=hint)
    if not np.isfinite(value.array).all():
        msg = f"{name} has entries that are not finite. Expected were numbers."
        raise WrongValue(msg)
    return value.array


@np.errstate(all="ignore")
def _rounding(step: Array, operands: list[Array]) -> Fraction:
    """
    Return the rounding error that a step may have, relative to the sum of magnitudes.

    None at all for whole numbers and other short fractions, which add and multiply
    exactly; for others one rounding for each term, as decimal fractions have in binary.
    """
    if all(float(x * _SHORT).is_integer() for array in operands for x in array.flat):
        return Fraction(0)
    floats = [x.dtype for x in (step, *operands) if x.dtype.kind == "f"]
    eps = max((float(np.finfo(dtype).eps) for dtype in floats), default=0.0)
    terms: int = operands[0].shape[1] + 1
    return Fraction(eps) * (terms + 1)


def _nearest(step: Array, exact: Fraction, number: float) -> bool:
    """Return whether no number of the step's floating-point dtype is nearer."""
    if step.dtype.kind != "f":
        return False
    with np.errstate(over="ignore"):
        return float(step.dtype.type(_as_float(exact))) == number


def _as_float(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@np.errstate(all="ignore")
def _step_hint(name: str, case: Mapping[str, Array]) -> str:
    a, b, bias = (case[key].astype(np.float64) for key in _OPERANDS)
    product = a @ b
    along_rows = product + np.resize(bias, product.shape[1])
    if name == "biased" and np.allclose(case[name], along_rows):
        return (
            "The bias has one entry for each row of the product, not for each column."
        )
    if name == "activated" and np.array_equal(case[name], case["biased"]):
        return "ReLU replaces every negative entry by 0."
    if name == "product" and np.allclose(case[name], np.maximum(product, 0)):
        return "ReLU comes last: the product keeps its signs."
    return "Work this entry out once more, with the pencil."


def _some(texts: list[str]) -> str:
    shown = texts[:4]
    rest = len(texts) - len(shown)
    more = f"; and {rest} more" if rest else ""
    return f"{'; '.join(shown)}{more}"
