"""One grading from end to end: device, server, shards, report."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from graders.harness import jupyter_packages
from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import EnvironmentUnavailable, WorkerError
from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Submission,
)
from graders.harness.order import HasRoom, always_room
from graders.harness.session import (
    GradingSession,
    describe_environment,
    lease_of,
    new_seed,
    undescribed,
)
from graders.harness.shards import Finished, Listener, grade_exercises
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.supervisor import ForkServer, Worker
from graders.harness.supervisor.forkserver import cache_folder
from graders.harness.supervisor.library_code import LibraryCode
from graders.harness.time_limit import Deadline, not_graded


@dataclass(frozen=True, kw_only=True)
class Request:
    """
    What is to be graded and how.

    Attributes:
        work: Exercises with what was handed in for each.

        device: ``"cuda"`` or ``"simulator"``.

        seed: To draw the inputs of an earlier grading; empty for fresh ones.

        jobs: How many exercises run at once; 0 for one a core.

        has_room: Says whether the machine has room for one more (``shards.Pool``).

        in_order: Whether exercises begin in the order of ``work``; else those come first
            that are better begun first (``order.starting_order``).

        output: Where graded pictures go, or None.

        executed: Where executed notebooks are kept until the grading is over, or None.

        figures: Whether the report is to have what can be shown: ``checks.figures``.

        deadline: When to stop; what is not graded by then stands as such in the report.
    """

    work: Sequence[tuple[Exercise, Submission]]
    device: str
    seed: str = ""
    jobs: int = 0
    has_room: HasRoom = always_room
    in_order: bool = False
    output: Path | None = None
    executed: Path | None = None
    figures: bool = False
    deadline: Deadline = field(default_factory=Deadline)


class Grader:
    """
    A warm grader: keeps its fork server between gradings.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        catalog: The assignments.

        required: Layers of the sandbox without which nothing is graded.

        keeps_caches: Whether what device compilers made for a submission is kept for its
            next grading.

    Raises:
        EnvironmentUnavailable: This machine lacks one of the required layers.
    """

    def __init__(
        self,
        device: str,
        catalog: Catalog,
        required: Sequence[str] = (),
        *,
        keeps_caches: bool = True,
    ) -> None:
        self.device = device
        self._catalog = catalog
        self._required = tuple(required)
        self._keeps_caches = keeps_caches
        self._server = self._new_server()
        try:
            self._expect_layers()
        except BaseException:
            self._server.close()
            raise
        self._facts: dict[str, object] | None = None
        self._library_code = LibraryCode(cache_folder("library code", shared=False))

    def grade(
        self,
        request: Request,
        listener: Listener | None = None,
        follow: Callable[[Report], None] | None = None,
    ) -> Report:
        """
        Grade and return the report.

        Args:
            request: What is to be graded.

            listener: Called with each check's result as it comes.

            follow: Called with the report as it stands at the beginning and after each
                exercise. Exercises that are not graded by then are in it as such, and the
                environment is not described.
        """
        started = time.perf_counter()
        session = self.session(request)

        def report(results: Sequence[ExerciseResult], facts: dict[str, Any]) -> Report:
            seconds = time.perf_counter() - started
            return make_report(session, results, facts, seconds)

        finished: Finished | None = None
        if follow is not None:
            so_far = [not_graded(e, handed_in) for e, handed_in in request.work]
            follow(report(so_far, undescribed(session)))

            def finished(index: int, result: ExerciseResult) -> None:
                so_far[index] = result
                follow(report(so_far, undescribed(session)))

        with self._teller() as teller:
            results = self._results(session, request, listener, finished)
            if request.deadline.is_over():
                return report(results, self._facts or undescribed(session))
            return report(results, self.facts(session, teller))

    @contextlib.contextmanager
    def _teller(self) -> Iterator[Worker | None]:
        """Fork who tells the facts: its context is made beside those of the programs."""
        teller = None
        if self._facts is None:
            # Where the server is gone, another is started, and asked at the end.
            with contextlib.suppress(WorkerError):
                teller = self._server.fork()
        try:
            yield teller
        finally:
            if teller is not None:
                teller.kill()

    def results(
        self, request: Request, finished: Finished | None = None
    ) -> list[ExerciseResult]:
        """
        Grade without a report; an exercise may come more than once in the request.

        Args:
            request: What is to be graded.

            finished: Called with the place in ``request.work`` and the result of each
                exercise as it is graded. What is returned stands in its place where a
                program took others down with it.
        """
        return self._results(self.session(request), request, None, finished)

    def facts(
        self, session: GradingSession, teller: Worker | None = None
    ) -> dict[str, Any]:
        """
        Return the facts of this machine for reports; a worker is asked for them once.

        Args:
            session: The grading.

            teller: A worker that was forked for this, and may be gone with its server.
        """
        if self._facts is None and teller is not None:
            told = describe_environment(session, teller)
            self._facts = None if "problem" in told else told
        if self._facts is None:
            self._facts = describe_environment(session)
        return self._facts

    def session(self, request: Request) -> GradingSession:
        """Return what the checks of one grading share."""
        return GradingSession(
            catalog=self._catalog,
            device=self.device,
            server=self._server,
            seed=request.seed or new_seed(),
            submission=Path(),
            output=request.output,
            executed=request.executed,
            figures=request.figures,
            lease=lease_of(self.device),
            library_code=self._library_code if self.device == "cuda" else None,
        )

    def _results(
        self,
        session: GradingSession,
        request: Request,
        listener: Listener | None,
        finished: Finished | None,
    ) -> list[ExerciseResult]:
        listener = listener or (lambda _name, _result: None)
        self.prepare(exercise for exercise, _ in request.work)
        if any(is_notebook(submission.path) for _, submission in request.work):
            jupyter_packages.load(
                "nbclient"
            )  # once, while the server starts, and not in each shard
        results = grade_exercises(
            session,
            request.work,
            jobs=request.jobs or len(os.sched_getaffinity(0)),
            listener=listener,
            deadline=request.deadline,
            finished=finished,
            has_room=request.has_room,
            in_order=request.in_order,
        )
        if self.is_alive():
            return results
        self.revive()
        # Some program took the fork server down, and all workers with it. Which one shows
        # when each exercise that suffered is graded again by itself.
        for index, result in enumerate(results):
            if suffered(result):
                results[index] = self._alone(session, request, index, listener)
        self._restart()
        session.server = self._server
        return results

    def prepare(self, exercises: Iterable[Exercise]) -> None:
        """Have the device libraries' code for exercises compiled, where that lacks."""
        if self.device == "cuda":
            rubrics = {exercise.name: exercise.rubric for exercise in exercises}
            self._library_code.prepare(
                item for rubric in rubrics.values() for item in rubric.library_code
            )

    def _alone(
        self, session: GradingSession, request: Request, index: int, listener: Listener
    ) -> ExerciseResult:
        """Grade one exercise again by itself; without time for that it is not graded."""
        work = [request.work[index]]
        if request.deadline.is_over():
            return not_graded(*work[0])
        self._restart()
        session.server = self._server
        again = grade_exercises(
            session, work, jobs=1, listener=listener, deadline=request.deadline
        )[0]
        return again if self.is_alive() else blamed(again)

    @property
    def server(self) -> ForkServer:
        """The fork server of the moment."""
        return self._server

    def is_alive(self) -> bool:
        """Return whether the fork server runs."""
        return self._server.is_alive()

    def revive(self) -> None:
        """
        Start another server, and make sure that it forks where no program has run yet.

        Raises:
            EnvironmentUnavailable: None does: no program is to blame for that.
        """
        self._restart()
        worker = self._server.fork()
        try:
            worker.start()
        except WorkerError as err:
            msg = (
                f"No program can be run here: {err}. That is the machine's fault, and no "
                "points are affected. `python grade.py doctor` says what mends it."
            )
            raise EnvironmentUnavailable(msg) from err
        finally:
            worker.finish()

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

    def _restart(self) -> None:
        if not self._server.is_alive():
            self._server.close()
            self._server = self._new_server()
            self._expect_layers()

    def _new_server(self) -> ForkServer:
        return ForkServer(self.device, keeps_caches=self._keeps_caches)

    def close(self) -> None:
        """Stop the server."""
        self._library_code.close()
        self._server.close()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def make_report(
    session: GradingSession,
    results: Sequence[ExerciseResult],
    facts: Mapping[str, Any],
    seconds: float,
) -> Report:
    """Return the report of a grading, with the seed that its inputs were drawn from."""
    digests = {result.name: result.digest for result in results}
    return Report(
        device=session.device,
        exercises=tuple(results),
        environment={**facts, "seed": session.seed, "digests": digests},
        seconds=seconds,
    )


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
