"""Grades several submissions side by side: one fork server, one pool of shards for all.

What one grading of ``run.Grader`` does for its exercises is done here for each submission:
a seed of its own, and the search for the program that took the fork server down.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graders.harness import jupyter_packages
from graders.harness.catalog import Exercise
from graders.harness.classroom.admission import Admission
from graders.harness.classroom.doubts import not_carried_out
from graders.harness.classroom.handed_in import Work, find_work, moved, write_files
from graders.harness.classroom.known_results import KnownResults
from graders.harness.errors import EnvironmentUnavailable, HarnessError
from graders.harness.models import CheckResult, ExerciseResult, Reason, Report
from graders.harness.run import Grader, Request, blamed, make_report, suffered
from graders.harness.session import GradingSession, owner_of
from graders.harness.shards import Job, Pool, import_helpers
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.worker.scratch import remove

# How often a program must take the fork server down while nothing else runs before it is
# blamed: the system may end a server as well, or somebody.
_TIMES_ALONE = 2
# What is said of a worker that the system ended: mostly for the memory that all use.
_KILLED = "ended by SIGKILL"


@dataclass(frozen=True, kw_only=True)
class Order:
    """
    A submission to be graded.

    Attributes:
        number: The order's own.

        files: What was handed in: content by POSIX path within the submission.

        seed: To draw the inputs of an earlier grading; empty for fresh ones.

        alone: Whether nothing else may run meanwhile.
    """

    number: int
    files: Mapping[str, bytes]
    seed: str = ""
    alone: bool = False


#: Takes the number of an order, and its report or why there is none.
Answer = Callable[[int, Report | HarnessError], None]


@dataclass
class _Grading:
    """
    An order at work.

    Attributes:
        results: By place in ``work``, where they are there.

        waiting: Places that are not begun.

        keys: By place, what its result is known by where others have the same one.

        again: Places that are graded a second time, or by themselves.

        final: Places whose results stand, whatever happens to the server.
    """

    order: Order
    folder: Path
    work: Work
    session: GradingSession
    started: float = field(default_factory=time.perf_counter)
    results: dict[int, ExerciseResult] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)
    keys: dict[int, Hashable] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    final: set[int] = field(default_factory=set)


@dataclass
class _Suspect:
    """An exercise that is graded with nothing beside it."""

    grading: _Grading
    place: int
    times: int = 0


class Desk:
    """
    Takes orders, has them graded, and answers each when it is done.

    Args:
        grader: Of this process alone; it must not keep caches.

        exercises: What is graded of each submission.

        named: Whether the user named them.

        jobs: How many exercises run at once.

        admission: Says whether there is memory for one more.

        answer: Called once for each order.
    """

    def __init__(
        self,
        grader: Grader,
        exercises: Sequence[Exercise],
        *,
        named: bool,
        jobs: int,
        admission: Admission,
        answer: Answer,
    ) -> None:
        self._grader = grader
        self._exercises = exercises
        self._named = named
        self._answer = answer
        self._gradings: list[_Grading] = []  # in the order in which they came
        self._suspects: deque[_Suspect] = deque()
        self._is_down = False
        self._known = KnownResults()
        self._pool = Pool(jobs, self._next_job, admission.has_room)
        grader.prepare(exercises)
        import_helpers(exercises)

    def take(self, order: Order) -> None:
        """
        Begin with an order as soon as there is room.

        Raises:
            HarnessError: As for :meth:`step`.
        """
        if not self._grader.is_alive():
            self._is_down = True
            self._recover_if_idle()
        folder = self._place(order)
        try:
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            write_files(order.files, folder)
            work = find_work(folder, self._exercises, named=self._named)
        except HarnessError as err:
            remove(folder)
            self._answer(order.number, err)
            return
        except OSError as err:
            remove(folder)
            msg = f"what was handed in cannot be written: {folder}: {err.strerror}."
            self._answer(order.number, EnvironmentUnavailable(msg))
            return
        if any(is_notebook(submission.path) for _, submission in work):
            jupyter_packages.load("nbclient")  # once, and not in each shard
        device = self._grader.device
        request = Request(work=work, device=device, seed=order.seed, figures=True)
        session = self._grader.session(request)
        places = range(len(work))
        grading = _Grading(order, folder, work, session, waiting=deque(places))
        grading.keys = {place: self._known.key(*work[place]) for place in places}
        self._gradings.append(grading)
        self._fill_in(grading)

    def step(self, seconds: float | None = None, also: int | None = None) -> bool:
        """
        Go on until something happens.

        Args:
            seconds: How long to wait for that at most.

            also: A descriptor to wait for as well.

        Returns:
            Whether that descriptor can be read.

        Raises:
            HarnessError: On this machine no fork server starts any more. All orders were
                answered with that.
        """
        self._recover_if_idle()
        return self._pool.step(seconds, also)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be graded."""
        return not self._gradings

    def close(self) -> None:
        """End what runs; what is not graded is not answered."""
        self._pool.close()

    def _place(self, order: Order) -> Path:
        # The fork server removes its folder even where this process is killed.
        return self._grader.server.folder / "handed-in" / str(order.number)

    # ---------------------------------------------------------------- what runs next

    def _next_job(self) -> Job | None:
        if self._is_down:
            return None
        if self._suspects:
            return None if self._pool.running else self._suspected(self._suspects[0])
        for grading in self._gradings:
            is_first = grading is self._gradings[0]
            if grading.order.alone and not is_first:
                return None  # those before it come to their end, those behind it wait
            for place in grading.waiting:
                if not self._known.is_coming(grading.keys[place]):
                    grading.waiting.remove(place)
                    self._known.begin(grading.keys[place])
                    return self._job(grading, place, self._found)
            if grading.order.alone:
                return None
        return None

    def _fill_in(self, grading: _Grading) -> None:
        """Take what is known of an order that waits, and answer it if that is all."""
        for place in list(grading.waiting):
            known = self._known.get(grading.keys[place])
            if known is not None:
                grading.waiting.remove(place)
                grading.results[place] = known
        self._settle(grading)

    def _job(
        self,
        grading: _Grading,
        place: int,
        found: Callable[[_Grading, int, ExerciseResult], None],
    ) -> Job:
        exercise, submission = grading.work[place]
        grading.session.server = self._grader.server
        return Job(
            session=grading.session,
            exercise=exercise,
            submission=submission,
            listener=_nobody_listens,
            finished=lambda result: found(grading, place, result),
        )

    def _found(self, grading: _Grading, place: int, result: ExerciseResult) -> None:
        grading.results[place] = result
        key = grading.keys[place]
        if not self._grader.is_alive():
            self._is_down = True
            self._known.end(key, None)
            return
        if place not in grading.again and _may_be_due_to_others(result):
            self._known.end(key, None)
            self._find_again(grading, place, result)
            return
        self._known.end(key, result)
        self._settle(grading)
        if self._known.get(key) is not None:
            for other in list(self._gradings):
                self._fill_in(other)

    def _find_again(
        self, grading: _Grading, place: int, result: ExerciseResult
    ) -> None:
        """Have a result found once more, with nothing beside it where memory was short."""
        grading.again.add(place)
        del grading.results[place]
        if _memory_was_short(result):
            self._suspects.append(_Suspect(grading, place))
        else:
            grading.waiting.append(place)

    def _settle(self, grading: _Grading) -> None:
        """Answer an order all of whose exercises are graded."""
        if len(grading.results) < len(grading.work):
            return
        facts = self._grader.facts(grading.session)
        results = [grading.results[place] for place in range(len(grading.work))]
        seconds = time.perf_counter() - grading.started
        self._end(grading, make_report(grading.session, results, facts, seconds))

    def _end(self, grading: _Grading, answer: Report | HarnessError) -> None:
        self._gradings.remove(grading)
        for _, submission in grading.work:
            self._grader.server.forget(owner_of(submission.path))
        remove(grading.folder)
        self._answer(grading.order.number, answer)

    # ------------------------------------------------------------- a server went down

    def _recover_if_idle(self) -> None:
        if self._is_down and not self._pool.running:
            self._recover()

    def _recover(self) -> None:
        """
        Go on after the fork server went down, and all workers with it.

        Which program did it shows when each exercise that suffered is graded again by
        itself. Those that were not begun go on afterwards.
        """
        for suspect in self._suspects:
            suspect.grading.results.pop(suspect.place, None)
        before = {id(g): g.folder for g in self._gradings}
        try:
            self._grader.revive()
            for grading in self._gradings:
                grading.folder = self._place(grading.order)
                grading.folder.parent.mkdir(mode=0o700, exist_ok=True)
                write_files(grading.order.files, grading.folder)
        except HarnessError as err:
            self._give_up(err)
            raise
        except OSError as err:
            why = EnvironmentUnavailable(f"{err.filename}: {err.strerror}. Make room.")
            self._give_up(why)
            raise why from err
        self._is_down = False
        for grading in list(self._gradings):
            grading.work = moved(grading.work, before[id(grading)], grading.folder)
            for place, result in list(grading.results.items()):
                if place not in grading.final and suffered(result):
                    del grading.results[place]
                    grading.again.add(place)
                    self._suspects.append(_Suspect(grading, place))
            self._settle(grading)

    def _give_up(self, why: HarnessError) -> None:
        """Answer all orders with the reason why none of them can be graded."""
        self._suspects.clear()
        for grading in list(self._gradings):
            self._end(grading, why)

    def _suspected(self, suspect: _Suspect) -> Job:
        def found(grading: _Grading, place: int, result: ExerciseResult) -> None:
            if not self._grader.is_alive():
                self._is_down = True
                suspect.times += 1
                if suspect.times < _TIMES_ALONE:
                    return  # once more, when there is a server
                result = blamed(result)
            self._suspects.popleft()
            grading.final.add(place)
            grading.results[place] = result
            if not self._is_down:
                self._settle(grading)

        return self._job(suspect.grading, suspect.place, found)


def _nobody_listens(_exercise: str, _result: CheckResult) -> None:
    """Take a check's result; a class is told of whole submissions."""


def _may_be_due_to_others(result: ExerciseResult) -> bool:
    # Not a time limit: they are ten times what a busy machine takes.
    return any(map(not_carried_out, result.checks)) or _memory_was_short(result)


def _memory_was_short(result: ExerciseResult) -> bool:
    return any(
        check.reason is Reason.OUT_OF_MEMORY
        or (check.reason is Reason.CRASHED and _KILLED in check.message)
        for check in result.checks
    )
