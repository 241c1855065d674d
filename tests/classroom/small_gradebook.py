"""Small classes and their gradebooks, for tests."""

from __future__ import annotations

import csv
from pathlib import Path

from graders.harness.classroom.entries import Classroom, Member, Result, State
from graders.harness.classroom.gradebook import write_gradebook
from graders.harness.models import Report
from tests.classroom.played_class import entry, result
from tests.harness.played_reports import (
    ALL_PASSED,
    NEEDS_GPU,
    PASSED,
    check,
    exercise,
    report,
)

ADA = Member(id="101", name="Ada Lovelace", email="ada@example.org")
BOB = Member(id="102", name="Bob", email="bob@example.org")
EVE = Member(id="103", name="Eve", email="eve@example.org")
GRADED_ON_A_GPU = report(
    exercise("demo/double", PASSED, check("faster", "passed", 1, 1))
)
FAILED = report(
    exercise(
        "demo/double",
        check("values", "failed", 1.5, 3, reason="wrong_value", message="It is 3."),
        NEEDS_GPU,
    )
)


def one(member: Member, key: str = "") -> Classroom:
    return Classroom(layout="canvas", entries=(entry(key or member.id, member),))


def everything() -> tuple[Classroom, dict[str, Result]]:
    """Return a class with a member in each state: 3 + 1 points, 1 of them for a GPU."""
    names = ("passed", "failed", "ungraded", "unreadable", "set_aside", "pending")
    entries = [
        entry(name, Member(id=f"{n}", name=f"Member {n}", email=f"{n}@example.org"))
        for n, name in enumerate(names)
    ]
    pair = entry("pair", ADA, BOB, submitted="2026-11-22T14:00:00Z", late=True)
    classroom = Classroom(layout="moodle", entries=(*entries, pair), missing=(EVE,))
    ours = report(
        exercise("demo/double", PASSED, check("o", "error", 0, 1, reason="harness"))
    )
    results = {
        "passed": result("passed", ALL_PASSED),
        "failed": result("failed", FAILED),
        "ungraded": result("ungraded", ours),
        "unreadable": result(
            "unreadable", None, state=State.UNREADABLE, problem="Bad."
        ),
        "set_aside": result("set_aside", None, state=State.SET_ASIDE, problem="Down."),
        "pair": result("pair", ALL_PASSED, seconds=2.5, where="host-1"),
    }
    return classroom, results


def written(folder: Path, classroom: Classroom, *reports: Report | None) -> list[str]:
    """Write a gradebook of graded submissions, and return what was said."""
    results = {
        e.key: result(e.key, r) for e, r in zip(classroom.entries, reports, strict=True)
    }
    return write_gradebook(folder, classroom, results)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
