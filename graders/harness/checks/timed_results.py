"""Judge what timed rounds returned: rows of it, beside those of the other program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.errors import WrongShape, WrongValue
from graders.harness.worker.wire import ArrayValue

#: Rows of a result: what lies along its last axis, at places that are drawn.
Rows = Sequence[npt.NDArray[Any]]
#: Judges the learner's rows by the other program's, of the same arguments.
Verify = Callable[[Rows, Rows], None]

_HINT = "Does the program do something else when it is not being checked?"


def agreeing(relative_error: float) -> Verify:
    """
    Return a judge that wants the same numbers of both programs.

    Args:
        relative_error: The L2 norm of all differences over that of the other's numbers.

    Raises:
        WrongShape, WrongValue: What the judge raises.
    """

    def verify(own: Rows, others: Rows) -> None:
        lengths = [len(row) for row in own], [len(row) for row in others]
        if lengths[0] != lengths[1]:
            msg = (
                f"When it was timed, the result had rows of {_most(lengths[0])} numbers. "
                f"Expected were rows of {_most(lengths[1])}, as in the checks."
            )
            raise WrongShape(msg, hint=_HINT)
        expected = np.concatenate(others).astype(np.complex128)
        off = np.linalg.norm(np.concatenate(own).astype(np.complex128) - expected)
        error = float(off / (np.linalg.norm(expected) or 1.0))
        if not error <= relative_error:
            seen = f"{error:.2g}" if math.isfinite(error) else "no number at all"
            msg = (
                "When it was timed, the result was another than in the checks: it differs "
                f"from the right one by {seen} (relative, L2, over {len(expected):,} of "
                f"its numbers). Expected was at most {relative_error:g}."
            )
            raise WrongValue(msg, hint=_HINT)

    return verify


def rows_of(value: Any) -> Rows:
    """
    Return the rows that an observation of a timed round has as its value.

    Raises:
        WrongValue: It has none: the program returned no array of numbers.
    """
    arrays = value if isinstance(value, list | tuple) else []
    rows = [a.array for a in arrays if isinstance(a, ArrayValue)]
    if not rows or not all(row.dtype.kind in "fciub" for row in rows):
        msg = (
            "When it was timed, it returned no array with numbers. Expected was the same "
            "result as in the checks."
        )
        raise WrongValue(msg, hint=_HINT)
    return rows


def _most(lengths: Sequence[int]) -> int:
    return max(lengths, default=0)
