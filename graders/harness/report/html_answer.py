"""The report as a piece of HTML for a notebook: no script, nothing from outside.

It takes its colours from JupyterLab where there is one, light or dark, and otherwise from
what is around it. A status is a word and a sign, never a colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from graders.harness.models import CheckResult, ExerciseResult, Report
from graders.harness.report.html_figures import View, image_view
from graders.harness.report.html_text import (
    MARKS,
    escaped,
    not_run_note,
    told_together,
)

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
    notes: Sequence[str] = (),
) -> str:
    """
    Return a report as HTML that can stand in a page.

    Args:
        report: What was graded, with figures: of these the pictures are shown.

        notes: What else is to be said, each in a line.
    """
    parts = [f"<style>{_STYLE}</style>"]
    for exercise in report.exercises:
        parts.append(_exercise(exercise))
    if len(report.exercises) > 1:
        parts.append(f"<p>{_verdict(report)}</p>")
    parts += [f'<p class="aside">{escaped(note)}</p>' for note in notes]
    return f'<div class="gpu-grade">{"".join(parts)}</div>'


def _exercise(exercise: ExerciseResult) -> str:
    rows = "".join(_row(check) for check in exercise.checks)
    told = "".join(_told(checks) for checks in told_together(exercise))
    shown = "".join(_figure(f) for check in exercise.checks for f in _pictures(check))
    return (
        f"<section><h4><code>{escaped(exercise.name)}</code> {escaped(exercise.title)}</h4>"
        f"<p>{_verdict(exercise)}</p>"
        '<table><thead><tr><th scope="col">Result</th><th scope="col">Check</th>'
        '<th scope="col" class="points">Points</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{told}{shown}</section>"
    )


def _verdict(graded: ExerciseResult | Report) -> str:
    note = f" ({left})" if (left := not_run_note(graded)) else ""
    return (
        f"<strong>{graded.verdict.value.capitalize()}</strong>: {graded.score:g} of "
        f"{graded.max_score:g} points{note}."
    )


def _row(check: CheckResult) -> str:
    sign, word = MARKS[check.status]
    kind = word.replace(" ", "-")
    return (
        f'<tr><td><span class="badge {kind}"><span aria-hidden="true">{sign}</span> {word}'
        f'</span></td><th scope="row">{escaped(check.title)}</th>'
        f'<td class="points">{check.points:g} of {check.max_points:g}</td></tr>'
    )


def _told(checks: Sequence[CheckResult]) -> str:
    names = ", ".join(c.name.replace("_", " ") for c in checks)
    first = checks[0]
    next_step = (
        f"<p><strong>Next:</strong> {_lines(first.hint)}</p>" if first.hint else ""
    )
    _, word = MARKS[first.status]
    kind = word.replace(" ", "-")
    return (
        f'<div class="told {kind}"><p><strong>{escaped(names)}</strong> '
        f"[{escaped(first.reason or word)}]</p>"
        f"<p>{_lines(first.message)}</p>{next_step}</div>"
    )


def _pictures(check: CheckResult) -> list[View]:
    """Return the pictures of a check without its input, which the notebook shows."""
    figures = check.details.get("figures") or ()
    shown = [f for f in figures if f["kind"] == "image" and f["what"] != "input"]
    return [view for figure in shown if (view := image_view(figure)) is not None]


def _figure(picture: View) -> str:
    return (
        f'<figure><img src="{escaped(picture["uri"])}" alt="{escaped(picture["alt"])}" '
        f'width="{picture["width"]}" height="{picture["height"]}">'
        f"<figcaption>{escaped(_caption(picture))}</figcaption></figure>"
    )


def _caption(picture: View) -> str:
    scale = picture["scale"]
    ends = f", from {scale[0]} (dark) to {scale[1]} (bright)" if scale else ""
    gaps = "; NaN or infinite in blue" if picture["has_gaps"] else ""
    return f"{picture['label']}{ends}{gaps}"


def _lines(text: str) -> str:
    return "<br>".join(escaped(line) for line in text.split("\n"))
