"""Outcomes to points: what a check raised, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from graders.harness.errors import (
    EnvironmentMismatch,
    EnvironmentUnavailable,
    Failure,
    NotRun,
)
from graders.harness.models import CheckResult, Reason, Status
from graders.harness.rubric import CheckRubric

#: In the details: the points of a check that the program itself kept from being run, by
#: what the simulator does not model. No platform's total goes without them, or a program
#: could raise its share by that.
NOT_MODELLED = "not_modelled_points"
_MAX_TEXT = 1200
# There was no answer to judge, so that the rubric's advice about answers would mislead.
NO_ANSWER = frozenset(
    {
        Reason.UNIMPLEMENTED,
        Reason.TIMED_OUT,
        Reason.CRASHED,
        Reason.OUT_OF_MEMORY,
        Reason.IMPORT_FAILED,
        Reason.COMPILE_FAILED,
    }
)


def judge(
    check: CheckRubric,
    title: str,
    error: BaseException | None,
    *,
    seconds: float = 0.0,
    details: Mapping[str, Any] | None = None,
) -> CheckResult:
    """
    Return a check's result from what it raised.

    A failure is the learner's; NotRun is nobody's, and its points are neither given nor
    taken; anything else is ours, and never a zero of the learner's.

    Args:
        check: Its place in the rubric.

        title: Its learner-visible title.

        error: What it raised, or None where it returned.

        seconds: How long it took.

        details: Figures for the report.
    """
    status, reason, message, hint, earned = _outcome(error)
    if error is None:
        message = _credited(details or {})
    if status is Status.FAILED and not hint and reason not in NO_ANSWER:
        hint = check.hint
    figures = dict(details or {})
    if check.leaderboard:
        figures["leaderboard"] = check.leaderboard
    if isinstance(error, NotRun) and error.not_modelled:
        figures[NOT_MODELLED] = check.points
    return CheckResult(
        name=check.name,
        title=title,
        status=status,
        reason=reason,
        points=round(check.points * earned, 6),
        max_points=check.points,
        message=_printable(message[:_MAX_TEXT]),
        hint=_printable(hint[:_MAX_TEXT]),
        seconds=seconds,
        details={name: _finite(value) for name, value in figures.items()},
        visibility=check.visibility,
    )


def _credited(details: Mapping[str, Any]) -> str:
    """Return why a check passes that could not be decided; nothing where it was."""
    figures = [value for value in details.values() if isinstance(value, Mapping)]
    return " ".join(str(f["credited"]) for f in figures if "credited" in f)


def _printable(text: str) -> str:
    """Return text that any terminal and any file takes, whatever was put into it."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in clean)


def _finite(value: Any) -> Any:
    """Return a figure with null for what JSON has no number for."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return value


def _outcome(
    error: BaseException | None,
) -> tuple[Status, Reason | None, str, str, float]:
    if error is None:
        return Status.PASSED, None, "", "", 1.0
    if isinstance(error, Failure):
        return Status.FAILED, error.reason, error.message, error.hint, error.earned
    if isinstance(error, NotRun):
        return Status.SKIPPED, error.reason, str(error), "", 0.0
    if isinstance(error, EnvironmentUnavailable | EnvironmentMismatch):
        return Status.ERROR, Reason.ENVIRONMENT, str(error), "", 0.0
    text = f"{type(error).__name__}: {error}"
    ours = "This is the harness's fault, not yours; tell your instructor."
    return Status.ERROR, Reason.HARNESS, text, ours, 0.0
