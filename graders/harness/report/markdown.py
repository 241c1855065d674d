"""Markdown: a table of points and what failed, for a job summary or a comment.

What a learner's program said stands in it as text: it can neither become markup nor mention
anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.harness.models import (
    CheckResult,
    ExerciseResult,
    Reason,
    Report,
    Status,
    Verdict,
)
from graders.harness.report.tally import all_checks
from graders.harness.report.visible import fitted, visible
from graders.harness.report.wording import left_open

# What means something to GitHub's Markdown, to HTML, or as a reference (@name, #1, a link).
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~@&$]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
#: Bytes of a job summary: GitHub takes 1 MiB of a step, and no more comes of markup.
LIMIT = 1_000_000
_VERDICTS = {
    Verdict.PASSED: "Passed",
    Verdict.FAILED: "Failed",
    Verdict.UNGRADED: "Ungraded",
}
_SIGNS = {
    Verdict.PASSED: "\N{WHITE HEAVY CHECK MARK}",
    Verdict.FAILED: "\N{CROSS MARK}",
    Verdict.UNGRADED: "\N{BLACK QUESTION MARK ORNAMENT}",
}


def render_markdown(report: Report) -> str:
    """Return the report as Markdown in GitHub's flavour, cut to what a summary may have."""
    return fitted(
        lambda most: "\n".join(_lines(report, most)) + "\n", LIMIT, "markdown"
    )


def _lines(report: Report, most: int) -> Iterator[str]:
    yield f"## {_VERDICTS[report.verdict]}: {_points(report.score, report.max_score)}"
    yield ""
    if report.not_run_points:
        yield left_open(all_checks(report))
        yield ""
    yield "| | Exercise | Points |"
    yield "| --- | --- | ---: |"
    for exercise in report.exercises:
        earned = f"{exercise.score:g} of {exercise.max_score:g}"
        name = f"`{exercise.name}` {_text(exercise.title)}"
        yield f"| {_SIGNS[exercise.verdict]} | {name} | {earned} |"
    for exercise in report.exercises:
        yield from _details(exercise, most)
    yield ""
    yield f"Graded on {_text(_device(report))} in {report.seconds:.1f} s."


def _details(exercise: ExerciseResult, most: int) -> Iterator[str]:
    told = [c for c in exercise.checks if c.status in (Status.FAILED, Status.ERROR)]
    builds = [c for c in exercise.checks if c.reason is Reason.PREREQUISITE]
    if not told:
        return
    yield ""
    yield f"### `{exercise.name}`"
    yield ""
    # One thing told once, as in the terminal, for all checks that say it.
    groups: dict[tuple[str, str, str], list[CheckResult]] = {}
    for check in told:
        reason = check.reason.value if check.reason else check.status.value
        groups.setdefault((reason, check.message, check.hint), []).append(check)
    for (reason, message, hint), checks in groups.items():
        titles = " ".join(_text(check.title) for check in checks)
        lost = sum(check.max_points - check.points for check in checks)
        yield f"- **{titles}** (`{reason}`, {lost:g} points)<br>"
        yield f"  {_text(visible(message, most))}" + ("<br>" if hint else "")
        if hint:
            yield f"  Next: {_text(visible(hint, most))}"
    if builds:
        waiting = sum(check.max_points for check in builds)
        yield f"- {len(builds)} checks build on these and wait ({waiting:g} points)."


def _points(score: float, most: float) -> str:
    return f"{score:g} of {most:g} points"


def _device(report: Report) -> str:
    if report.device == "simulator":
        return "the simulator"
    return str(report.environment.get("device_name") or report.device)


def _text(text: str) -> str:
    """Return text that Markdown and HTML show as it is, on one line."""
    escaped = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", text)
    return "<br>".join(line.strip() for line in escaped.splitlines() if line.strip())
