"""What a check looked at, for reports that show it: pictures, errors, a timeline.

Checks pass on what they judge (:func:`see_pictures` and its neighbours), which costs
nothing unless the grading wants figures. When the check is over, :func:`taken` makes small,
plain data of what it looked at last, for ``CheckResult.details["figures"]``: a list of

``{"kind": "image", "label", "case", "what", "png", "width", "height", "alt", "scale",
"not_finite"}``
    A picture as PNG in Base64. ``what`` is ``"input"``, ``"expected"``, ``"result"`` or
    ``"difference"``. Of the last, ``scale`` is the range of its colours, else None, and
    ``not_finite`` says whether there is a NaN or an infinity.

``{"kind": "heatmap", "label", "case", "shape", "axes", "at", "block", "grid", "scale",
"largest", "limit", "not_finite"}``
    The error of an array along its two ``axes``, through the worst element, which is at
    ``at``: each number of ``grid`` is the largest of ``block`` elements, and None where
    there is a NaN or an infinity. ``scale`` is the range of the colours, ``limit`` the
    error that an element may have. ``largest`` and the count ``not_finite`` are of the
    whole array.

``{"kind": "timeline", "device", "records", "omitted", "busy"}``
    Kernels and copies in order of their start, in seconds since the first one's: each
    ``{"what", "name", "start", "seconds", "stream", "elements", "nbytes"}``. ``what`` is a
    copy's direction, or the kind of a kernel. ``omitted`` counts those left out after
    them, ``busy`` is the time in which anything ran, of all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.drawing import Png, block_maxima, error_map, small_pictures
from graders.harness.grading import NO_ANSWER
from graders.harness.measure.ratio import busy_seconds

Array = npt.NDArray[Any]

_MOST_RECORDS = 64
_MOST_BLOCKS = 64  # along an axis
_MOST_NAME = 120  # characters of a kernel's name: C++ templates have thousands
_COLOUR_DIMENSIONS = 3
_CHANNELS = (3, 4)
_ALTS = {
    "input": "What the program got",
    "expected": "What was expected",
    "result": "What the program returned",
    "difference": "Where the result differs from what was expected, brightest where most",
}
_LABELS = {
    "input": "input",
    "expected": "expected",
    "result": "your result",
    "difference": "difference",
}


@dataclass(frozen=True, kw_only=True)
class _Error:
    """An array that is not as it should be."""

    name: str
    case: str
    actual: Array
    expected: Array
    limit: float


@dataclass
class _Seen:
    """What the check that runs has looked at last, of each kind."""

    pictures: tuple[str, Mapping[str, Array]] | None = None
    error: _Error | None = None
    evidence: Evidence | None = None


_SEEN: ContextVar[_Seen | None] = ContextVar("figures", default=None)


def begin(*, wanted: bool) -> None:
    """Begin with a check; unless figures are wanted, what it looks at is not kept."""
    _SEEN.set(_Seen() if wanted else None)


def see_pictures(case: str, pictures: Mapping[str, Array]) -> None:
    """
    Take note of pictures that are judged.

    Args:
        case: The case's name.

        pictures: ``"input"``, ``"result"`` and ``"expected"``, each ``(H, W)`` or
            ``(H, W, 3)`` with values in [0, 1].
    """
    seen = _SEEN.get()
    if seen is not None:
        seen.pictures, seen.error = (case, pictures), None


def see_error(
    name: str, case: str, actual: Array, expected: Array, *, limit: float
) -> None:
    """
    Take note of an array that is not as it should be.

    Args:
        name: What the message calls the array.

        case: The case, in the message's words.

        actual: What was returned.

        expected: What was expected, of the same shape.

        limit: The error that an element may have.
    """
    seen = _SEEN.get()
    if seen is not None:
        seen.error = _Error(
            name=name, case=case, actual=actual, expected=expected, limit=limit
        )


def see_evidence(evidence: Evidence) -> None:
    """Take note of kernels and copies that are judged."""
    seen = _SEEN.get()
    if seen is not None:
        seen.evidence = evidence


def taken(error: BaseException | None) -> list[dict[str, Any]]:
    """
    Return the figures of the check that has just ended, and forget what it looked at.

    Args:
        error: What it raised, or None where it passed. Then errors are not shown: of a
            right result they are rounding. Where it failed otherwise than by a wrong
            value, pictures are not: they were right. Where the last call gave no answer,
            nothing is: what was looked at is of a call before.
    """
    seen = _SEEN.get()
    _SEEN.set(None)
    if seen is None or getattr(error, "reason", None) in NO_ANSWER:
        return []
    failed = error is not None
    figures: list[dict[str, Any]] = []
    with np.errstate(all="ignore"):  # a stranger's numbers overflow
        wrong = seen.error if failed else None
        if seen.pictures is not None and (wrong is not None or not failed):
            figures += _images(*seen.pictures, wrong)
        elif wrong is not None:
            figures += _heatmap(wrong)
    if seen.evidence is not None:
        figures += _timeline(seen.evidence)
    return figures


def _images(
    case: str, pictures: Mapping[str, Array], error: _Error | None
) -> list[dict[str, Any]]:
    whats = ("input", "result") if error is None else ("input", "expected", "result")
    files = small_pictures({what: pictures[what] for what in whats})
    shown = [_image(case, what, file) for what, file in files.items()]
    if error is not None:
        errors = np.abs(pictures["result"].astype(np.float64) - pictures["expected"])
        if errors.ndim == _COLOUR_DIMENSIONS:
            errors = errors.max(axis=-1)
        top = max(_largest(errors), error.limit)
        difference = _image(case, "difference", error_map(errors, top))
        gaps = not bool(np.isfinite(errors).all())
        shown.append(difference | {"scale": [0.0, top], "not_finite": gaps})
    return shown


def _image(case: str, what: str, file: Png) -> dict[str, Any]:
    return {
        "kind": "image",
        "label": _LABELS[what],
        "case": case,
        "what": what,
        "png": file.data,
        "width": file.width,
        "height": file.height,
        "alt": f"{_ALTS[what]}: {case}.",
        "scale": None,
        "not_finite": False,
    }


def _heatmap(error: _Error) -> list[dict[str, Any]]:
    errors = np.abs(error.actual - error.expected)
    if errors.size <= 1:
        return []  # one number: the message has said it
    ranked = np.where(np.isfinite(errors), errors, np.inf)
    at = [int(i) for i in np.unravel_index(int(ranked.argmax()), errors.shape)]
    axes = _shown_axes(errors.shape)
    through = tuple(slice(None) if n in axes else i for n, i in enumerate(at))
    plane = errors[through]
    plane = plane.reshape(1, -1) if plane.ndim == 1 else plane
    block = (
        math.ceil(plane.shape[0] / _MOST_BLOCKS),
        math.ceil(plane.shape[1] / _MOST_BLOCKS),
    )
    return [
        {
            "kind": "heatmap",
            "label": error.name,
            "case": error.case,
            "shape": list(errors.shape),
            "axes": list(axes),
            "at": at,
            "block": list(block),
            "grid": [[_number(v) for v in row] for row in block_maxima(plane, block)],
            "scale": [0.0, max(_largest(plane), error.limit)],
            "largest": _largest(errors),
            "limit": error.limit,
            "not_finite": int(errors.size - np.isfinite(errors).sum()),
        }
    ]


def _shown_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of rows and columns: the last two, before channels of colour."""
    if len(shape) == 1:
        return (0,)
    last = len(shape) - 1
    if len(shape) >= _COLOUR_DIMENSIONS and shape[-1] in _CHANNELS:
        last -= 1
    return last - 1, last


def _largest(errors: Array) -> float:
    """Return the largest finite value; 0 where there is none."""
    finite = errors[np.isfinite(errors)]
    return float(finite.max()) if finite.size else 0.0


def _number(value: np.float64) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _timeline(evidence: Evidence) -> list[dict[str, Any]]:
    records: list[Kernel | Copy] = sorted(
        (*evidence.kernels, *evidence.copies), key=lambda record: record.start
    )
    if not records:
        return []
    first = records[0].start
    shown = records[:_MOST_RECORDS]
    return [
        {
            "kind": "timeline",
            "device": evidence.recorded_on,
            "records": [_record(record, first) for record in shown],
            "omitted": len(records) - len(shown),
            "busy": busy_seconds(records),
        }
    ]


def _record(record: Kernel | Copy, first: float) -> dict[str, Any]:
    found = {
        "name": "",
        "start": record.start - first,
        "seconds": record.seconds,
        "stream": 0,
        "elements": 0,
        "nbytes": 0,
    }
    if isinstance(record, Copy):
        return found | {"what": record.direction, "nbytes": record.nbytes}
    return found | {
        "what": record.kind,
        "name": record.name[:_MOST_NAME],
        "stream": record.stream,
        "elements": record.elements,
    }
