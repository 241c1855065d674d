"""The hostile programs: what each tries, and what a grading must make of it.

Beside the corpus' header lines (``graders.harness.corpus``) a program has
``# exercise: ASSIGNMENT/EXERCISE``, and may have

``# needs: LAYER``     the layer of the sandbox that stops it; skipped where it is missing,
                     and with ``by root`` behind it where the grader is an ordinary user
``# deadline: N``      seconds that a call may take; the others have enough for any program
``# known: WHY``       it cannot be prevented here; counted apart, and never as prevented

An upload is a folder with the same lines in ``upload.txt``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from graders.harness.catalog import Catalog
from graders.harness.corpus import Program, read_program
from graders.harness.rubric import Rubric

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "submissions" / "hostile"
#: Seconds that a call of a program may take that does not hang.
PATIENCE = 30.0
#: Behind a layer: it stops the program only where the grader is root.
BY_ROOT = " by root"
#: How many programs of a sample stand for how many of all.
STEPS = {"all": 1, "third": 3, "tenth": 10}


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """
    One hostile program.

    Attributes:
        program: Its header as the corpus reads it.

        needs: The layer of the sandbox that stops it, or nothing.

        deadline: Seconds that a call of it may take.

        known: Why it cannot be prevented, or nothing.

        upload: Its folder, where it is one.
    """

    program: Program
    needs: str
    deadline: float
    known: str
    upload: Path | None = None

    @property
    def name(self) -> str:
        """Its file's or folder's name."""
        return self.upload.name if self.upload else self.program.path.stem


class HurriedCatalog(Catalog):
    """The repository's assignments, with one deadline for all calls."""

    deadline = PATIENCE

    def rubric(self, assignment: str) -> Rubric:
        """Read an assignment's rubric and set its deadlines."""
        rubric = super().rubric(assignment)
        exercises = {
            name: replace(exercise, timeout=self.deadline)
            for name, exercise in rubric.exercises.items()
        }
        return replace(rubric, exercises=exercises)


def read_hostile(folder: Path = FOLDER) -> list[Hostile]:
    """Return the hostile programs and uploads, in order of their names."""
    catalog = Catalog()
    single = [_read(catalog, path, None) for path in sorted(folder.glob("*.py"))]
    uploads = sorted((folder / "uploads").glob("*/upload.txt"))
    return single + [_read(catalog, path, path.parent) for path in uploads]


def _read(catalog: Catalog, path: Path, upload: Path | None) -> Hostile:
    text = path.read_text("utf-8")
    (exercise,) = catalog.select([_line(text, "exercise")])
    return Hostile(
        program=read_program(exercise, path),
        needs=_line(text, "needs"),
        deadline=float(_line(text, "deadline") or PATIENCE),
        known=_line(text, "known"),
        upload=upload,
    )


def _line(text: str, key: str) -> str:
    found = re.search(rf"^# {key}: (.+)$", text, re.MULTILINE)
    return found[1] if found else ""
