"""Modules of CuPy that have no effect when a program runs: typing, exceptions, nvtx."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import numpy as np
import numpy.exceptions
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.array import ndarray

_SCALAR: Any = TypeVar("_SCALAR", bound=np.generic, covariant=True)  # type: ignore[misc]

# NumPy's own exceptions that CuPy offers under the same name.
_EXCEPTIONS = (
    "AxisError ComplexWarning ModuleDeprecationWarning RankWarning TooHardError "
    "VisibleDeprecationWarning"
)


def exceptions_table() -> dict[str, Any]:
    """Return the contents of ``cupy.exceptions``."""
    return {name: getattr(numpy.exceptions, name) for name in _EXCEPTIONS.split()}


def typing_table() -> dict[str, Any]:
    """Return the contents of ``cupy.typing``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of NBitBase, since 2.3
        bits = npt.NBitBase
    return {
        "ArrayLike": npt.ArrayLike,
        "DTypeLike": npt.DTypeLike,
        "NBitBase": bits,
        "NDArray": ndarray.__class_getitem__((Any, np.dtype[_SCALAR])),
    }


# ------------------------------------------------------------------------ cupy.cuda.nvtx


def Mark(message: str, id_color: int = -1) -> None:  # noqa: N802 - CuPy's name
    """Name a moment in Nsight's timeline; there is none here."""
    _check(message, id_color)


def MarkC(message: str, color: int = 0) -> None:  # noqa: N802 - CuPy's name
    """Name a moment, in a colour of one's own."""
    _check(message, color)


def RangePush(message: str, id_color: int = -1) -> None:  # noqa: N802 - CuPy's name
    """Begin a stretch of Nsight's timeline; there is none here."""
    _check(message, id_color)


def RangePushC(message: str, color: int = 0) -> None:  # noqa: N802 - CuPy's name
    """Begin a stretch, in a colour of one's own."""
    _check(message, color)


def RangePop() -> None:  # noqa: N802 - CuPy's name
    """End the stretch begun last."""


def RangeStart(message: str, color: int) -> int:  # noqa: N802 - CuPy's name
    """Begin a stretch that may overlap others, and return its number."""
    _check(message, color)
    return 0  # as without Nsight


def RangeEnd(range_id: int) -> None:  # noqa: N802 - CuPy's name
    """End a stretch that :func:`RangeStart` began."""
    int(range_id)


def _check(message: str, color: int) -> None:
    """Take what CuPy takes: it encodes the text and makes the colour a C integer."""
    message.encode()
    int(color)


def nvtx_table() -> dict[str, Any]:
    """Return the contents of ``cupy.cuda.nvtx``."""
    functions = (Mark, MarkC, RangeEnd, RangePop, RangePush, RangePushC, RangeStart)
    return {"available": True, **{f.__name__: f for f in functions}}
