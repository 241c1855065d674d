"""The report as a piece of HTML for a notebook: no script, nothing from outside.

It takes its colours from JupyterLab where there is one, light or dark, and otherwise from
what is around it. A status is a word and a sign, never a colour alone.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report.shown_pictures import ShownPicture

_MARKS = {
    Status.PASSED: ("✓", "passed"),
    Status.FAILED: ("✗", "failed"),
    Status.ERROR: ("!", "ungraded"),
    Status.SKIPPED: ("-", "not run"),
}
# A picture of a few pixels is enlarged, so that they can be told apart.
_SMALLEST_WIDTH = 160

# The badges bring both their colours, readable on any page. All else inherits. The class is
# named twice where JupyterLab's own rules for tables would come first.
_STYLE = """
.gpu-grade { color: var(--jp-ui-font-color1, inherit); line-height: 1.45; max-width: 60em; }
.gpu-grade h4 { margin: 0.9em 0 0.2em; font-size: 1.1em; }
.gpu-grade p { margin: 0.25em 0; }
.gpu-grade table {
  border-collapse: collapse; margin: 0.5em 0; width: 100%; table-layout: auto;
}
.gpu-grade.gpu-grade th, .gpu-grade.gpu-grade td {
  text-align: left; vertical-align: top; padding: 0.3em 0.7em 0.3em 0;
  font-weight: normal; background: transparent; white-space: normal; max-width: none;
  border-bottom: 1px solid var(--jp-border-color2, rgba(128,128,128,.4));
}
.gpu-grade.gpu-grade thead th { font-weight: 600; }
.gpu-grade.gpu-grade .points {
  text-align: right; padding-right: 0.2em; white-space: nowrap;
}
.gpu-grade .badge {
  display: inline-block; min-width: 5.6em; padding: 0 0.5em; border-radius: 3px;
  color: #fff; background: #5f6368; white-space: nowrap;
}
.gpu-grade .badge.passed { background: #1b6e34; }
.gpu-grade .badge.failed { background: #b3261e; }
.gpu-grade .badge.ungraded { background: #7b2d8e; }
.gpu-grade .told {
  margin: 0.7em 0; padding: 0.1em 0 0.1em 0.8em; overflow-wrap: anywhere;
  border-left: 4px solid var(--jp-border-color1, rgba(128,128,128,.6));
}
.gpu-grade .told.failed { border-color: #b3261e; }
.gpu-grade .told.ungraded { border-color: #7b2d8e; }
.gpu-grade .aside { color: var(--jp-ui-font-color2, inherit); font-size: 0.92em; }
.gpu-grade figure { display: inline-block; margin: 0.4em 1em 0.4em 0; vertical-align: top; }
.gpu-grade figure img {
  display: block; image-rendering: pixelated;
  border: 1px solid var(--jp-border-color2, rgba(128,128,128,.4));
}
.gpu-grade figcaption { font-size: 0.92em; }
"""


def render_answer(
    report: Report,
    pictures: Mapping[str, Sequence[ShownPicture]],
    notes: Sequence[str] = (),
) -> str:
    """
    Return a report as HTML that can stand in a page.

    Args:
        report: What was graded.

        pictures: What to show of each exercise, by its name.

        notes: What else is to be said, each in a line.
    """
    parts = [f"<style>{_STYLE}</style>"]
    for exercise in report.exercises:
        parts.append(_exercise(exercise, pictures.get(exercise.name, ())))
    if len(report.exercises) > 1:
        parts.append(f"<p>{_verdict(report)}</p>")
    parts += [f'<p class="aside">{_clean(note)}</p>' for note in notes]
    return f'<div class="gpu-grade">{"".join(parts)}</div>'


def _exercise(exercise: ExerciseResult, pictures: Sequence[ShownPicture]) -> str:
    rows = "".join(_row(check) for check in exercise.checks)
    told = "".join(
        _told(exercise, message, hint) for message, hint in _groups(exercise)
    )
    shown = "".join(_figure(picture, exercise) for picture in pictures)
    return (
        f"<section><h4><code>{_clean(exercise.name)}</code> {_clean(exercise.title)}</h4>"
        f"<p>{_verdict(exercise)}</p>"
        '<table><thead><tr><th scope="col">Result</th><th scope="col">Check</th>'
        '<th scope="col" class="points">Points</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{told}{shown}</section>"
    )


def _verdict(graded: ExerciseResult | Report) -> str:
    left = graded.not_run_points
    note = f" ({left:g} could not be checked on this machine)" if left else ""
    return (
        f"<strong>{graded.verdict.value.capitalize()}</strong>: {graded.score:g} of "
        f"{graded.max_score:g} points{note}."
    )


def _row(check: CheckResult) -> str:
    sign, word = _MARKS[check.status]
    kind = word.replace(" ", "-")
    return (
        f'<tr><td><span class="badge {kind}"><span aria-hidden="true">{sign}</span> {word}'
        f'</span></td><th scope="row">{_clean(check.title)}</th>'
        f'<td class="points">{check.points:g} of {check.max_points:g}</td></tr>'
    )


def _groups(exercise: ExerciseResult) -> list[tuple[str, str]]:
    """Return what is to be said of the checks, the same words only once."""
    said = (c for c in exercise.checks if c.status is not Status.PASSED)
    return list(dict.fromkeys((c.message, c.hint) for c in said))


def _told(exercise: ExerciseResult, message: str, hint: str) -> str:
    checks = [
        c
        for c in exercise.checks
        if c.status is not Status.PASSED and (c.message, c.hint) == (message, hint)
    ]
    names = ", ".join(c.name.replace("_", " ") for c in checks)
    next_step = f"<p><strong>Next:</strong> {_lines(hint)}</p>" if hint else ""
    _, word = _MARKS[checks[0].status]
    kind = word.replace(" ", "-")
    return (
        f'<div class="told {kind}"><p><strong>{_clean(names)}</strong> '
        f"[{_clean(checks[0].reason or word)}]</p>"
        f"<p>{_lines(message)}</p>{next_step}</div>"
    )


def _figure(picture: ShownPicture, exercise: ExerciseResult) -> str:
    factor = max(1, -(-_SMALLEST_WIDTH // max(picture.width, 1)))
    alt = f"{picture.caption}, of {exercise.name}"
    return (
        f'<figure><img src="{_clean(picture.uri)}" alt="{_clean(alt)}" '
        f'width="{picture.width * factor}" height="{picture.height * factor}">'
        f"<figcaption>{_clean(picture.caption)}</figcaption></figure>"
    )


def _lines(text: str) -> str:
    return "<br>".join(_clean(line) for line in text.split("\n"))


def _clean(text: str) -> str:
    """Return a text that shows as it is: no mark-up, and nothing that hides letters."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    shown = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in plain
    )
    return html.escape(shown)
