"""The words of the domain: results, sums, verdicts, errors, and what outcomes are worth."""

from __future__ import annotations

import inspect
import json
import pickle
from typing import Any

import pytest

from graders.harness import errors
from graders.harness.cli import exit_code
from graders.harness.errors import (
    Crashed,
    EnvironmentUnavailable,
    Failure,
    NotRun,
    WorkerCrashed,
    WrongValue,
)
from graders.harness.grading import judge
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    check_from_dict,
    check_to_dict,
)
from graders.harness.report.json_report import SCHEMA, render_json
from graders.harness.rubric import CheckRubric

CHECK = CheckRubric(name="values", points=4, hint="Look at the units.")


def _check(
    status: str, points: float = 0, max_points: float = 2, reason: str | None = None
) -> CheckResult:
    return CheckResult(
        name="c",
        title="It is so.",
        status=Status(status),
        reason=Reason(reason) if reason else None,
        points=points,
        max_points=max_points,
    )


PASSED = _check("passed", 2)
PARTLY = _check("failed", 1, 2, "wrong_value")
NO_GPU = _check("skipped", 0, 3, "needs_gpu")
EARLIER = _check("skipped", 0, 5, "prerequisite")
BROKEN = _check("error", 0, 7, "harness")


def _exercise(*checks: CheckResult) -> ExerciseResult:
    return ExerciseResult(name="a/b", title="B", checks=checks)


def _report(*exercises: ExerciseResult) -> Report:
    environment = {"seed": "0", "digests": {}, "layers": []}
    return Report(device="simulator", exercises=exercises, environment=environment)


@pytest.mark.parametrize(
    ("checks", "verdict", "sums", "code"),
    [
        ([PASSED], "passed", (2, 2, 0), 0),
        ([PASSED, NO_GPU], "passed", (2, 5, 3), 0),
        ([PASSED, PARTLY], "failed", (3, 4, 0), 1),
        ([PARTLY, EARLIER], "failed", (1, 7, 0), 1),
        ([NO_GPU], "ungraded", (0, 3, 3), 5),
        ([PASSED, BROKEN], "ungraded", (2, 9, 7), 3),
        ([PARTLY, BROKEN], "failed", (1, 9, 7), 3),
        ([BROKEN], "ungraded", (0, 7, 7), 3),
    ],
    ids=[
        "passed",
        "no GPU",
        "partly",
        "earlier",
        "only GPU",
        "broken",
        "both",
        "all broken",
    ],
)
def test_checks_come_to_a_verdict(
    checks: list[CheckResult], verdict: str, sums: tuple[float, ...], code: int
) -> None:
    """Points add up; what was not run, or is our error, is neither given nor taken."""
    exercise = _exercise(*checks)
    report = _report(exercise)
    for result in (exercise, report):
        assert result.verdict == verdict
        assert (result.score, result.max_score, result.not_run_points) == sums
    assert exit_code(report) == code


def test_a_report_is_as_bad_as_its_worst_exercise() -> None:
    """Failed beats ungraded beats passed; a report of nothing is ungraded."""
    passed, failed, ungraded = _exercise(PASSED), _exercise(PARTLY), _exercise(BROKEN)
    assert _report(passed, passed).verdict == "passed"
    assert _report(passed, ungraded).verdict == "ungraded"
    assert _report(failed, ungraded, passed).verdict == "failed"
    assert _report().verdict == "ungraded"
    assert exit_code(_report()) == 5


def test_sums_have_no_rounding_dust() -> None:
    """Ten tenths are one."""
    exercise = _exercise(*[_check("passed", 0.1, 0.1)] * 10)
    assert exercise.score == exercise.max_score == 1.0


@pytest.mark.parametrize("check", [PASSED, PARTLY, NO_GPU, EARLIER, BROKEN])
def test_a_check_survives_json(check: CheckResult) -> None:
    """A result written as JSON and read again is the same."""
    assert check_from_dict(json.loads(json.dumps(check_to_dict(check)))) == check


def test_the_schema_names_every_word() -> None:
    """Every status and reason of the code is in the published schema, and no other."""
    schema = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    check = schema["check"]["properties"]
    assert check["status"]["enum"] == [s.value for s in Status]
    assert check["reason"]["enum"] == [None, *(r.value for r in Reason)]
    assert set(schema["check"]["required"]) == set(check_to_dict(PASSED))


def test_a_report_has_no_nan() -> None:
    """A figure that is no number does not get into a JSON report as NaN."""
    report = _report(
        _exercise(
            judge(
                CHECK, "It is so.", None, details={"ratio": float("nan"), "n": [1e400]}
            )
        )
    )
    text = render_json(report)
    assert "NaN" not in text
    assert "Infinity" not in text


# ------------------------------------------------------------------------------- grading


