"""The pytest plugin: runs graders as ordinary pytest, and collects what the checks found.

A grader is ``graders/<assignment>/test_<exercise>.py``, or ``tutorial_<exercise>.py`` for
copies of a tutorial's notebook. Its checks are the functions ``test_<check>``, each with
its place in the rubric. Other tests are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.catalog import Catalog, Exercise
from graders.harness.checks import Learner, Pictures, figures
from graders.harness.checks.locations import Location
from graders.harness.errors import (
    EnvironmentUnavailable,
    Failure,
    HarnessError,
    NotRun,
    RubricError,
)
from graders.harness.grading import NOT_MODELLED, judge
from graders.harness.models import CheckResult, Reason, Status, Visibility
from graders.harness.rubric import CheckRubric
from graders.harness.session import (
    ExercisePrograms,
    GradingSession,
    choose_device,
    lease_of,
    new_seed,
)
from graders.harness.submission import locate
from graders.harness.supervisor import ForkServer

SESSION = pytest.StashKey[GradingSession]()
RESULTS = pytest.StashKey["Collected"]()
NOTES = pytest.StashKey[dict[str, Any]]()

# How the names of graders begin: of an exercise, and of a tutorial's notebook for one.
_GRADERS = ("test", "tutorial")


@dataclass
class Collected:
    """
    What the checks found so far.

    Attributes:
        results: By exercise and check.

        outputs: The end of what each exercise's program printed.

        executed: Each exercise's notebook as it was executed, where it was one.

        listener: Called with the exercise's name and each new result.
    """

    results: dict[str, dict[str, CheckResult]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    executed: dict[str, bytes] = field(default_factory=dict)
    listener: Callable[[str, CheckResult], None] | None = None

    def add(self, exercise: str, result: CheckResult) -> None:
        """Take a result in."""
        self.results.setdefault(exercise, {})[result.name] = result
        if self.listener is not None:
            self.listener(exercise, result)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of ``grade.py`` that make sense for graders run by pytest."""
    group = parser.getgroup("grading")
    group.addoption(
        "--submission",
        default="assignments",
        help="What to grade: a folder or a module.",
    )
    group.addoption(
        "--grading-device", default="auto", choices=("auto", "cuda", "simulator")
    )
    group.addoption(
        "--grading-seed", default="", help="Draw the inputs of an earlier grading."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the results."""
    if RESULTS not in config.stash:
        config.stash[RESULTS] = Collected()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server that this plugin started itself."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.server.close()


def _session(config: pytest.Config) -> GradingSession:
    if SESSION not in config.stash:
        device, _ = choose_device(config.getoption("--grading-device"))
        config.stash[SESSION] = GradingSession(
            catalog=Catalog(),
            device=device,
            server=ForkServer(device),
            seed=config.getoption("--grading-seed") or new_seed(),
            submission=Path(config.getoption("--submission")),
            lease=lease_of(device),
        )
    return config.stash[SESSION]


def _exercise_of(path: Path, catalog: Catalog) -> Exercise | None:
    """Return the exercise whose grader this file is."""
    kind, _, slug = path.stem.partition("_")
    if path.parent.parent != catalog.root / "graders" or kind not in _GRADERS:
        return None
    if path.parent.name not in catalog.assignments:
        return None
    found = (e for e in catalog.exercises(path.parent.name) if e.slug == slug)
    exercise = next(found, None)
    if exercise is None or kind == "test":
        return exercise
    return exercise.as_tutorial() if exercise.rubric.tutorial else None


class GradedModule(pytest.Module):
    """One exercise's grader: its items are the rubric's checks, in the rubric's order."""

    exercise: Exercise

    def collect(self) -> Any:
        """Return the checks; the rubric and the functions must name the same ones."""
        session = _session(self.config)
        if session.submission.is_file() and session.module is None:
            others = {e.slug for e in session.catalog.select(())} - {self.exercise.slug}
            if session.submission.stem in others:
                return []  # a single module is graded as what it is named after
        unread = session.module is None and session.submission.exists()
        if unread and not self._is_for(session):
            return []
        items = {i.name.removeprefix("test_"): i for i in super().collect()}
        checks = self.exercise.rubric.checks
        if set(items) != set(checks):
            msg = (
                f"{self.path.name} and the rubric do not name the same checks: only in the "
                f"grader {sorted(set(items) - set(checks))}, only in the rubric "
                f"{sorted(set(checks) - set(items))}."
            )
            raise RubricError(msg)
        for item in items.values():
            _tell_plainly(item)
        return [items[name] for name in checks]

    def _is_for(self, session: GradingSession) -> bool:
        """Say whether what was handed in is a tutorial's notebook, as its grader is for."""
        named = next(
            e
            for e in session.catalog.exercises(self.exercise.assignment)
            if e.slug == self.exercise.slug
        )
        found = locate(session.submission, [named], named=True)
        return all(e.is_tutorial == self.exercise.is_tutorial for e, _ in found)


def _tell_plainly(item: Any) -> None:
    """Let a check's message tell its failure; only our own faults need a traceback."""
    with_traceback = item.repr_failure

    def told(excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        if isinstance(excinfo.value, Failure | NotRun | EnvironmentUnavailable):
            return str(excinfo.value)
        return with_traceback(excinfo)

    item.repr_failure = told


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Any:
    """Collect the graders of tutorials' notebooks, whose names are no test files'."""
    is_one = file_path.suffix == ".py" and file_path.stem.startswith("tutorial_")
    if not is_one or parent.session.isinitpath(file_path):
        return None  # pytest itself collects what the command line names
    return pytest_pycollect_makemodule(file_path, parent)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    """Collect graders as :class:`GradedModule`, all else as usual."""
    if module_path.parent.parent.name != "graders":
        return None
    exercise = _exercise_of(module_path, _session(parent.config).catalog)
    if exercise is None:
        return None
    module: GradedModule = GradedModule.from_parent(parent, path=module_path)
    module.exercise = exercise
    return module


def _graded(item: pytest.Item) -> tuple[Exercise, CheckRubric] | None:
    module = item.getparent(GradedModule)
    if module is None:
        return None
    exercise = module.exercise
    return exercise, exercise.rubric.checks[item.name.removeprefix("test_")]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Skip checks that this machine cannot run or whose prerequisite did not pass."""
    graded = _graded(item)
    if graded is None:
        return
    exercise, check = graded
    figures.begin(wanted=_session(item.config).figures)
    pictures = getattr(item, "funcargs", {}).get("pictures")
    if pictures is not None:
        pictures.saving = check.visibility is Visibility.PUBLIC
    if check.needs and check.needs != _session(item.config).device:
        msg = "Only a GPU can tell; run it on one with --device cuda."
        raise NotRun(msg)
    earlier = item.config.stash[RESULTS].results.get(exercise.name, {})
    for name in check.requires:
        before = earlier.get(name)
        if before is None or before.status is Status.PASSED:
            continue
        shown = name.replace("_", " ")
        if before.reason is Reason.NEEDS_GPU:
            msg = f"This check builds on {shown!r}, which needs a GPU."
            raise NotRun(msg, not_modelled=NOT_MODELLED in before.details)
        msg = f"This check builds on {shown!r}, which did not pass."
        raise NotRun(msg, reason=Reason.PREREQUISITE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what a check raised into its result, and keep pytest's own report in step."""
    report = yield
    graded = _graded(item)
    if graded is None:
        return report
    exercise, check = graded
    collected = item.config.stash[RESULTS]
    known = collected.results.get(exercise.name, {})
    error = call.excinfo.value if call.excinfo is not None else None
    if check.name in known or (error is None and call.when != "call"):
        return report
    title = check_title(item)
    notes = item.stash.get(NOTES, {})
    if shown := figures.taken(error):
        notes = {**notes, "figures": shown}
    if found := _location(item, error):
        notes = {**notes, "location": found}
    result = judge(check, title, error, seconds=call.duration, details=notes)
    collected.add(exercise.name, result)
    report.user_properties.append(("points", result.points))
    report.user_properties.append(("max_points", result.max_points))
    if isinstance(error, NotRun):
        report.outcome = "skipped"
        report.longrepr = (
            str(item.path),
            item.reportinfo()[1] or 0,
            f"Skipped: {error}",
        )
    elif isinstance(error, Failure | HarnessError):
        hint = f"\n{result.hint}" if result.hint else ""
        report.longrepr = f"{result.title}\n[{result.reason}] {result.message}{hint}"
    return report


def _location(item: Any, error: BaseException | None) -> Location | None:
    """Return what a check's outcome points at in the learner's program."""
    learner = getattr(item, "funcargs", {}).get("learner")
    if learner is None or not isinstance(error, Failure | NotRun):
        return None
    found: Location | None = learner.location(error)
    return found


def check_title(item: pytest.Item) -> str:
    """Return the first line of the check's docstring."""
    doc = getattr(getattr(item, "function", None), "__doc__", None) or item.name
    return str(doc).strip().splitlines()[0].strip()


@pytest.fixture(scope="module")
def programs(request: pytest.FixtureRequest) -> Iterator[ExercisePrograms]:
    """Return the exercise's programs; their workers end with the module."""
    session = _session(request.config)
    module = request.node
    assert isinstance(module, GradedModule)
    exercise = module.exercise
    path = (
        session.module or locate(session.submission, [exercise], named=True)[0][1].path
    )
    opened = ExercisePrograms(session, exercise, path)
    yield opened
    collected = request.config.stash[RESULTS]
    collected.outputs[exercise.name] = opened.learner().output
    collected.executed[exercise.name] = opened.learner().executed
    opened.close()


@pytest.fixture(scope="module")
def learner(programs: ExercisePrograms) -> Learner:
    """Return the learner's program."""
    return programs.learner()


@pytest.fixture(scope="module")
def learner_beside(programs: ExercisePrograms) -> Callable[[int], Learner]:
    """
    Return what gives the learner's program in other workers, for calls at the same time.

    It takes the worker's number, from 1.
    """
    return programs.learner_beside


@pytest.fixture(scope="module")
def reference(programs: ExercisePrograms) -> Learner:
    """Return the reference solution, in a worker of its own."""
    return programs.reference()


@pytest.fixture(scope="module")
def baseline(programs: ExercisePrograms) -> Learner:
    """Return the assignment's baselines, in a worker of their own."""
    return programs.baseline()


@pytest.fixture(scope="module")
def oracles(programs: ExercisePrograms) -> ModuleType:
    """Return the assignment's oracles."""
    return programs.oracles()


@pytest.fixture(scope="module")
def pictures(programs: ExercisePrograms) -> Pictures:
    """Return the writer of graded pictures."""
    return programs.pictures()


@pytest.fixture(scope="module")
def limits(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Return the exercise's limits from the rubric."""
    found: Mapping[str, Any] = request.node.exercise.rubric.limits
    return found


@pytest.fixture(scope="module")
def device(request: pytest.FixtureRequest) -> str:
    """Return ``"cuda"`` or ``"simulator"``."""
    return _session(request.config).device


@pytest.fixture(scope="module")
def draw(request: pytest.FixtureRequest) -> Callable[[str], np.random.Generator]:
    """Return a function that gives the random generator of a name, from the secret seed."""
    session = _session(request.config)
    exercise: str = request.node.exercise.name

    def by_name(name: str) -> np.random.Generator:
        return session.generator(exercise, name)

    return by_name


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Return a function that takes a named figure into the check's details."""
    notes = request.node.stash.setdefault(NOTES, {})

    def take(name: str, value: Any) -> None:
        notes[name] = value

    return take


@pytest.fixture(scope="module")
def data_folder(request: pytest.FixtureRequest) -> Path:
    """Return the assignment's folder of data files, as the harness provides it."""
    folder: Path = request.node.exercise.data
    return folder
