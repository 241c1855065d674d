"""Whether what a grading found may be due to something else than the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graders.harness.checks.gpu_trouble import NOT_STARTED
from graders.harness.models import CheckResult, Reason, Status

_JUDGED = (Status.PASSED, Status.FAILED)
# What supervisor.worker says of a worker that was killed, alone or with its server. The
# program may have done that itself, or the system did, whose memory was short.
_KILLED = ("ended by SIGKILL", "ended without a word", "the worker did not start")


def doubt(report: Mapping[str, Any]) -> str:
    """
    Return why a report is not to be believed at once, or an empty string.

    Such a submission is graded once more, alone, and what is found then stands.

    Args:
        report: The JSON report.
    """
    if is_all_ours(report):
        return "nothing of it could be judged"
    for check in checks_of(report):
        if _not_carried_out(check["reason"], check["message"]):
            return f"the check {check['name']} could not be carried out"
        killed = any(text in check["message"] for text in _KILLED)
        if check["reason"] == Reason.CRASHED and killed:
            return "its process was killed, and not by the grader"
    return ""


def not_carried_out(check: CheckResult) -> bool:
    """
    Return whether a check failed for us: alone, or a while later, it may be carried out.

    So it may where the GPU could not be used: CUDA says all kinds of things where a
    neighbour has taken all of its memory.
    """
    return _not_carried_out(check.reason, check.message)


def _not_carried_out(reason: str | None, message: str) -> bool:
    ours = reason == Reason.ENVIRONMENT and message.startswith(NOT_STARTED)
    return ours or reason == Reason.HARNESS


def is_all_ours(report: Mapping[str, Any]) -> bool:
    """Return whether no check was judged, and that is the harness's or machine's fault."""
    statuses = {check["status"] for check in checks_of(report)}
    return Status.ERROR in statuses and statuses.isdisjoint(_JUDGED)


def has_errors(report: Mapping[str, Any]) -> bool:
    """Return whether some check could not be judged: another grading may do better."""
    return any(check["status"] == Status.ERROR for check in checks_of(report))


def is_ungraded(report: Mapping[str, Any]) -> bool:
    """Return whether some check could not be judged, or none was."""
    statuses = {check["status"] for check in checks_of(report)}
    return Status.ERROR in statuses or statuses.isdisjoint(_JUDGED)


def needs_gpu(report: Mapping[str, Any]) -> bool:
    """Return whether only a GPU can tell: no other grading here would find more."""
    return all(check["reason"] == Reason.NEEDS_GPU for check in checks_of(report))


def checks_of(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the checks of all exercises of a JSON report."""
    for exercise in report["exercises"]:
        yield from exercise["checks"]
