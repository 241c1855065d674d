"""The corpus: right and wrong programs, each of which says what a grading must find.

A program is a module, which says it in comments at its top, or a notebook, in its metadata.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import CatalogError, ImportFailed, UsageError
from graders.harness.models import ExerciseResult, Reason, Status
from graders.harness.submission.holdings import contents
from graders.harness.submission.notebook_file import METADATA_KEY, is_notebook, read

_EXPECT = re.compile(r"^# expect: (.+)$", re.MULTILINE)
_EXPECT_ON_CUDA = re.compile(r"^# expect on cuda: (.+)$", re.MULTILINE)
_DEVICES = re.compile(r"^# devices: (.+)$", re.MULTILINE)
_PREFIXES = ("right_", "wrong_")
_PROGRAM = re.compile(r"right_|wrong_|.*[*?]")


@dataclass(frozen=True, kw_only=True)
class Program:
    """
    One program of the corpus.

    Attributes:
        expected: The checks that must fail, each with its reason; empty for a right
            program.

        expected_on_cuda: The same for a GPU, where timed checks are run as well; None where
            it is no other.

        devices: Where it is to be graded.
    """

    exercise: Exercise
    path: Path
    summary: str
    expected: Mapping[str, Reason]
    devices: frozenset[str]
    expected_on_cuda: Mapping[str, Reason] | None = None

    @property
    def right(self) -> bool:
        """Whether every check must accept it, but for those of speed on a GPU."""
        return not self.expected

    def expected_on(self, device: str) -> Mapping[str, Reason]:
        """Return the checks that must fail on a device, each with its reason."""
        if device == "cuda" and self.expected_on_cuda is not None:
            return self.expected_on_cuda
        return self.expected

    @property
    def name(self) -> str:
        """``assignment/exercise/file``."""
        return f"{self.exercise.name}/{self.path.stem}"


def read_program(exercise: Exercise, path: Path) -> Program:
    """
    Read what a program says of itself: a module in its header, a notebook in its metadata.

    A copy of a tutorial's notebook is a program of the exercise's other form.

    Raises:
        CatalogError: It is not as it should be.
    """
    on_cuda = None
    if is_notebook(path):
        exercise, summary, expect, devices = _notebook_header(exercise, path)
    else:
        summary, expect, devices = _module_header(path)
        on_cuda = _EXPECT_ON_CUDA.search(path.read_text("utf-8"))
    return Program(
        exercise=exercise,
        path=path,
        summary=summary,
        expected=_expected(exercise, path, expect),
        expected_on_cuda=_expected(exercise, path, on_cuda[1]) if on_cuda else None,
        devices=frozenset(devices.split() or ("simulator", "cuda")),
    )


def _expected(exercise: Exercise, path: Path, expect: str) -> dict[str, Reason]:
    """Return what a header says must fail."""
    if not re.fullmatch(r"passed|failed .+", expect):
        msg = f"{path}: expect: must be 'passed' or 'failed CHECK REASON' (got {expect!r})."
        raise CatalogError(msg)
    expected: dict[str, Reason] = {}
    for part in expect.removeprefix("passed").removeprefix("failed").split(";"):
        if not part.strip():
            continue
        check, _, reason = part.strip().partition(" ")
        if check not in exercise.rubric.checks or reason not in set(Reason):
            msg = f"{path}: 'expect: ... {part.strip()}' names no check and reason."
            raise CatalogError(msg)
        expected[check] = Reason(reason)
    return expected


def _module_header(path: Path) -> tuple[str, str, str]:
    """Return a module's summary, its expectation and its devices."""
    text = path.read_text("utf-8")
    expect = _EXPECT.search(text)
    if expect is None or not text.startswith("# "):
        msg = f"{path}: begins with no summary, or has no line '# expect: ...'."
        raise CatalogError(msg)
    devices = _DEVICES.search(text)
    summary = text.splitlines()[0].removeprefix("# ").strip()
    return summary, expect[1], devices[1] if devices else ""


