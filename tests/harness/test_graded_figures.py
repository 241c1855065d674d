"""Figures from the check that made them to the report, in one grading."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graders.harness.catalog import Catalog
from graders.harness.models import CheckResult, Report, Submission
from graders.harness.report.html_report import render_html
from graders.harness.report.json_report import render_json
from graders.harness.run import Grader, Request
from tests.harness.html_page import Page

# A wrong picture, a right one whose figures are longer than a pipe takes at once, and a
# matrix with a column that nothing wrote.
PROGRAMS = {
    "fft_callbacks/gaussian_blur": (
        "tests/submissions/fft_callbacks/gaussian_blur/wrong_not_normalised.py"
    ),
    "fft_callbacks/sepia_blur": "reference/fft_callbacks/sepia_blur.py",
    "kernel_fusion/fused_linear": (
        "tests/submissions/kernel_fusion/fused_linear/wrong_last_column_unwritten.py"
    ),
}
Told = list[tuple[str, str]]


@pytest.fixture(scope="module")
def graded(grader: Grader, catalog: Catalog) -> tuple[Report, Told]:
    """A report with figures, and the checks that were told of on the way."""
    told: Told = []
    work = [
        (
            exercise,
            Submission(
                exercise=exercise.name, path=catalog.root / PROGRAMS[exercise.name]
            ),
        )
        for exercise in catalog.select(list(PROGRAMS))
    ]
    request = Request(work=work, device="simulator", figures=True)
    report = grader.grade(request, lambda name, check: told.append((name, check.name)))
    return report, told


def figures_of(report: Report, exercise: str, check: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one(report, exercise, check).details["figures"]
    return found


def one(report: Report, exercise: str, check: str) -> CheckResult:
    return next(
        c
        for e in report.exercises
        if e.name == exercise
        for c in e.checks
        if c.name == check
    )


def test_pictures_errors_and_timelines_come_with_their_checks(
    graded: tuple[Report, Told],
) -> None:
    report, _ = graded
    wrong = figures_of(report, "fft_callbacks/gaussian_blur", "values")
    assert [f["what"] for f in wrong] == ["input", "expected", "result", "difference"]
    right = figures_of(report, "fft_callbacks/sepia_blur", "values")
    assert [f["what"] for f in right] == ["input", "result"]
    (heatmap,) = figures_of(report, "kernel_fusion/fused_linear", "values")
    last = heatmap["shape"][1] - 1
    assert heatmap["at"][1] == last
    assert [row[-1] for row in heatmap["grid"]] == [None] * len(heatmap["grid"])
    (timeline,) = figures_of(report, "kernel_fusion/fused_linear", "no_extra_copies")
    assert "cupy_copy" in {r["name"].partition("__")[0] for r in timeline["records"]}


def test_every_check_is_told_of_however_long_its_figures_are(
    graded: tuple[Report, Told],
) -> None:
    report, told = graded
    every = [(e.name, c.name) for e in report.exercises for c in e.checks]
    assert sorted(told) == sorted(every)
    long = figures_of(report, "fft_callbacks/sepia_blur", "values")
    assert len(json.dumps(long)) > 1 << 16


def test_the_page_shows_them_and_the_json_report_does_not(
    graded: tuple[Report, Told],
) -> None:
    report, _ = graded
    text = render_html(report)
    assert len(Page(text).all("img")) == 7
    assert len(text) < 600_000
    assert '"figures"' not in render_json(report)


def test_checks_that_nobody_wants_to_show_keep_nothing(
    grader: Grader, catalog: Catalog
) -> None:
    """What they look at costs time and memory only where it is asked for."""
    name = "kernel_fusion/fused_linear"
    (exercise,) = catalog.select([name])
    submission = Submission(exercise=name, path=catalog.root / PROGRAMS[name])
    report = grader.grade(Request(work=[(exercise, submission)], device="simulator"))
    assert all("figures" not in c.details for e in report.exercises for c in e.checks)
