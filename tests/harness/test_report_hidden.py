"""No writer tells anything of hidden checks: a word that only they hold shows nowhere."""

from __future__ import annotations

import base64
import re

import pytest

from graders.harness.models import CheckResult, Reason, Report, Status, Visibility
from graders.harness.report import WRITERS
from tests.harness.played_reports import PASSED, exercise, image, report

CANARY = "canary7391"
#: As it stands in a PNG's data and in the payload of GitHub Classroom.
PICTURE = base64.b64encode(CANARY.encode()).decode()


def hidden(status: str, reason: str, points: float) -> CheckResult:
    return CheckResult(
        name=f"name_{CANARY}",
        title=f"Title {CANARY}.",
        status=Status(status),
        points=points,
        max_points=2.0,
        reason=Reason(reason) if reason else None,
        message=f"Message {CANARY}",
        hint=f"Hint {CANARY}",
        details={
            CANARY: CANARY,
            "location": {"file": CANARY, "line": 1, "source": [[1, CANARY]]},
            "figures": [image(CANARY, PICTURE)],
            "leaderboard": CANARY,
            "ratio": {"ratio": 7391.5, "text": CANARY},
        },
        visibility=Visibility.HIDDEN,
    )


def with_hidden(*checks: CheckResult) -> Report:
    graded = exercise("demo/double", PASSED, *checks, output=f"printed {CANARY}")
    return report(graded, seed=f"seed {CANARY}")


CASES = {
    "passed": with_hidden(hidden("passed", "", 2.0)),
    "failed": with_hidden(
        hidden("failed", "wrong_value", 0.5), hidden("skipped", "prerequisite", 0.0)
    ),
    "not run": with_hidden(hidden("skipped", "needs_gpu", 0.0)),
    "ours": with_hidden(hidden("error", "harness", 0.0), hidden("passed", "", 2.0)),
}
SILENT = {("classroom50", "ours"), ("coursera", "ours")}  # they have no file then
TOLD = [(f, c) for f in WRITERS for c in CASES if (f, c) not in SILENT]


def everything_in(text: str) -> str:
    """Return a text with what it holds in Base64 as well."""
    held = [text]
    for word in re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", text):
        whole = word[: len(word) // 4 * 4]
        held.append(base64.b64decode(whole).decode("utf-8", "replace"))
    return "\n".join(held)


@pytest.mark.parametrize(("form", "case"), TOLD)
def test_no_format_tells_of_hidden_checks(form: str, case: str) -> None:
    shown = everything_in(WRITERS[form](CASES[case].for_learners()))
    assert CANARY not in shown
    assert PICTURE not in shown
    assert "7391" not in shown


@pytest.mark.parametrize("form", ["json", "gradescope", "github-classroom"])
def test_the_canary_would_be_found(form: str) -> None:
    """With everything shown it is there: the test above can fail."""
    assert CANARY in everything_in(WRITERS[form](CASES["failed"]))
