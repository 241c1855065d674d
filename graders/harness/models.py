"""The domain's values: what a submission, a check's result and a report are.

Frozen, serialisable and free of behaviour beyond sums. Imports nothing of the engine.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
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

        message: What was seen and what was expected, in one to three sentences.

        hint: What to try next, or an empty string.
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
    data["seconds"] = round(check.seconds, 3)
    return data


def check_from_dict(data: dict[str, Any]) -> CheckResult:
    """Build a check's result from :func:`check_to_dict`'s form."""
    rest = dict(data)
    rest["status"] = Status(rest["status"])
    rest["reason"] = Reason(rest["reason"]) if rest["reason"] else None
    return CheckResult(**rest)
