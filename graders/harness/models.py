"""The domain's values: what a submission, a check's result and a report are.

Frozen, serialisable and free of behaviour beyond sums and what learners may see of them.
Imports nothing of the engine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

FORMAT_VERSION = 1


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    #: Ours: the check could not be carried out, which says nothing of the learner.
    ERROR = "error"
    #: It was not run, on purpose: no GPU here, or a check that it builds on did not pass.
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a check did not pass; the words are the report's contract."""

    UNIMPLEMENTED = "unimplemented"
    WRONG_VALUE = "wrong_value"
    WRONG_SHAPE = "wrong_shape"
    WRONG_DTYPE = "wrong_dtype"
    WRONG_MEMORY_SPACE = "wrong_memory_space"
    NOT_FUSED = "not_fused"
    EXTRA_COPIES = "extra_copies"
    WRONG_PHASES = "wrong_phases"
    TOO_SLOW = "too_slow"
    INCONCLUSIVE = "inconclusive"
    MUTATED_INPUT = "mutated_input"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    IMPORT_FAILED = "import_failed"
    COMPILE_FAILED = "compile_failed"
    NEEDS_GPU = "needs_gpu"
    PREREQUISITE = "prerequisite"
    ENVIRONMENT = "environment"
    HARNESS = "harness"
    #: One that learners' reports do not tell, of checks that they do not show.
    HIDDEN = "hidden"


class Visibility(StrEnum):
    """Who may see what a check looks at."""

    PUBLIC = "public"
    #: Instructors alone; learners see how many there are and what they come to.
    HIDDEN = "hidden"


class Verdict(StrEnum):
    """What an exercise or a whole report comes to."""

    PASSED = "passed"
    FAILED = "failed"
    #: The harness could not judge; never a zero.
    UNGRADED = "ungraded"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """
    One exercise's program as handed in.

    Attributes:
        exercise: ``assignment/exercise``.

        path: The module's file; it need not exist.

        digest: SHA-256 of the staged files, or an empty string where there is no file.
    """

    exercise: str
    path: Path
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """
    What one check found.

    Attributes:
        name: The check's name, as in the rubric.

        title: A true statement in the present tense, for the learner.

        points: Points earned; between 0 and ``max_points``.

        message: What was seen and what was expected, in one to three sentences; where it
            passed, nothing, or why credit was given although it could not be decided.

        hint: What to try next, or an empty string.

        visibility: Whether learners may see anything of it but its points.
    """

    name: str
    title: str
    status: Status
    points: float
    max_points: float
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)
    visibility: Visibility = Visibility.PUBLIC


@dataclass(frozen=True, kw_only=True)
class ExerciseResult:
    """The checks of one exercise and what they come to."""

    name: str
    title: str
    checks: tuple[CheckResult, ...]
    seconds: float = 0.0
    digest: str = ""
    output: str = ""

    @property
    def score(self) -> float:
        """Points earned."""
        return round(sum(c.points for c in self.checks), 6)

    @property
    def max_score(self) -> float:
        """Points that the exercise is worth, on a machine that can check all of it."""
        return round(sum(c.max_points for c in self.checks), 6)

    @property
    def not_run_points(self) -> float:
        """Points neither given nor taken: this machine could not check them."""
        return round(sum(c.max_points for c in self.checks if _not_run(c)), 6)

    @property
    def verdict(self) -> Verdict:
        """``ungraded`` if the harness failed or nothing ran, else whether all passed."""
        statuses = {c.status for c in self.checks}
        if Status.FAILED in statuses:
            return Verdict.FAILED
        if Status.ERROR in statuses or Status.PASSED not in statuses:
            return Verdict.UNGRADED
        return Verdict.PASSED