def _notebook_header(exercise: Exercise, path: Path) -> tuple[Exercise, str, str, str]:
    """Return the same of a notebook, and the exercise in the form that it holds."""
    try:
        held = contents(path, [exercise]).held
        notes = read(path).notes
    except ImportFailed as err:
        raise CatalogError(f"{path}: {err}") from err  # noqa: EM102 - said already
    if not held or not notes.get("summary") or not notes.get("expect"):
        msg = (
            f"{path}: holds nothing of {exercise.name}, or its metadata lack 'summary' or "
            f"'expect' under {METADATA_KEY!r}."
        )
        raise CatalogError(msg)
    found = held[exercise.name].exercise
    return found, notes["summary"], notes["expect"], notes.get("devices", "")


def read_corpus(catalog: Catalog, folder: Path) -> Iterator[Program]:
    """Yield the programs ``<assignment>/<exercise>/{right,wrong}_*`` of a folder."""
    for exercise in catalog.select(()):
        for path in sorted((folder / exercise.assignment / exercise.slug).glob("*")):
            is_program = path.suffix == ".py" or is_notebook(path)
            if is_program and path.name.startswith(_PREFIXES):
                yield read_program(exercise, path)


@dataclass(frozen=True)
class Choice:
    """
    What was asked for of the corpus: whole exercises, and programs of others.

    Attributes:
        whole: The names of exercises of which every program is meant.

        patterns: ``assignment/exercise/program`` of the others; ``*`` and ``?`` stand for
            any text and any character of a program's name.
    """

    whole: tuple[str, ...]
    patterns: tuple[str, ...] = ()

    @property
    def exercises(self) -> list[str]:
        """The names of all exercises of which something is meant."""
        others = (pattern.rpartition("/")[0] for pattern in self.patterns)
        return list(dict.fromkeys([*self.whole, *others]))

    def of(self, programs: Sequence[Program]) -> list[Program]:
        """
        Return those of the programs that are meant.

        Raises:
            UsageError: A pattern names none.
        """
        for pattern in self.patterns:
            if not any(fnmatch.fnmatchcase(p.name, pattern) for p in programs):
                exercise, _, wanted = pattern.rpartition("/")
                msg = (
                    f"The corpus has no program {wanted!r} of {exercise}. A * in the name "
                    "stands for any text."
                )
                raise UsageError(msg)
        return [p for p in programs if p.exercise.name in self.whole or self._names(p)]

    def _names(self, program: Program) -> bool:
        return any(fnmatch.fnmatchcase(program.name, p) for p in self.patterns)


def choose(catalog: Catalog, names: Sequence[str]) -> Choice:
    """
    Return what names ask for: assignments, exercises, or programs of the corpus.

    Args:
        catalog: Knows the exercises.

        names: ``exercise/program`` or the path of a program's file beside what
            :meth:`Catalog.select` takes; without any, everything is meant.

    Raises:
        UsageError: There is no such assignment or exercise.
    """
    patterns, others = [], []
    for name in names:
        exercise, _, program = name.rpartition("/")
        if not exercise or not _PROGRAM.match(program):
            others.append(name)
            continue
        place = "/".join(exercise.split("/")[-2:])  # of a path, the end
        patterns += [
            f"{found.name}/{re.sub(r'[.](py|ipynb)$', '', program)}"
            for found in catalog.select([place])
        ]
    whole = catalog.select(others) if others or not names else ()
    return Choice(tuple(exercise.name for exercise in whole), tuple(patterns))


def disagreement(
    program: Program, result: ExerciseResult, device: str = "simulator"
) -> str:
    """Return how a grading differs from what the program says of itself, or nothing."""
    expected = program.expected_on(device)
    failed = {c.name: c.reason for c in result.checks if c.status is Status.FAILED}
    broken = {c.name: c.message for c in result.checks if c.status is Status.ERROR}
    if broken:
        return f"could not be graded: {broken}"
    if failed == dict(expected):
        return ""
    seen = {
        c.name: f"{c.reason}: {c.message} {c.hint}"
        for c in result.checks
        if c.status is not Status.PASSED and c.name not in expected
    }
    wanted = {name: reason.value for name, reason in expected.items()}
    got = {name: reason.value if reason else None for name, reason in failed.items()}
    return f"failed {got}, expected was {wanted}. {seen}"
