"""Which assignments and exercises there are, found under ``graders/``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graders.harness.errors import CatalogError, UsageError
from graders.harness.rubric import ExerciseRubric, Rubric, load_rubric

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """
    One exercise: its place in the three trees.

    Attributes:
        name: ``assignment/exercise``.

        rubric: Its part of the assignment's rubric.

        is_tutorial: Whether what is graded is a copy of a tutorial's own notebook, by
            checks of its own.
    """

    assignment: str
    slug: str
    rubric: ExerciseRubric
    root: Path
    is_tutorial: bool = False

    @property
    def name(self) -> str:
        """``assignment/exercise``."""
        return f"{self.assignment}/{self.slug}"

    @property
    def stub(self) -> Path:
        """What the learner starts from."""
        return self.root / "assignments" / self.assignment / f"{self.slug}.py"

    @property
    def reference(self) -> Path:
        """The full-marks solution."""
        return self.root / "reference" / self.assignment / f"{self.slug}.py"

    @property
    def oracles(self) -> Path:
        """The truth in NumPy."""
        return self.root / "reference" / self.assignment / "oracles.py"

    @property
    def baselines(self) -> Path:
        """The program that a learner would write without the lesson."""
        return self.root / "reference" / self.assignment / "baselines.py"

    @property
    def grader(self) -> Path:
        """The checks."""
        kind = "tutorial" if self.is_tutorial else "test"
        return self.root / "graders" / self.assignment / f"{kind}_{self.slug}.py"

    @property
    def data(self) -> Path:
        """Data files that the harness provides; the folder need not exist."""
        return self.root / "assignments" / self.assignment / "data"

    def as_tutorial(self) -> Exercise:
        """
        Return the exercise as it is graded for a copy of a tutorial's own notebook.

        Raises:
            CatalogError: No such notebook is graded for it.
        """
        if self.is_tutorial:
            return self
        if self.rubric.tutorial is None:
            msg = f"{self.name}: the rubric has no table 'tutorial' for it."
            raise CatalogError(msg)
        return replace(self, rubric=self.rubric.tutorial, is_tutorial=True)


class Catalog:
    """
    The assignments of a repository.

    Args:
        root: The folder that holds ``assignments/``, ``graders/`` and ``reference/``. The
            default is the one that this file belongs to.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        found = sorted(p.parent for p in (root / "graders").glob("*/rubric.toml"))
        if not found:
            msg = f"{root / 'graders'}: no assignment with a rubric.toml in it."
            raise CatalogError(msg)
        self.assignments = tuple(folder.name for folder in found)

    def rubric(self, assignment: str) -> Rubric:
        """Read an assignment's rubric."""
        return load_rubric(self.root / "graders" / assignment / "rubric.toml")

    def exercises(self, assignment: str) -> tuple[Exercise, ...]:
        """Return an assignment's exercises, in order."""
        return tuple(
            Exercise(assignment=assignment, slug=slug, rubric=rubric, root=self.root)
            for slug, rubric in self.rubric(assignment).exercises.items()
        )

    def select(self, names: Sequence[str]) -> tuple[Exercise, ...]:
        """
        Return the named exercises; all of them where no name is given.

        Args:
            names: ``assignment``, ``assignment/exercise`` or ``exercise``.

        Raises:
            UsageError: There is no such name; the message suggests the nearest.
        """
        if not names:
            return tuple(e for a in self.assignments for e in self.exercises(a))
        chosen: dict[str, Exercise] = {}
        for name in names:
            for exercise in self._named(name.strip("/")):
                chosen[exercise.name] = exercise
        return tuple(chosen.values())

    def _named(self, name: str) -> tuple[Exercise, ...]:
        assignment, _, slug = name.partition("/")
        if assignment in self.assignments:
            exercises = self.exercises(assignment)
            matching = tuple(e for e in exercises if slug in ("", e.slug))
            if matching:
                return matching
        everything = self.select(())
        if matching := tuple(e for e in everything if e.slug == name):
            return matching
        known = [
            *self.assignments,
            *(e.name for e in everything),
            *(e.slug for e in everything),
        ]
        near = difflib.get_close_matches(name, known, 1)
        there_are = f"There are: {', '.join(e.name for e in everything)}."
        advice = f"Did you mean {near[0]!r}?" if near else there_are
        msg = f"There is no assignment or exercise {name!r}. {advice}"
        raise UsageError(msg)
