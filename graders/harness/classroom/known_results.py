"""Results that are known before an exercise is run: a module is missing, or still the stub.

Most of a class hands in some exercises as they were given out. What a grading finds there
depends on nothing that it draws: the function cannot be imported, or says itself that it is
not written. So the first such grading of a station stands for those that follow.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from graders.harness.catalog import Exercise
from graders.harness.models import ExerciseResult, Reason, Status, Submission
from graders.harness.submission import digest
from graders.harness.submission.notebook_file import SUFFIX, is_notebook

# What a program that is not there or not written can come to, and nothing else.
_OUTCOMES = {
    (Status.FAILED, Reason.IMPORT_FAILED),
    (Status.FAILED, Reason.UNIMPLEMENTED),
    (Status.SKIPPED, Reason.NEEDS_GPU),
    (Status.SKIPPED, Reason.PREREQUISITE),
}


class KnownResults:
    """
    The results of exercises that were handed in missing, or as the stub.

    While one such grading runs, those that would find the same wait for it.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, ExerciseResult] = {}
        self._begun: set[Hashable] = set()
        self._various: set[Hashable] = set()
        self._stubs: dict[str, str] = {}

    def get(self, key: Hashable) -> ExerciseResult | None:
        """Return what is known, as of a grading that took no time; else None."""
        found = self._known.get(key)
        return None if found is None else _at_once(found)

    def is_coming(self, key: Hashable) -> bool:
        """Return whether a grading runs that is likely to find this one's result."""
        return key in self._begun

    def begin(self, key: Hashable) -> None:
        """Take note of a grading that begins."""
        if key is not None and key not in self._various:
            self._begun.add(key)

    def end(self, key: Hashable, result: ExerciseResult | None) -> None:
        """Keep a result for those that follow, if it is one of these; None is none."""
        self._begun.discard(key)
        if key is None or result is None:
            return
        outcomes = {(check.status, check.reason) for check in result.checks}
        if outcomes <= _OUTCOMES and not result.output:
            self._known[key] = result
        else:
            self._various.add(key)  # the next ones need not wait for one another

    def key(self, exercise: Exercise, submission: Submission) -> Hashable | None:
        """Return all that such a result depends on; None where the program is to be run."""
        path = submission.path
        if exercise.is_tutorial or is_notebook(path) or path.is_symlink():
            return None
        try:
            beside = {p.name for p in path.parent.iterdir()}
        except OSError:
            beside = set()
        if not path.exists():  # what the message says of it
            notebooks = any(name.endswith(SUFFIX) for name in beside)
            return exercise.name, path.name, path.parent.name, notebooks
        # A file beside it could stand in the way of a module that the stub imports.
        stubs = {p.name for p in exercise.stub.parent.glob("*.py")}
        modules = {name for name in beside if name.endswith(".py")}
        if not submission.digest or submission.digest != self._stub(exercise):
            return None
        is_alone = path.name == exercise.stub.name and modules <= stubs
        return (exercise.name, "stub") if is_alone else None

    def _stub(self, exercise: Exercise) -> str:
        if exercise.name not in self._stubs:
            self._stubs[exercise.name] = digest(exercise.stub)
        return self._stubs[exercise.name]


def _at_once(result: ExerciseResult) -> ExerciseResult:
    checks = tuple(replace(check, seconds=0.0) for check in result.checks)
    return replace(result, checks=checks, seconds=0.0)
