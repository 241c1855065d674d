"""Classes that nobody taught: members with names of every kind, and played results."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from graders.harness.classroom.entries import (
    Classroom,
    Entry,
    Member,
    Result,
    State,
)
from graders.harness.models import CheckResult, Report, Status, Visibility
from tests.harness.played_reports import check, exercise, report

#: Names in several scripts, one that turns the direction, and a very long one.
NAMES = (
    "Ada Lovelace", "Łukasz Żółć", "王小明", "Иван Петров", "محمد علي", "ஸ்ரீ ராம்",
    "José María Fernández-Álvarez", "Wolfeschlegelsteinhausenbergerdorff " * 3,
    "<script>alert(1)</script>", "O'Neil & Sons", "\u202eesrever", "Grace Hopper",
)  # fmt: skip
FORMULA = "=HYPERLINK(\"http://x\",'me')"
_TITLES = (
    ("fft_callbacks/sepia_blur", "Sepia and blur inside the transforms"),
    ("kernel_fusion/fused_linear", "Product, bias and ReLU in one kernel"),
    ("sparse_solver/multiple_rhs", "Many right-hand sides"),
)


@dataclass(frozen=True)
class Handed:
    """Files that were handed in: none, for nobody reads them here."""

    def read(self) -> Mapping[str, bytes]:
        return {}


def member(number: int) -> Member:
    name = NAMES[number % len(NAMES)]
    shown = name if number < len(NAMES) else f"{name} {number}"
    return Member(id=f"s{number:04}", name=shown, email=f"s{number:04}@example.org")


def entry(key: str, *members: Member, **more: object) -> Entry:
    return Entry(key=key, members=members, handed=Handed(), **more)  # type: ignore[arg-type]


def result(key: str, played: Report | None, **more: object) -> Result:
    state = State.GRADED if played else more.pop("state")
    data = played.to_dict() if played else None
    return Result(key=key, digest="0" * 64, state=state, report=data, **more)  # type: ignore[arg-type]


def large_class(count: int) -> tuple[Classroom, dict[str, Result]]:
    """Return a class of so many members with everything in it that happens."""
    drawn = random.Random(count)
    entries, results = [], {}
    missing = max(1, count // 50)
    for number in range(count - missing):
        key = f"s{number:04}"
        late = number % 17 == 3
        entries.append(
            entry(
                key,
                member(number),
                submitted=f"2026-11-{1 + number % 28:02}T12:00:00+00:00",
                late=late,
                notes=("Two zips were handed in; the later one counts.",)
                if number % 41 == 5
                else (),
            )
        )
        results[key] = _result(key, number, drawn)
    classroom = Classroom(
        layout="canvas",
        entries=tuple(entries),
        missing=tuple(member(n) for n in range(count - missing, count)),
        strays=("notes.txt: it belongs to no submission.",) if count > 3 else (),
        notes=("2 members of the roster share a name.",) if count > 3 else (),
    )
    return classroom, results


def _result(key: str, number: int, drawn: random.Random) -> Result:
    seconds = round(drawn.lognormvariate(1.5, 0.6), 2)
    if number % 97 == 50:
        problem = "The grader ended twice while this was graded (signal 11)."
        return result(key, None, state=State.SET_ASIDE, problem=problem, attempts=2)
    if number % 61 == 40:
        return result(
            key, None, state=State.UNREADABLE, problem="The zip is damaged: bad CRC."
        )
    skill = drawn.random() ** 0.5
    exercises = [
        exercise(name, *_checks(skill, drawn, ours=number % 71 == 30))
        for name, _ in _TITLES
    ]
    return result(key, report(*exercises), seconds=seconds, where="grader-1")


_MISTAKES = (
    ("wrong_value", "The pixel at ({0}, {1}) is 0.{2} and should be 0.{1}."),
    ("wrong_value", "The result is transposed: element [{0}, 0] is that of [0, {0}]."),
    ("crashed", "IndexError: index {0} is out of bounds for axis 0 with size {1}."),
    ("unimplemented", "sepia_blur is not written yet: it raises NotImplementedError."),
)


def _checks(skill: float, drawn: random.Random, *, ours: bool) -> list[CheckResult]:
    def judged(name: str, most: float, **more: object) -> CheckResult:
        if drawn.random() < skill:
            return check(name, "passed", most, most, **more)
        reason, text = drawn.choices(_MISTAKES, (5, 3, 2, 2))[0]
        figures = [drawn.randrange(10, 99) for _ in range(3)]
        told = {"reason": reason, "message": text.format(*figures)}
        return check(name, "failed", 0, most, **told, **more)

    first = judged("values", 5)
    passed = first.status is Status.PASSED
    built = {"reason": "prerequisite", "message": "It builds on values."}
    checks = [
        first,
        judged("memory_space", 2)
        if passed
        else check("memory_space", "skipped", 0, 2, **built),
        check("faster", "skipped", 0, 1, reason="needs_gpu", message="A GPU tells."),
        judged("odd_sizes", 2, visibility=Visibility.HIDDEN),
    ]
    if ours:
        checks[1] = check(
            "memory_space", "error", 0, 2, reason="harness", message="Ours."
        )
    return checks
