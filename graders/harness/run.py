"""One grading from end to end: device, server, shards, report."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.measure.lease import Lease
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
)
from graders.harness.session import GradingSession, describe_environment, new_seed
from graders.harness.shards import Listener, grade_exercises
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.supervisor import ForkServer
from graders.harness.supervisor.forkserver import cache_folder
from graders.harness.supervisor.library_code import LibraryCode
from graders.harness.supervisor.notebook import load_nbclient


@dataclass(frozen=True, kw_only=True)
class Request:
    """
    What is to be graded and how.

    Attributes:
        work: Exercises with what was handed in for each.

        device: ``"cuda"`` or ``"simulator"``.

        seed: To draw the inputs of an earlier grading; empty for fresh ones.

        jobs: How many exercises run at once; 0 for one a core.

        output: Where graded pictures go, or None.

        last_picture_only: Whether only those of the last case are wanted.

        executed: Where executed notebooks are kept until the grading is over, or None.
    """

    work: Sequence[tuple[Exercise, Submission]]
    device: str
    seed: str = ""
    jobs: int = 0
    output: Path | None = None
    last_picture_only: bool = False
    executed: Path | None = None


class Grader:
    """
    A warm grader: keeps its fork server between gradings.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        catalog: The assignments.

        required: Layers of the sandbox without which nothing is graded.

    Raises:
        EnvironmentUnavailable: This machine lacks one of the required layers.
    """

    def __init__(
        self, device: str, catalog: Catalog, required: Sequence[str] = ()
    ) -> None:
        self.device = device
        self._catalog = catalog
        self._required = tuple(required)
        self._server = ForkServer(device)
        try:
            self._expect_layers()
        except BaseException:
            self._server.close()
            raise
        self._facts: dict[str, object] | None = None
        self._library_code = LibraryCode(cache_folder("library code", shared=False))

    def grade(self, request: Request, listener: Listener | None = None) -> Report:
        """
        Grade and return the report.

        Args:
            request: What is to be graded.

            listener: Called with each check's result as it comes.
        """
        started = time.perf_counter()
        session = self._session(request)
        results = self._results(session, request, listener)
        if self._facts is None:
            self._facts = describe_environment(session)
        return Report(
            device=self.device,
            exercises=tuple(results),
            environment={
                **self._facts,
                "seed": session.seed,
                "digests": {e.name: s.digest for e, s in request.work},
            },
            seconds=time.perf_counter() - started,
        )

    def results(self, request: Request) -> list[ExerciseResult]:
        """Grade without a report; an exercise may come more than once in the request."""
        return self._results(self._session(request), request, None)

    def _session(self, request: Request) -> GradingSession:
        return GradingSession(
            catalog=self._catalog,
            device=self.device,
            server=self._server,
            seed=request.seed or new_seed(),
            submission=Path(),
            output=request.output,
            last_picture_only=request.last_picture_only,
            executed=request.executed,
            lease=Lease("gpu-0") if self.device == "cuda" else None,
            library_code=self._library_code if self.device == "cuda" else None,
        )

    def _results(
        self, session: GradingSession, request: Request, listener: Listener | None
    ) -> list[ExerciseResult]:
        listener = listener or (lambda _name, _result: None)
        if self.device == "cuda":
            rubrics = {exercise.name: exercise.rubric for exercise, _ in request.work}
            self._library_code.prepare(
                item for rubric in rubrics.values() for item in rubric.library_code
            )
        if any(is_notebook(submission.path) for _, submission in request.work):
            load_nbclient()  # once, while the server starts, and not in each shard
        results = grade_exercises(
            session,
            request.work,
            jobs=request.jobs or len(os.sched_getaffinity(0)),
            listener=listener,
        )
        if self._server.is_alive():
            return results
        # Some program took the fork server down, and all workers with it. Which one shows
        # when each exercise that suffered is graded again by itself.
        for index, result in enumerate(results):
            if suffered(result):
                self._restart(session)
                work = [request.work[index]]
                again = grade_exercises(session, work, jobs=1, listener=listener)[0]
                results[index] = again if self._server.is_alive() else blamed(again)
        self._restart(session)
        return results

    def _expect_layers(self) -> None:
        if not self._required:
            return
        worker = self._server.fork()
        try:
            worker.start()
        finally:
            worker.finish()
        lacking = [name for name in self._required if name not in worker.layers]
        if lacking:
            why = "; ".join(
                f"{name}: {worker.missing.get(name, 'unknown')}" for name in lacking
            )
            msg = (
                f"--require-sandbox: {len(lacking)} of {len(self._required)} layers do not "
                f"hold on this machine ({why}). Grade without the option, or in a "
                "container of your own: docs/threat-model.md."
            )
            raise EnvironmentUnavailable(msg)

    def _restart(self, session: GradingSession) -> None:
        if not self._server.is_alive():
            self._server.close()
            self._server = session.server = ForkServer(self.device)
            self._expect_layers()

    def close(self) -> None:
        """Stop the server."""
        self._library_code.close()
        self._server.close()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def suffered(result: ExerciseResult) -> bool:
    """Return whether a result may be due to a fork server that went down."""
    return any(
        check.reason in (Reason.CRASHED, Reason.HARNESS, Reason.TIMED_OUT)
        for check in result.checks
    )


def blamed(result: ExerciseResult) -> ExerciseResult:
    """Return the result of an exercise that took the fork server down by itself."""
    return replace(result, checks=tuple(_blamed_check(c) for c in result.checks))


def _blamed_check(check: CheckResult) -> CheckResult:
    if check.reason not in (Reason.CRASHED, Reason.HARNESS):
        return check
    return replace(
        check,
        status=Status.FAILED,
        reason=Reason.CRASHED,
        message=(
            "The program ended the server that runs it, not only itself, twice. Expected "
            "was that it returns."
        ),
        hint="Leave other processes alone: look for os.kill and os.killpg.",
    )