def test_a_check_that_returns_has_passed() -> None:
    """No exception: passed, all points, no reason, no message."""
    result = judge(CHECK, "It is so.", None, seconds=1.5)
    assert (result.status, result.points, result.max_points) == ("passed", 4, 4)
    assert (result.reason, result.message, result.hint) == (None, "", "")
    assert (result.name, result.title, result.seconds) == ("values", "It is so.", 1.5)


def test_a_failure_is_the_learners() -> None:
    """A Failure: failed, its reason and message, its own hint or the rubric's."""
    result = judge(CHECK, "t", WrongValue("It is 3. Expected was 4.", earned=0.25))
    assert (result.status, result.reason, result.points) == ("failed", "wrong_value", 1)
    assert result.message == "It is 3. Expected was 4."
    assert result.hint == "Look at the units."
    assert judge(CHECK, "t", WrongValue("x", hint="Own hint.")).hint == "Own hint."


def test_without_an_answer_the_rubrics_hint_is_left_out() -> None:
    """Advice about answers would mislead where the program raised."""
    assert judge(CHECK, "t", Crashed("It raised KeyError.")).hint == ""


@pytest.mark.parametrize("reason", ["needs_gpu", "prerequisite"])
def test_not_run_is_nobodys(reason: str) -> None:
    """NotRun: skipped, with its reason, and no hint as there is nothing to mend."""
    result = judge(CHECK, "t", NotRun("Only a GPU can tell.", reason=Reason(reason)))
    assert (result.status, result.reason, result.points) == ("skipped", reason, 0)
    assert (result.message, result.hint) == ("Only a GPU can tell.", "")


def test_a_machine_that_lacks_something_is_an_error() -> None:
    """EnvironmentUnavailable: error, reason environment, with the message as it is."""
    result = judge(CHECK, "t", EnvironmentUnavailable("CUPTI is missing."))
    assert (result.status, result.reason) == ("error", "environment")
    assert result.message == "CUPTI is missing."


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("x"),
        WorkerCrashed("x"),
        AssertionError("x"),
        KeyboardInterrupt(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_anything_else_is_ours(error: BaseException) -> None:
    """Any other exception: error, reason harness, told to be no fault of the learner's."""
    result = judge(CHECK, "t", error)
    assert (result.status, result.reason, result.points) == ("error", "harness", 0)
    assert type(error).__name__ in result.message
    assert "not yours" in result.hint


def test_long_messages_are_cut() -> None:
    """A message of a million letters does not reach the report."""
    result = judge(CHECK, "t", WrongValue("x" * 10**6, hint="y" * 10**6))
    assert len(result.message) < 2000
    assert len(result.hint) < 2000


@pytest.mark.parametrize(("earned", "points"), [(-1.0, 0), (0.5, 2), (7.0, 4)])
def test_points_stay_between_0_and_all(earned: float, points: float) -> None:
    """No failure earns less than nothing or more than the check is worth."""
    assert judge(CHECK, "t", WrongValue("x", earned=earned)).points == points


# -------------------------------------------------------------------------------- errors


def _all_errors() -> list[type[BaseException]]:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    return [
        c
        for c in classes
        if issubclass(c, BaseException) and c.__module__ == errors.__name__
    ]


@pytest.mark.parametrize("cls", _all_errors(), ids=lambda c: c.__name__)
def test_errors_pickle(cls: type[BaseException]) -> None:
    """Every error survives pickling with its message and its attributes."""
    attributes: dict[str, Any] = {}
    if issubclass(cls, Failure):
        attributes = {"hint": "Try this.", "earned": 0.5}
    elif issubclass(cls, WorkerCrashed):
        attributes = {"exit_code": None, "signal": 11}
    elif issubclass(cls, NotRun):
        attributes = {"reason": Reason.PREREQUISITE}
    error = cls("What happened.", **attributes)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert str(again) == "What happened."
    assert {name: getattr(again, name) for name in attributes} == attributes


def test_errors_are_ours_and_failures_are_the_learners() -> None:
    """No class is both, every failure has a reason of its own, and all are documented."""
    failures = [c for c in _all_errors() if issubclass(c, Failure) and c is not Failure]
    assert not [c for c in failures if issubclass(c, errors.HarnessError)]
    reasons = [c.reason for c in failures]
    assert len(set(reasons)) == len(reasons)
    assert all((c.__doc__ or "").strip() for c in _all_errors())
    not_failures = {
        "needs_gpu",
        "prerequisite",
        "environment",
        "harness",
        "hidden",
        "inconclusive",
    }
    assert {r.value for r in reasons} == {r.value for r in Reason} - not_failures


def test_credit_is_explained() -> None:
    """A check that could not be decided passes, and its message says why."""
    figures = {"answer": "inconclusive", "credited": "Its GPU was hot."}
    result = judge(CHECK, "t", None, details={"ratio": figures, "other": 3})
    assert (result.status, result.reason, result.message) == (
        "passed",
        None,
        "Its GPU was hot.",
    )
    assert result.points == CHECK.points
    assert judge(CHECK, "t", WrongValue("x"), details={"ratio": figures}).message == "x"
