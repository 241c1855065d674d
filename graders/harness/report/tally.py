"""What a report comes to on platforms that want numbers: earned, checkable, left.

The project's own score has three parts: points earned, points lost, and points that could
not be checked, which are neither. Most platforms know two. What is out of a submission's
reach on this machine leaves the denominator here; what the program itself kept from being
checked stays in it, or a program that hides from the simulator would gain by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graders.harness.errors import Ungradable
from graders.harness.grading import NOT_MODELLED
from graders.harness.models import CheckResult, ExerciseResult, Reason, Report, Status
from graders.harness.time_limit import NOT_GRADED_YET


def needs_gpu(check: CheckResult) -> bool:
    """Return whether only a GPU can tell."""
    return check.status is Status.SKIPPED and check.reason is Reason.NEEDS_GPU


def not_run(check: CheckResult) -> bool:
    """Return whether the check's points are neither given nor taken."""
    return needs_gpu(check) or check.status is Status.ERROR


def is_pending(check: CheckResult) -> bool:
    """Return whether the time ran out before the check was graded."""
    return check.status is Status.ERROR and bool(check.details.get(NOT_GRADED_YET))


def checkable_points(check: CheckResult) -> float:
    """Return the points that some program could earn with this check on this machine."""
    if not needs_gpu(check):
        return check.max_points
    return min(check.max_points, float(check.details.get(NOT_MODELLED, 0.0)))


def checkable(results: Report | ExerciseResult) -> float:
    """Return the points that some program could earn on this machine."""
    return round(sum(checkable_points(c) for c in all_checks(results)), 6)


def all_checks(results: Report | ExerciseResult) -> Iterable[CheckResult]:
    """Return the checks of an exercise, or of all of a report's exercises."""
    if isinstance(results, ExerciseResult):
        return results.checks
    return [check for exercise in results.exercises for check in exercise.checks]


def is_gradable(results: Report | ExerciseResult) -> bool:
    """
    Return whether a single number would be true.

    It would not where the harness failed at a check, or where nothing was judged.
    """
    statuses = {check.status for check in all_checks(results)}
    judged = bool(statuses & {Status.PASSED, Status.FAILED})
    return judged and Status.ERROR not in statuses and checkable(results) > 0


def expect_gradable(report: Report, what: str) -> None:
    """
    Make sure that a format without a word for "ungraded" has something to say.

    Args:
        report: The report.

        what: The format's name.

    Raises:
        Ungradable: A number would be a false one; no file should be written.
    """
    if is_gradable(report):
        return
    msg = (
        f"{ungraded_because(report)} {what} has no word for that, so no file was "
        "written: it would have been a false score. Grade again."
    )
    raise Ungradable(msg)


def ungraded_because(report: Report) -> str:
    """Return in a sentence why there is no number for the report."""
    errors = [check for check in all_checks(report) if check.status is Status.ERROR]
    if any(is_pending(check) for check in errors):
        return "The time ran out before all was graded."
    if errors:
        return f"The grader itself failed at {len(errors)} checks."
    return "There was nothing that could be graded on this machine."


def fraction(report: Report) -> float:
    """Return what was earned of what could be checked, from 0 to 1."""
    most = checkable(report)
    return min(1.0, max(0.0, round(report.score / most, 6))) if most else 0.0


def in_whole_points(values: Sequence[float], limits: Sequence[int] = ()) -> list[int]:
    """
    Return whole numbers that add up to the rounded sum of ``values``.

    The sum is rounded once, half a point up; what is left after cutting each value goes to
    the largest remainders (Hamilton's method).

    Args:
        values: Numbers of 0 or more.

        limits: What each number may be at most. The default is no limit.
    """
    total = int(round(sum(values), 6) + 0.5)
    most = list(limits) or [total] * len(values)
    total = min(total, sum(most))
    whole = [min(int(value), limit) for value, limit in zip(values, most, strict=True)]
    while (left := total - sum(whole)) > 0:
        open_ones = [i for i in range(len(whole)) if whole[i] < most[i]]
        open_ones.sort(key=lambda i: whole[i] - values[i])
        for i in open_ones[:left]:
            whole[i] += 1
    return whole
