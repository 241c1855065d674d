"""One run of ``grade.py class`` in a folder of results that it holds."""

from __future__ import annotations

import argparse
import contextlib
import queue
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from distributed import Client

from graders.harness.catalog import Catalog
from graders.harness.classroom import cluster, doubts
from graders.harness.classroom.crew import Crew, first_worker
from graders.harness.classroom.direction import Direction
from graders.harness.classroom.entries import (
    Classroom,
    Entry,
    Follower,
    Result,
    State,
)
from graders.harness.classroom.gradebook import write_gradebook
from graders.harness.classroom.journal import Journal
from graders.harness.classroom.on_worker import Kind, introduce
from graders.harness.classroom.progress import make_follower
from graders.harness.classroom.results import Results, ResultsFolder, disk_problem
from graders.harness.classroom.resume import Plan, chosen_keys, make_plan
from graders.harness.cli import ExitCode
from graders.harness.errors import EnvironmentUnavailable, HarnessError, UsageError
from graders.harness.report.terminal import make_console, say
from graders.harness.session import choose_device, judging_digests
from graders.harness.worker.confinement import REQUIRED

_MOST_NAMED = 10
_GO_ON = "Run the same command again: it goes on where it was."


class ClassRun:
    """
    Grades what is left to grade, and writes the gradebook.

    Args:
        options: Of the command line.

        catalog: The assignments.

        exercises: The names of those that were asked for.

        classroom: What was handed in.

        folder: Where results go.

        journal: The folder's.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        catalog: Catalog,
        exercises: Sequence[str],
        classroom: Classroom,
        folder: ResultsFolder,
        journal: Journal,
    ) -> None:
        self._options = options
        self._judged_by = judging_digests(catalog)
        self._exercises = list(exercises)
        self._classroom = classroom
        self._folder = folder
        self._journal = journal
        self._has_begun = False
        self._console = make_console()
        self._follower: Follower = make_follower(self._console, options.quiet)

    def grade(self) -> ExitCode:
        """
        Grade and return the exit code.

        Raises:
            HarnessError: Nothing could be begun.
        """
        how, problem = "complete", ""
        try:
            self._grade()
        except KeyboardInterrupt:
            how = "interrupted"
        except (HarnessError, OSError) as err:
            if not self._has_begun:
                raise
            how, problem = "failed", _why(err)
        finally:
            self._follower.end()
        if self._has_begun:
            with contextlib.suppress(OSError):  # a full disk has been told of
                self._journal.run_ended(how)
        return self._end(how, problem)

    def _grade(self) -> None:
        regrade = chosen_keys(self._classroom, self._options.regrade)
        self._expect_same_exercises()
        with contextlib.ExitStack() as stack:
            client = None
            if address := self._options.scheduler:
                client = stack.enter_context(cluster.connected(address))
            self._tell(self._beginning())
            device, why = self._device(client)
            where = "the GPU" if device == "cuda" else "the simulator"
            self._tell([f"Grading on {where}: {why}."])
            plan = self._plan(device, regrade)
            if plan.to_grade:
                self._direct(client, device, plan.to_grade)

    def _expect_same_exercises(self) -> None:
        """Make sure that all results of the folder are about the same exercises."""
        settings = self._journal.history.settings or {}
        before = settings.get("exercises", self._exercises)
        asks_for_all = self._options.regrade == []
        if before != self._exercises and not asks_for_all:
            msg = (
                f"-o {self._folder.path} holds results of {_named(before)}, and this is "
                f"about {_named(self._exercises)}. Name the same exercises, another "
                "folder, or --regrade to grade all again."
            )
            raise UsageError(msg)

    def _beginning(self) -> list[str]:
        strays, count = self._classroom.strays, len(self._classroom.entries)
        said = [
            f"{count} submission{'s' if count > 1 else ''} in "
            f"{self._options.submissions} (layout: {self._classroom.layout}).",
            *self._classroom.notes,
            *self._folder.notes,
            *(f"Not graded: {stray}" for stray in strays[:_MOST_NAMED]),
        ]
        if len(strays) > _MOST_NAMED:
            more = len(strays) - _MOST_NAMED
            said.append(f"{more} more are not graded: the class page names them.")
        return said

    def _tell(self, sentences: Sequence[str]) -> None:
        for text in sentences:
            self._follower.told(text)

    def _device(self, client: Client | None) -> tuple[str, str]:
        """Return the device and why; auto takes a GPU where workers declare one."""
        if client is None:
            return choose_device(self._options.device)
        if self._options.device != "auto":
            return self._options.device, "as asked"
        if first_worker(client, self._follower.told)["resources"].get("GPU"):
            return "cuda", "workers declare a GPU"
        return "simulator", "workers declare no GPU"

    def _plan(self, device: str, regrade: set[str]) -> Plan:
        """Find out what is left to do, and write that a run begins."""
        settings = {
            "submissions": str(self._options.submissions),
            "exercises": self._exercises,
            "device": device,
        }
        self._journal.run_started(settings, self._judged_by, regrade)
        self._has_begun = True
        plan = make_plan(
            self._classroom,
            self._folder,
            self._journal.history,
            device=device,
            judged_by=self._judged_by,
        )
        self._tell(plan.said)
        self._follower.begin(len(self._classroom.entries), plan.kept)
        return plan

    def _direct(
        self, client: Client | None, device: str, entries: Sequence[Entry]
    ) -> None:
        options = self._options
        kind = Kind(
            device=device,
            names=tuple(options.exercise),
            jobs=options.jobs,
            required=REQUIRED if options.require_sandbox else (),
        )
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with contextlib.ExitStack() as stack:
            dask = client or stack.enter_context(
                cluster.embedded(_slots(kind), self._folder.scratch)
            )
            crew = Crew(
                dask, kind, self._judged_by, events, is_external=client is not None
            )
            stack.callback(crew.end)
            Direction(
                entries, self._folder, self._journal, crew, events, self._follower
            ).run()

    def _end(self, how: str, problem: str) -> ExitCode:
        """Write the gradebook, say what the run came to, and return the exit code."""
        results = Results(self._folder, [e.key for e in self._classroom.entries])
        said = []
        try:
            said += write_gradebook(
                self._folder.path,
                self._classroom,
                results,
                title=self._options.title,
            )
        except (HarnessError, OSError) as err:
            problem = problem or _why(err)
        have = f"{len(results)} of {len(self._classroom.entries)} have a result."
        if how == "interrupted":
            said.append(f"Stopped: {have} {_GO_ON}")
            code = ExitCode.INTERRUPTED
        elif problem:
            said.append(f"{problem} {have} {_GO_ON}")
            code = ExitCode.HARNESS_FAILED
        else:
            to_look_at = _to_look_at(results)
            said += to_look_at
            is_fine = not to_look_at or self._options.exit_zero
            code = ExitCode.PASSED if is_fine else ExitCode.FAILED
        say(said, self._console)
        return code


def _slots(kind: Kind) -> int:
    """Return how many submissions this machine takes at once."""
    said = introduce(kind)
    if said.problem:
        raise EnvironmentUnavailable(said.problem)
    return said.slots


def _why(problem: BaseException) -> str:
    """Return why a run ended before its end."""
    disk = disk_problem(problem)
    if not disk:
        return f"Ended early: {str(problem).rstrip('.')}."
    return f"Ended early, for a file could not be written: {disk}. Make room."


def _to_look_at(results: Mapping[str, Result]) -> list[str]:
    """Return a sentence for each kind of submission that somebody has to look at."""
    found: dict[str, list[str]] = {}
    for key in results:
        if kind := _kind(results[key]):
            found.setdefault(kind, []).append(key)
    return [
        f"{len(keys)} {_ADVICE[kind].format(keys=_shown(keys))}"
        for kind, keys in found.items()
    ]


_ADVICE = {
    "set_aside": (
        "set aside, for what grades went down over it more than once: {keys}. Look at "
        "what was handed in; --regrade KEY tries it once more."
    ),
    "unreadable": "cannot be read: {keys}. The class page says why.",
    "ungraded": (
        "not wholly judged, which is not the learners' fault: {keys}. `python grade.py "
        "doctor` says what this machine lacks; the next run grades them again."
    ),
    "needs_gpu": (
        "of which nothing can be judged without a GPU: {keys}. Their reports say what the "
        "simulator lacks. They are kept; --regrade KEY on a machine with a GPU judges them."
    ),
    "unjudged": "of which no check was carried out: {keys}. Their reports say why.",
}


def _kind(result: Result) -> str:
    if result.state is not State.GRADED or result.report is None:
        return result.state.value
    if doubts.has_errors(result.report):
        return "ungraded"
    if not doubts.is_ungraded(result.report):
        return ""
    return "needs_gpu" if doubts.needs_gpu(result.report) else "unjudged"


def _shown(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
    return ", ".join(keys[:_MOST_NAMED]) + more


def _named(exercises: Sequence[str]) -> str:
    counts = Counter(name.partition("/")[0] for name in exercises)
    if len(exercises) <= 3:
        return ", ".join(exercises)
    return f"{len(exercises)} exercises ({', '.join(counts)})"
