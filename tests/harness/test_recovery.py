"""A program that takes the fork server down: it is found out, the others are graded."""

from __future__ import annotations

from pathlib import Path

from graders.harness.catalog import Catalog
from graders.harness.models import Reason, Status, Submission, Verdict
from graders.harness.run import Grader, Request
from graders.harness.submission import digest

PROGRAMS = Path(__file__).parent / "programs"
KILLER = """
import os
import signal


def scale(x, factor):
    os.kill(os.getppid(), signal.SIGKILL)
    while True:
        pass
"""


def test_the_server_comes_back(toys: Catalog, tmp_path: Path) -> None:
    """The killer has crashed; every other program keeps its result and points."""
    scale, total = toys.select(["scale"])[0], toys.select(["total"])[0]
    killer = tmp_path / "scale.py"
    killer.write_text(KILLER)
    reference = scale.reference
    work = [(total, _handed_in(total.name, total.reference))]
    work += [(scale, _handed_in(scale.name, p)) for p in (killer, reference, reference)]
    with Grader("simulator", toys) as grader:
        request = Request(work=work, device="simulator", jobs=4)
        first, found, *others = grader.results(request)
        again = grader.results(Request(work=work[:1], device="simulator"))
    assert found.score == 0
    for check in found.checks:
        if check.status is Status.FAILED:
            assert check.reason is Reason.CRASHED
    assert found.verdict is Verdict.FAILED
    for result in (first, *others, *again):
        assert result.verdict is Verdict.PASSED, result


def _handed_in(exercise: str, path: Path) -> Submission:
    return Submission(exercise=exercise, path=path, digest=digest(path))
