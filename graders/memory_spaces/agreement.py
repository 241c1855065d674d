"""Compare a learner's figures of a product and its transfers with the grader's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graders.harness.errors import WrongValue

#: The figures that are benchmarks; the other two are estimates from them.
MEASURED = (
    "matmul_cpu_operands",
    "matmul_gpu_operands",
    "host_to_device",
    "device_to_host",
)
_COPIES = ("host_to_device", "device_to_host", "transfer_measured")
# A GPU's trace has the transfers alone, without the host's copy from pageable memory into
# page-locked memory, which CuPy makes. On one H100's host 162 MB took 18.3 ms up
# (rubric.toml), on another 40.8 ms, and 4.9 ms by the trace. Factors of 3 become 12.
_STAGING = 4.0
#: How many of a smaller unit make a second.
UNITS = ((1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds"))
_COLDEST = (
    100  # times a usual repeat: the first product loads its library, and takes 30
)

# Of the ratio that the grader measured between two calls, in logarithms, what a program
# must reach: figures that were written down are at 0, and some hold the host's work.
_LENIENT = 1 / 3


def expect_agreement(
    figures: Mapping[str, float],
    own: Mapping[str, float],
    limits: Mapping[str, Any],
    device: str,
    *,
    is_traced: bool = False,
) -> None:
    """
    Judge that each figure lies within a factor of the grader's.

    Args:
        figures: The learner's, in seconds.

        own: The grader's; what it could not tell is missing.

        limits: The exercise's limits, which hold the factors.

        device: ``"simulator"`` or ``"cuda"``.

        is_traced: Whether the grader's come from a trace and not from the reference.

    Raises:
        WrongValue: A figure lies outside; the message has both, and the range.
    """
    for key in own:
        least = most = limits["figure_factor"]
        if key == "matmul_gpu_operands":
            least, most = limits["planned_factor"], limits["product_factor"]
        elif key in _COPIES[:2]:  # their sum is the arithmetic's
            least = most = limits[f"copies_factor_{device}"]
        if is_traced and device == "cuda":
            most *= _STAGING
        if own[key] / least <= figures[key] <= own[key] * most:
            continue
        msg = (
            f"{key} is {figures[key]:.4g} s. The grader measured "
            f"{own[key]:.4g} s on this device, and expected a figure from "
            f"{own[key] / least:.2g} to {own[key] * most:.2g} s."
        )
        hint = _exchanged(key, figures, own) or _unit_hint(figures[key] / own[key])
        raise WrongValue(msg, hint=hint)


def expect_measured_anew(
    figures: Mapping[str, float],
    fewer: Mapping[str, float],
    own: Mapping[str, float],
    own_fewer: Mapping[str, float],
) -> None:
    """
    Judge that the copies of fewer bytes took less time, as the grader's did.

    On a clock without noise, figures that were written down once would agree for ever.

    Args:
        figures: The learner's of the first call.

        fewer: The learner's of a call with fewer bytes to copy.

        own: The grader's of the first call.

        own_fewer: The grader's of the other call.

    Raises:
        WrongValue: A figure stays as it was, or nearly.
    """
    for key in (key for key in _COPIES if key in own and key in own_fewer):
        least = (own[key] / own_fewer[key]) ** _LENIENT
        if figures[key] < least * fewer[key]:
            msg = (
                f"{key} is {figures[key]:.4g} s, and {fewer[key]:.4g} s in a call with "
                f"fewer rows. The grader measured {own[key]:.4g} s and "
                f"{own_fewer[key]:.4g} s. Expected was at least {least:.2g} times less."
            )
            hint = "Measure in each call anew, with the operands of that call."
            raise WrongValue(msg, hint=hint)


def expect_both_operands(
    figures: Mapping[str, float], own: Mapping[str, float], factor: float
) -> None:
    """
    Judge the copies of operands of like size: without one of them, half is missing.

    Args:
        figures: The learner's of a call with such operands.

        own: The grader's.

        factor: How far apart the two may be.

    Raises:
        WrongValue: A figure lies outside.
    """
    for key in (key for key in _COPIES[:2] if key in own):
        if within(figures[key], own[key], factor):
            continue
        msg = (
            f"In a call with fewer rows, {key} is {figures[key]:.4g} s. The grader "
            f"measured {own[key]:.4g} s there, and expected a figure within a factor of "
            f"{factor:g} of it; a and b have nearly the same size in that call."
        )
        hint = "What is timed beside the copy?"
        if figures[key] < own[key]:
            hint = (
                "Does the figure hold the copies of both operands, one and the other?"
            )
        raise WrongValue(msg, hint=hint)


def slow_hint(
    figures: Mapping[str, float], own: Mapping[str, float], factor: float
) -> str:
    """Return the hint for a figure that no usual repeat takes, or nothing."""
    slow = {k: figures[k] / own[k] for k in MEASURED if k in own}
    key = max(slow, key=lambda k: slow[k], default="")
    if not key or slow[key] < factor:
        return ""
    if slow[key] > _COLDEST:
        return _unit_hint(slow[key])
    return (
        f"{key} is {slow[key]:.1f} times what the grader measured. The first call is cold: "
        "is it among the repeats? Leave the warm-up out, and take the minimum or the "
        "median."
    )


def within(seen: float, expected: float, factor: float) -> bool:
    """Return whether a figure lies within a factor of another one."""
    return expected / factor <= seen <= expected * factor


def _exchanged(key: str, figures: Mapping[str, float], own: Mapping[str, float]) -> str:
    """Return the hint for two figures that stand in each other's place, or nothing."""
    for one, other in (_COPIES[:2], MEASURED[:2]):
        if one not in own or other not in own:  # the trace tells of what was done alone
            continue
        apart = own[one] / own[other]
        if (
            key in (one, other)
            and not within(apart, 1.0, 2.0)
            and within(figures[one] / figures[other], 1 / apart, 1.5)
        ):
            return f"{one} and {other} look exchanged."
    return ""


def _unit_hint(ratio: float) -> str:
    for power, unit in UNITS:
        if within(ratio, power, 3.0):
            return f"The figure looks like {unit}."
    if ratio > 1:
        return (
            f"It is {ratio:.1f} times as long: one repeat too slow to count, the sum "
            "of several, or more than this step?"
        )
    return "What is inside the timed part, and what is not?"
