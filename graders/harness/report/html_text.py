"""What the HTML of the report and of a notebook's answer share: words, and safe text.

Text of a stranger's shows as it is (``report.visible``), and is never mark-up.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from graders.harness.models import CheckResult, ExerciseResult, Report, Status, Verdict
from graders.harness.report.visible import visible
from graders.harness.report.wording import STATUS_WORDS

#: A status as a sign and a word: colour alone tells nobody anything.
MARKS = {
    Status.PASSED: ("✓", STATUS_WORDS[Status.PASSED]),
    Status.FAILED: ("✗", STATUS_WORDS[Status.FAILED]),
    Status.ERROR: ("!", STATUS_WORDS[Status.ERROR]),
    Status.SKIPPED: ("-", STATUS_WORDS[Status.SKIPPED]),
}
#: Likewise a verdict.
VERDICT_MARKS = {
    Verdict.PASSED: MARKS[Status.PASSED],
    Verdict.FAILED: MARKS[Status.FAILED],
    Verdict.UNGRADED: MARKS[Status.ERROR],
}


def escaped(text: str) -> str:
    """Return a text as HTML that shows it, in an element or an attribute."""
    return html.escape(visible(text, len(text)))


def last_part(text: str, most: int) -> str:
    """Return the end of a long text, and how much of it is left out."""
    left = len(text) - most
    if left <= 0:
        return text
    return f"[{left:,} characters before these were cut]\n{text[left:]}"


def not_run_note(graded: ExerciseResult | Report) -> str:
    """Return how many points this machine could not check, or nothing."""
    left = graded.not_run_points
    return f"{left:g} could not be checked on this machine" if left else ""


def told_together(exercise: ExerciseResult) -> list[Sequence[CheckResult]]:
    """Return the checks that did not pass, those of which the same is said together."""
    groups: dict[tuple[Status, str, str], list[CheckResult]] = {}
    for check in exercise.checks:
        if check.status is not Status.PASSED:
            key = check.status, check.message, check.hint
            groups.setdefault(key, []).append(check)
    return list(groups.values())
