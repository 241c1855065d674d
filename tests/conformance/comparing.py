"""Compares two observations of one case, aspect by aspect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

# Relative to the norm of what was recorded.
_TOLERANCES = {
    "float16": 5e-3,
    "float32": 2e-6,
    "complex64": 2e-6,
    "float64": 1e-13,
    "complex128": 1e-13,
    "float": 2e-6,
    "complex": 2e-6,
}
# Kernels that a library must have run, whatever it called them or added to them.
_TOLD_KINDS = ("fft", "gemm")
# What is said where a library is not installed, or lacks a function.
_NO_LIBRARY = (
    "The FFT CPU execution is not available",
    "Failed to dlopen all of the",
    "function cblas_sgemm_batch_strided is not found",
    'Failure finding "libcudss',
)


@dataclass(frozen=True)
class Difference:
    """
    One thing that two devices do differently.

    Attributes:
        aspect: ``"values"``, ``"type"``, ``"shape"``, ``"dtype"``, ``"strides"``,
            ``"space"``, ``"structure"``, ``"raises"``, ``"message"``, ``"operations"``,
            ``"copies"``, ``"kernels"``, ``"late_write"``, ``"changed"``, ``"shared"``,
            ``"failed"`` or ``"unavailable"``.

        text: What was recorded and what was seen.
    """

    aspect: str
    text: str


def differences(
    recorded: dict[str, Any],
    seen: dict[str, Any],
    *,
    tolerance: float = 0.0,
    compares_values: bool = True,
) -> list[Difference]:
    """
    Return what differs between a recorded observation and another one.

    Args:
        recorded: The truth.

        seen: What is judged by it.

        tolerance: The relative error of values; 0 for what their type allows.

        compares_values: Whether numbers are compared at all.
    """
    found = []
    # Where a side saw nothing there is no agreement, not even if both did.
    for name, one, other in zip(
        ("failed", "unavailable"), unseen(recorded), unseen(seen), strict=True
    ):
        if one or other:
            found.append(_differs(name, one, other))
    for name in ("late_write", "changed", "shared"):
        if "evidence" in recorded and recorded.get(name) != seen.get(name):
            found.append(_differs(name, recorded.get(name), seen.get(name)))
    found += _raising(recorded, seen)
    if "value" in recorded and "value" in seen:
        allowed = tolerance if compares_values else float("inf")
        found += _values(recorded["value"], seen["value"], allowed, "the result")
    if "evidence" in recorded:
        found += _doing(recorded["evidence"], seen.get("evidence", {}))
    return found


def unseen(observation: dict[str, Any]) -> tuple[str, str]:
    """Return why a case could not be run and why nothing was recorded, or nothing."""
    evidence = observation.get("evidence", {})
    return observation.get("failed", ""), evidence.get("unavailable", "")


def unavailable(observation: dict[str, Any]) -> str:
    """Return what was said where a case could not run for want of a library, or nothing."""
    texts = _texts(observation)
    return next((t for t in texts if any(words in t for words in _NO_LIBRARY)), "")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from _texts(list(node.values()))
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item)


def _differs(aspect: str, recorded: Any, seen: Any, place: str = "") -> Difference:
    where = f"{place}: " if place else ""
    return Difference(aspect, f"{where}recorded {recorded!r}, seen {seen!r}")


def _raising(recorded: dict[str, Any], seen: dict[str, Any]) -> Iterator[Difference]:
    kind, text = recorded.get("raises", ("nothing", ""))
    other_kind, other_text = seen.get("raises", ("nothing", ""))
    if kind != other_kind:
        yield _differs("raises", f"{kind}: {text}", f"{other_kind}: {other_text}")
    elif text != other_text:
        yield _differs("message", text, other_text)


def _values(
    recorded: Any, seen: Any, tolerance: float, place: str
) -> Iterator[Difference]:
    if _is_refusal(recorded) and _is_refusal(seen):
        told, also = recorded["list"], seen["list"]
        yield from _raising({"raises": told}, {"raises": also})
    elif not isinstance(recorded, dict) or not isinstance(seen, dict):
        if recorded != seen:
            yield _differs("structure", recorded, seen, place)
    elif recorded.keys() != seen.keys():
        yield _differs("structure", list(recorded), list(seen), place)
    else:
        ((kind, inside),) = recorded.items()
        yield from _same_kind(kind, inside, seen[kind], tolerance, place)


def _is_refusal(node: Any) -> bool:
    """Return whether this is what ``operands.refusal`` gives."""
    if not isinstance(node, dict) or list(node) != ["list"]:
        return False
    items = node["list"]
    two = len(items) == 2 and all(isinstance(x, str) for x in items)
    return two and (items[0] == "nothing" or "." in items[0])


def _same_kind(
    kind: str, recorded: Any, seen: Any, tolerance: float, place: str
) -> Iterator[Difference]:
    if kind == "array":
        yield from _arrays(recorded, seen, tolerance, place)
    elif kind in ("float", "complex"):
        yield from _close(recorded, seen, tolerance or _TOLERANCES[kind], place)
    elif kind == "opaque":
        if recorded != seen:
            yield _differs("type", recorded, seen, place)
    elif len(recorded) != len(seen):
        yield _differs("structure", f"{len(recorded)} items", f"{len(seen)}", place)
    else:
        pairs = zip(recorded, seen, strict=True)
        for number, (one, other) in enumerate(pairs):
            inner = f"{place}[{number}]"
            if kind == "dict":
                yield from _values(one[0], other[0], tolerance, f"{inner}, key")
                yield from _values(one[1], other[1], tolerance, inner)
            else:
                yield from _values(one, other, tolerance, inner)


def _arrays(
    recorded: dict[str, Any], seen: dict[str, Any], tolerance: float, place: str
) -> Iterator[Difference]:
    for aspect in ("type", "space", "shape", "dtype", "strides"):
        if recorded[aspect] != seen[aspect]:
            yield _differs(aspect, recorded[aspect], seen[aspect], place)
    if recorded["shape"] != seen["shape"]:
        return
    allowed = tolerance or _TOLERANCES.get(recorded["dtype"], 0.0)
    yield from _close(recorded["values"], seen["values"], allowed, place)


def _close(
    recorded: list[Any], seen: list[Any], allowed: float, place: str
) -> Iterator[Difference]:
    if np.isinf(allowed):
        return
    if len(recorded) != len(seen):
        yield _differs("values", f"{len(recorded)} numbers", f"{len(seen)}", place)
        return
    one, other = (np.array([float(x) for x in some]) for some in (recorded, seen))
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        yield _differs("values", "other elements that are not finite", seen[:8], place)
        return
    scale = float(np.linalg.norm(one[finite])) or 1.0
    error = float(np.linalg.norm(one[finite] - other[finite])) / scale
    if error > allowed:
        worst = int(np.argmax(np.abs(np.where(finite, one - other, 0))))
        detail = f"number {worst} is {recorded[worst]} and {seen[worst]}"
        text = f"{place}: relative error {error:.2g}, {detail} (allowed {allowed:g})"
        yield Difference("values", text)


def _doing(recorded: dict[str, Any], seen: dict[str, Any]) -> Iterator[Difference]:
    if "operations" not in recorded or "operations" not in seen:
        return  # ``differences`` has said so
    for number, pair in enumerate(
        zip(recorded["operations"], seen["operations"], strict=False)
    ):
        one, other = pair
        for name in sorted(one.keys() | other.keys()):
            # What a step does not say is left out of it.
            if one.get(name, "") != other.get(name, ""):
                place = f"step {number} ({one['step']}), {name}"
                yield _differs("operations", one.get(name), other.get(name), place)
    steps, also = ([x["step"] for x in e["operations"]] for e in (recorded, seen))
    if len(steps) != len(also):
        yield _differs("operations", steps, also)
    if recorded["copies"] != seen["copies"]:
        yield _differs("copies", recorded["copies"], seen["copies"])
    kinds, other = (
        [kind for kind in _TOLD_KINDS if kind in e["kernels"]] for e in (recorded, seen)
    )
    if kinds != other:
        yield _differs("kernels", recorded["kernels"], seen["kernels"])
