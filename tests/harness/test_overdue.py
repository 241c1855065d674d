"""A shard that goes on for ever is ended, and the others go on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from graders.harness import shards
from graders.harness.catalog import Catalog
from graders.harness.models import Reason, Status, Submission
from graders.harness.run import Grader, Request
from graders.harness.submission import digest


def test_a_shard_that_goes_on_for_ever_is_ended(
    toys: Catalog, toy_grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is our fault and costs no points; the one beside it passes."""
    real = shards.run_checks

    def run(session: Any, exercise: Any, path: Path, collected: Any) -> int:
        if exercise.slug == "scale":
            time.sleep(60)
        return real(session, exercise, path, collected)

    monkeypatch.setattr(shards, "run_checks", run)
    monkeypatch.setattr(shards, "_LONGEST", 3.0)
    work = []
    for exercise in toys.select(["scale", "total"]):
        path = toys.root / "reference" / f"{exercise.name}.py"
        work.append(
            (
                exercise,
                Submission(exercise=exercise.name, path=path, digest=digest(path)),
            )
        )
    started = time.perf_counter()
    hung, other = toy_grader.results(Request(work=work, device="simulator", jobs=2))
    assert time.perf_counter() - started < 20
    assert {(c.status, c.reason) for c in hung.checks} == {
        (Status.ERROR, Reason.HARNESS)
    }
    assert "had gone on for 3 s" in hung.checks[0].message
    assert all(c.status is not Status.ERROR for c in other.checks)
