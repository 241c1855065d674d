"""The corpus: right and wrong programs, each of which says what a grading must find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.harness.catalog import Catalog, Exercise
from graders.harness.errors import CatalogError
from graders.harness.models import ExerciseResult, Reason, Status

_EXPECT = re.compile(r"^# expect: (passed|failed (.+))$", re.MULTILINE)
_DEVICES = re.compile(r"^# devices: (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Program:
    """
    One program of the corpus.

    Attributes:
        expected: The checks that must fail, each with its reason; empty for a right
        program.

        devices: Where it is to be graded.
    """

    exercise: Exercise
    path: Path
    summary: str
    expected: Mapping[str, Reason]
    devices: frozenset[str]

    @property
    def right(self) -> bool:
        """Whether every check must accept it."""
        return not self.expected

    @property
    def name(self) -> str:
        """``assignment/exercise/file``."""
        return f"{self.exercise.name}/{self.path.stem}"


def read_program(exercise: Exercise, path: Path) -> Program:
    """
    Read a program's header.

    Raises:
        CatalogError: The header is not as it should be.
    """
    text = path.read_text("utf-8")
    found = _EXPECT.search(text)
    if found is None or not text.startswith("# "):
        msg = f"{path}: begins with no summary, or has no line '# expect: ...'."
        raise CatalogError(msg)
    expected: dict[str, Reason] = {}
    for part in (found[2] or "").split(";"):
        if not part.strip():
            continue
        check, _, reason = part.strip().partition(" ")
        if check not in exercise.rubric.checks or reason not in set(Reason):
            msg = f"{path}: '# expect: ... {part.strip()}' names no check and reason."
            raise CatalogError(msg)
        expected[check] = Reason(reason)
    devices = _DEVICES.search(text)
    return Program(
        exercise=exercise,
        path=path,
        summary=text.splitlines()[0].removeprefix("# ").strip(),
        expected=expected,
        devices=frozenset(devices[1].split())
        if devices
        else frozenset({"simulator", "cuda"}),
    )


def read_corpus(catalog: Catalog, folder: Path) -> Iterator[Program]:
    """Yield the programs ``<folder>/<assignment>/<exercise>/{right,wrong}_*.py``."""
    for exercise in catalog.select(()):
        for path in sorted((folder / exercise.assignment / exercise.slug).glob("*.py")):
            if path.name.startswith(("right_", "wrong_")):
                yield read_program(exercise, path)


def disagreement(program: Program, result: ExerciseResult) -> str:
    """Return how a grading differs from what the program says of itself, or nothing."""
    failed = {c.name: c.reason for c in result.checks if c.status is Status.FAILED}
    broken = {c.name: c.message for c in result.checks if c.status is Status.ERROR}
    if broken:
        return f"could not be graded: {broken}"
    if failed == dict(program.expected):
        return ""
    seen = {
        c.name: f"{c.reason}: {c.message} {c.hint}"
        for c in result.checks
        if c.status is not Status.PASSED and c.name not in program.expected
    }
    wanted = {name: reason.value for name, reason in program.expected.items()}
    got = {name: reason.value if reason else None for name, reason in failed.items()}
    return f"failed {got}, expected was {wanted}. {seen}"
