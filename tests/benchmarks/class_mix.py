"""Classes made of the corpus: the same one whenever so many submissions are asked for."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.catalog import Catalog  # noqa: E402
from graders.harness.corpus import Program, read_corpus  # noqa: E402

_SEED = "a class"


@dataclass(frozen=True, kw_only=True)
class Made:
    """
    One submission of a made-up class.

    Attributes:
        key: A name for it.

        program: What was handed in, as the corpus has it.

        path: Where it lies within the submission.
    """

    key: str
    program: Program
    path: str

    @property
    def files(self) -> dict[str, bytes]:
        return {self.path: self.program.path.read_bytes()}


def mix(count: int, device: str) -> list[Made]:
    """
    Return so many submissions, of one module each, flat or laid out like ``assignments/``.

    The corpus is gone through in an order that is drawn once, and again from its beginning
    where it is too short. The first ones of a larger class are those of a smaller one.
    """
    programs = [
        program
        for program in read_corpus(Catalog(), ROOT / "tests" / "submissions")
        if program.path.suffix == ".py" and device in program.devices
    ]
    random.Random(_SEED).shuffle(programs)
    made = []
    for number in range(count):
        program = programs[number % len(programs)]
        flat = f"{program.exercise.slug}.py"
        path = flat if number % 2 else f"{program.exercise.assignment}/{flat}"
        made.append(Made(key=f"s{number:04d}", program=program, path=path))
    return made


def sampled(made: list[Made], count: int) -> list[Made]:
    """Return so many of a class, from all over it; all of them for none."""
    count = count or len(made)
    return made[:: max(1, len(made) // count)][:count]


def repeated(made: list[Made], times: int) -> list[Made]:
    """Return the same submissions several times, each under a key of its own."""
    return [
        Made(key=f"{one.key}-{again}", program=one.program, path=one.path)
        for again in range(times)
        for one in made
    ]


def write(made: list[Made], folder: Path) -> Path:
    """Write a class as a folder of folders, and return it."""
    for one in made:
        for path, content in one.files.items():
            target = folder / one.key / path
            target.parent.mkdir(parents=True)
            target.write_bytes(content)
    return folder
