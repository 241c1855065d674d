"""Every writer over random reports: its output parses, and its totals are the report's."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from graders.harness.errors import Ungradable
from graders.harness.models import (
    ExerciseResult,
    Reason,
    Report,
    Status,
    check_from_dict,
    check_to_dict,
)
from graders.harness.report import WRITERS
from graders.harness.report.json_report import SCHEMA
from graders.harness.report.tally import checkable_points, in_whole_points
from tests.harness.played_reports import read, reports
from tests.harness.test_report_github import commands
from tests.harness.test_report_platforms import lines, validate

# Points are told to six digits, and sums of such: a third of a point is off by as much.
CLOSE = partial(pytest.approx, abs=3e-6)


def checkable(played: Report) -> float:
    """Return what could be checked, worked out anew: all but what only a GPU can tell."""
    most = 0.0
    for each in played.exercises:
        for check in each.checks:
            beyond = check.status is Status.SKIPPED and check.reason is Reason.NEEDS_GPU
            if not beyond or "not_modelled_points" in check.details:
                most += check.max_points
    return most


def in_error(played: Report) -> bool:
    return any(c.status is Status.ERROR for e in played.exercises for c in e.checks)


def judged(played: Report) -> bool:
    checks = [c for e in played.exercises for c in e.checks]
    return any(c.status in (Status.PASSED, Status.FAILED) for c in checks)


def gradable(played: Report) -> bool:
    return judged(played) and not in_error(played) and checkable(played) > 0


def json_agrees(played: Report) -> None:
    data = read(WRITERS["json"](played))
    schema = json.loads(SCHEMA.read_text("utf-8"))
    if all(exercise.checks for exercise in played.exercises):
        jsonschema.validate(data, schema)
    assert data["score"] == played.score


def junit_agrees(played: Report) -> None:
    root = ET.fromstring(WRITERS["junit"](played))
    assert len(root.findall(".//testcase")) == sum(
        len(exercise.checks) for exercise in played.exercises
    )


def markdown_agrees(played: Report) -> None:
    head = WRITERS["markdown"](played).splitlines()[0]
    assert f"{played.score:g} of {played.max_score:g} points" in head


def github_agrees(played: Report) -> None:
    *_, (kind, _, said) = commands(played)
    assert kind == "notice"
    assert f"{played.score:g} of {played.max_score:g} point" in said


def gradescope_agrees(played: Report) -> None:
    data = read(WRITERS["gradescope"](played))
    scores = [test["score"] for test in data["tests"] if "score" in test]
    if judged(played):
        validate(data, "gradescope-results")
        assert sum(scores) == CLOSE(played.score)
    else:
        assert not scores
    assert "score" not in data


def prairielearn_agrees(played: Report) -> None:
    text = WRITERS["prairielearn"](played)
    data = read(text)
    assert len(text.encode()) <= 1_000_000
    validate(data, "prairielearn-results")
    assert data["gradable"] is gradable(played)
    if data["gradable"]:
        assert data["score"] == CLOSE(played.score / checkable(played), abs=1e-5)
        most = sum(test["max_points"] for test in data["tests"])
        assert most == CLOSE(checkable(played))


def classroom50_agrees(played: Report) -> None:
    data = read(WRITERS["classroom50"](played))
    validate(data, "classroom50-result-v1")
    assert data["score"] == sum(test["score"] for test in data["tests"])
    assert data["max-score"] == sum(test["max-score"] for test in data["tests"])
    assert abs(data["max-score"] - checkable(played)) <= 0.5 + 1e-6
    assert abs(data["score"] - played.score) <= 0.5 + 1e-6
    assert all(test["score"] <= test["max-score"] for test in data["tests"])


def github_classroom_agrees(played: Report) -> None:
    data = read(base64.b64decode(WRITERS["github-classroom"](played)).decode())
    assert data["tests"]
    if gradable(played):
        assert data["max_score"] == CLOSE(checkable(played))
        assert sum(test["score"] for test in data["tests"]) == CLOSE(played.score)
        assert data["status"] in ("pass", "fail")
    else:
        assert (data["max_score"], data["status"]) == (0, "error")


def coursera_agrees(played: Report) -> None:
    data = read(WRITERS["coursera"](played))
    assert 0 <= data["fractionalScore"] <= 1
    expected = played.score / checkable(played)
    assert data["fractionalScore"] == CLOSE(expected, abs=1e-5)


def codegrade_agrees(played: Report) -> None:
    tests, *points = lines(WRITERS["codegrade"](played))
    assert bool(points) is gradable(played)
    if points:
        earned, most = points[0]["points"].split("/")
        assert (float(earned), float(most)) == CLOSE((played.score, checkable(played)))
    weights = [c["weight"] for s in tests["results"] for c in s["testCases"]]
    assert sum(weights) == CLOSE(checkable(played))


def markus_agrees(played: Report) -> None:
    found = lines(WRITERS["markus"](played))
    assert sum(line["marks_earned"] for line in found) == CLOSE(played.score)
    assert all(line["marks_earned"] <= line["marks_total"] for line in found)
    if not judged(played):
        assert [line["status"] for line in found] == ["error_all"]


def autolab_agrees(played: Report) -> None:
    shown, scores = lines(WRITERS["autolab"](played))
    assert len(shown["stages"]) == len(set(shown["stages"])) == len(played.exercises)
    graded = [e for e in played.exercises if gradable(only(played, e))]
    assert sum(scores["scores"].values()) == CLOSE(sum(e.score for e in graded))
    assert len(scores["scores"]) == len(graded)


def only(played: Report, exercise: ExerciseResult) -> Report:
    return Report(device=played.device, exercises=(exercise,), environment={})


def csv_agrees(played: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](played))))
    assert len(rows) == len(played.exercises)
    for row, exercise in zip(rows, played.exercises, strict=True):
        assert float(row["max_score"]) == CLOSE(exercise.max_score)
        if gradable(only(played, exercise)):
            assert float(row["score"]) == CLOSE(exercise.score)
        else:
            assert row["score"] == row["raw_score"] == ""


def html_agrees(played: Report) -> None:
    assert f"{played.score:g}" in WRITERS["html"](played)


AGREE: dict[str, Callable[[Report], None]] = {
    "json": json_agrees,
    "html": html_agrees,
    "junit": junit_agrees,
    "markdown": markdown_agrees,
    "github": github_agrees,
    "gradescope": gradescope_agrees,
    "prairielearn": prairielearn_agrees,
    "classroom50": classroom50_agrees,
    "github-classroom": github_classroom_agrees,
    "coursera": coursera_agrees,
    "codegrade": codegrade_agrees,
    "markus": markus_agrees,
    "autolab": autolab_agrees,
    "csv": csv_agrees,
}
ONLY_A_NUMBER = ("classroom50", "coursera")


def test_every_format_is_held_to_its_totals() -> None:
    assert set(WRITERS) <= set(AGREE)


# Not shrunk: that takes minutes, and the note says which format it was.
@settings(
    max_examples=20, deadline=None, phases=[p for p in Phase if p is not Phase.shrink]
)
@given(reports())
def test_totals_are_the_reports(played: Report) -> None:
    """In every format; and learners, who see hidden checks together, see the same."""
    for form, agrees in AGREE.items():
        note(form)
        if form in ONLY_A_NUMBER and not gradable(played):
            with pytest.raises(Ungradable):
                WRITERS[form](played)
        elif form in WRITERS:
            agrees(played)
    shown = played.for_learners()
    assert shown.score == CLOSE(played.score)
    for exercise, whole in zip(shown.exercises, played.exercises, strict=True):
        assert sum(map(checkable_points, exercise.checks)) == CLOSE(
            sum(map(checkable_points, whole.checks))
        )
    for check in (c for exercise in played.exercises for c in exercise.checks):
        again = check_from_dict(json.loads(json.dumps(check_to_dict(check))))
        assert (again.points, again.reason) == (check.points, check.reason)


@settings(max_examples=100)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.9, 7.0]), max_size=9))
def test_whole_points_keep_their_sum_and_their_order(values: list[float]) -> None:
    whole = in_whole_points(values)
    assert sum(whole) == int(round(sum(values), 6) + 0.5)
    assert all(abs(w - v) < 1 + 1e-9 for w, v in zip(whole, values, strict=True))
    halves = [value / 2 for value in values]
    earned = in_whole_points(halves, whole)
    assert all(e <= w for e, w in zip(earned, whole, strict=True))