def _not_run(check: CheckResult) -> bool:
    if check.status is Status.ERROR:
        return True
    return check.status is Status.SKIPPED and check.reason is Reason.NEEDS_GPU


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    All that one grading found.

    Attributes:
        device: ``"cuda"`` or ``"simulator"``.

        environment: Device, driver, versions, seed and digests, for whoever reads it later.
    """

    device: str
    exercises: tuple[ExerciseResult, ...]
    environment: dict[str, Any]
    seconds: float = 0.0
    format_version: int = FORMAT_VERSION

    @property
    def score(self) -> float:
        """Points earned."""
        return round(sum(e.score for e in self.exercises), 6)

    @property
    def max_score(self) -> float:
        """Points that all graded exercises are worth."""
        return round(sum(e.max_score for e in self.exercises), 6)

    @property
    def not_run_points(self) -> float:
        """Points that this machine could not check."""
        return round(sum(e.not_run_points for e in self.exercises), 6)

    @property
    def verdict(self) -> Verdict:
        """Failed if any exercise failed, else ungraded if any is, else passed."""
        verdicts = {e.verdict for e in self.exercises}
        if Verdict.FAILED in verdicts:
            return Verdict.FAILED
        if Verdict.UNGRADED in verdicts or not verdicts:
            return Verdict.UNGRADED
        return Verdict.PASSED

    @property
    def harness_failed(self) -> bool:
        """Whether any check ended in an error of ours."""
        return any(c.status is Status.ERROR for e in self.exercises for c in e.checks)

    @property
    def has_hidden_checks(self) -> bool:
        """Whether any check is for instructors alone."""
        return any(_hidden(e.checks) for e in self.exercises)

    def for_learners(self) -> Report:
        """
        Return the report without what instructors alone may see.

        The hidden checks of an exercise come to one result for those that ran, and one
        each for those that could not be run or judged, which say how many there are and
        what they earn. Where there are any, the seed is left out, which would draw their
        inputs again, and what the program printed, which can be their inputs.
        """
        if not self.has_hidden_checks:
            return self
        exercises = tuple(_exercise_for_learners(e) for e in self.exercises)
        environment = {**self.environment, "seed": ""}
        return replace(self, exercises=exercises, environment=environment)

    def to_dict(self) -> dict[str, Any]:
        """Return the report in the form of the JSON report (see ``report.schema.json``)."""
        return {
            "format_version": self.format_version,
            "verdict": self.verdict.value,
            "score": self.score,
            "max_score": self.max_score,
            "not_run_points": self.not_run_points,
            "device": self.device,
            "seconds": round(self.seconds, 3),
            "environment": self.environment,
            "exercises": [_exercise_dict(e) for e in self.exercises],
        }


def _hidden(checks: tuple[CheckResult, ...]) -> list[CheckResult]:
    return [c for c in checks if c.visibility is Visibility.HIDDEN]


def _exercise_for_learners(exercise: ExerciseResult) -> ExerciseResult:
    hidden = _hidden(exercise.checks)
    if not hidden:
        return exercise
    public = [c for c in exercise.checks if c.visibility is Visibility.PUBLIC]
    unjudged = [c for c in hidden if c.status is Status.ERROR]
    not_run = [c for c in hidden if _not_run(c) and c not in unjudged]
    ran = [c for c in hidden if not _not_run(c)]
    failed = any(c.status is not Status.PASSED for c in ran)
    merged = (
        (ran, Status.FAILED if failed else Status.PASSED, "hidden_checks"),
        (not_run, Status.SKIPPED, "hidden_checks_not_run"),
        (unjudged, Status.ERROR, "hidden_checks_ungraded"),
    )
    public += [
        _merged(checks, status, name) for checks, status, name in merged if checks
    ]
    return replace(
        exercise,
        checks=tuple(public),
        output=_OUTPUT_WITHHELD if exercise.output else "",
    )


_OUTPUT_WITHHELD = (
    "What the program printed is not shown: it was called for hidden checks as well."
)
_REASONS_FOR_LEARNERS = {
    Status.PASSED: None,
    Status.FAILED: Reason.HIDDEN,
    Status.SKIPPED: Reason.NEEDS_GPU,
    Status.ERROR: Reason.ENVIRONMENT,
}


def _merged(checks: list[CheckResult], status: Status, name: str) -> CheckResult:
    """Return what learners see of hidden checks: how many there are and what they earn."""
    passed = sum(c.status is Status.PASSED for c in checks)
    messages = {
        Status.PASSED: "",
        Status.FAILED: f"{passed} of {len(checks)} passed.",
        Status.SKIPPED: "Only a GPU can tell.",
        Status.ERROR: "They could not be carried out. No points are lost by that.",
    }
    hint = "Your instructor can say more. Which cases has nobody tried yet?"
    # What the platforms' writers count: grading.NOT_MODELLED, time_limit.NOT_GRADED_YET.
    details: dict[str, Any] = {}
    if left := sum(float(c.details.get("not_modelled_points", 0.0)) for c in checks):
        details["not_modelled_points"] = left
    if any(c.details.get("not_graded_yet") for c in checks):
        details["not_graded_yet"] = True
    return CheckResult(
        name=name,
        title=f"Hidden checks pass ({len(checks)}).",
        status=status,
        reason=_REASONS_FOR_LEARNERS[status],
        points=round(sum(c.points for c in checks), 6),
        max_points=round(sum(c.max_points for c in checks), 6),
        message=messages[status],
        hint=hint if status is Status.FAILED else "",
        details=details,
    )


def _exercise_dict(exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "title": exercise.title,
        "verdict": exercise.verdict.value,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "not_run_points": exercise.not_run_points,
        "seconds": round(exercise.seconds, 3),
        "digest": exercise.digest,
        "output": exercise.output,
        "checks": [check_to_dict(c) for c in exercise.checks],
    }


def check_to_dict(check: CheckResult) -> dict[str, Any]:
    """Return a check's result as JSON-ready data."""
    data = asdict(check)
    data["status"] = check.status.value
    data["reason"] = check.reason.value if check.reason else None
    data["visibility"] = check.visibility.value
    data["seconds"] = round(check.seconds, 3)
    return data


def check_from_dict(data: dict[str, Any]) -> CheckResult:
    """Build a check's result from :func:`check_to_dict`'s form."""
    rest = dict(data)
    rest["status"] = Status(rest["status"])
    rest["reason"] = Reason(rest["reason"]) if rest["reason"] else None
    rest["visibility"] = Visibility(rest["visibility"])
    return CheckResult(**rest)
