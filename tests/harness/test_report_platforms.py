"""The platforms' formats, each by its own words: what a gradebook holds of a report."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest

from graders.harness.errors import HarnessError, RubricError, Ungradable, UsageError
from graders.harness.grading import judge
from graders.harness.models import Reason, Report, Status, Visibility
from graders.harness.report import WRITERS
from graders.harness.report.identity import classroom50_identity
from graders.harness.report.tally import in_whole_points
from graders.harness.report.visible import fitted
from graders.harness.rubric import load_rubric
from tests.harness.played_reports import (
    ALL_PASSED,
    BROKEN,
    CUT_SHORT,
    IDENTITY,
    MIXED,
    NASTY,
    NEEDS_GPU,
    NOT_MODELLED,
    PASSED,
    PIXEL,
    UNGRADED,
    UNGRADED_CASES,
    check,
    exercise,
    image,
    read,
    report,
)

SCHEMAS = Path(__file__).with_name("schemas")
LONG = report(
    exercise(
        "demo/double",
        *(
            check(f"values_{i}", "failed", 0, 1, reason="wrong_value", message="x" * size)
            for i, size in enumerate([10_000_000, *[1_500] * 1_999])
        ),
    )
)  # fmt: skip


def lines(text: str) -> list[Any]:
    return [read(line) for line in text.splitlines()]


def validate(data: Any, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator
    checker.check_schema(schema)
    checker(schema).validate(data)


# ------------------------------------------------------------------------- gradescope


def gradescope(played: Report) -> Any:
    return read(WRITERS["gradescope"](played))


def test_gradescope_fits_its_specification() -> None:
    for played in (MIXED, BROKEN, CUT_SHORT, LONG, ALL_PASSED):
        validate(gradescope(played), "gradescope-results")


def test_gradescope_shows_checks_with_points() -> None:
    data = gradescope(MIXED)
    assert "score" not in data  # it would override the sum of the tests
    assert sum(t.get("score", 0) for t in data["tests"]) == 5.5
    assert sum(t.get("max_score", 0) for t in data["tests"]) == 13.5
    assert [t["number"] for t in data["tests"]] == [
        "1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2",
    ]  # fmt: skip
    first, partly, built, gpu, fine = data["tests"][:5]
    assert (first["status"], first["score"], first["max_score"]) == ("failed", 0, 5)
    assert "Next: Add." in first["output"]
    assert (
        "Where: line 3 of double.py\n     2  def double(x):\n>    3" in first["output"]
    )
    assert partly["score"] == 1
    assert (built["score"], built["max_score"]) == (
        0,
        1.5,
    )  # lost: it builds on another
    assert not {"score", "max_score", "status"} & set(gpu)  # neither given nor taken
    assert "1 point could not be checked on this machine." in gpu["output"]
    assert fine["status"] == "passed"
    assert data["stdout_visibility"] == "hidden"
    assert data["output"].startswith("Failed: 5.5 of 14.5 points. 1 point could not")


def test_gradescope_shows_hidden_checks_to_instructors_alone() -> None:
    """Whoever asks for them all keeps them from learners; their counts may be seen."""
    graded = MIXED.exercises[0]
    secret = replace(graded.checks[0], name="secret", visibility=Visibility.HIDDEN)
    whole = report(replace(graded, checks=(*graded.checks, secret)))
    shown = [test["visibility"] for test in gradescope(whole)["tests"]]
    assert shown == ["visible"] * len(graded.checks) + ["hidden"]
    learners = gradescope(whole.for_learners())["tests"]
    assert {test["visibility"] for test in learners} == {"visible"}
    assert learners[-1]["name"].endswith("Hidden checks pass (1).")


def test_gradescope_leaderboard() -> None:
    """A column for each check that wants one; two of a name are told apart."""
    columns = [
        {"name": "speed", "value": 3.001, "order": "desc"},
        {"name": "speed (ms)", "value": 2.5, "order": "asc"},
    ]
    assert gradescope(MIXED)["leaderboard"] == columns
    assert "leaderboard" not in gradescope(BROKEN)
    both = report(MIXED.exercises[0], replace(MIXED.exercises[0], name="demo/again"))
    names = [entry["name"] for entry in gradescope(both)["leaderboard"]]
    own = ["double: speed", "double: speed (ms)"]
    assert names == [*own, "again: speed", "again: speed (ms)"]
    fine = MIXED.exercises[0].checks[-1]
    slow = replace(fine, status=Status.FAILED, reason=Reason.TOO_SLOW, points=0.0)
    assert "leaderboard" not in gradescope(report(exercise("demo/double", slow)))
    for details in (
        {"leaderboard": "speed"},
        {**fine.details, "ratio": {"ratio": None}},
    ):
        played = report(exercise("demo/double", replace(fine, details=details)))
        assert "leaderboard" not in gradescope(played)
    endless = {"ratio": 3.0, "samples": [[1.7e308, 1.0], [float("nan"), 1.0]]}
    details = {**fine.details, "ratio": endless}
    played = report(exercise("demo/double", replace(fine, details=details)))
    assert [e["value"] for e in gradescope(played)["leaderboard"]] == [3.0]


def test_a_rubric_wants_a_leaderboard(tmp_path: Path) -> None:
    """Its key arrives in the check's details, and nothing but a name is taken."""
    text = (
        'title = "A"\norder = ["b"]\n[exercises.b]\ntitle = "B"\nfunctions = ["f"]\n'
        "[exercises.b.checks.faster]\npoints = 1\nleaderboard = "
    )
    path = tmp_path / "rubric.toml"
    path.write_text(f'{text}"speed"\n')
    rubric = load_rubric(path).exercises["b"].checks["faster"]
    assert judge(rubric, "It.", None).details == {"leaderboard": "speed"}
    path.write_text(f"{text}1\n")
    with pytest.raises(RubricError, match=r"faster\.leaderboard: must be a text"):
        load_rubric(path)


@UNGRADED_CASES
def test_gradescope_gives_no_zero_where_nothing_was_judged(case: str) -> None:
    data = gradescope(UNGRADED[case])
    assert "score" not in data
    assert not any("score" in test for test in data["tests"])
    assert "has no score yet" in data["output"]
    with_score = {**data, "score": 0}  # all else is as the specification says
    validate(with_score, "gradescope-results")


def test_gradescope_keeps_what_was_graded_in_time() -> None:
    data = gradescope(CUT_SHORT)
    told = [(t.get("score"), t.get("max_score"), t["output"]) for t in data["tests"]]
    late = (0, 2, "Not graded yet: time ran out.")
    assert told == [(3, 3, "Passed."), late, late]


def test_the_same_is_told_once() -> None:
    """A stub fails at every check for one reason; passed and skipped ones are no copies."""
    stub = {"reason": "unimplemented", "message": "It is not written.", "hint": "Do."}
    played = report(
        exercise(
            "demo/double",
            check("values", "failed", 0, 1, **stub),
            check("shapes", "failed", 0, 1, **stub),
            NEEDS_GPU,
            replace(NEEDS_GPU, name="again"),
        ),
        exercise("demo/half", check("values", "failed", 0, 1, **stub)),
    )
    told = [test["output"] for test in gradescope(played)["tests"]]
    whole = "It is not written.\nNext: Do."
    assert told[:2] == [whole, "The same as for: The values are right."]
    assert told[2] == told[3]
    assert told[3].startswith("Not run: A GPU tells.")
    assert told[4] == whole


# ------------------------------------------------------------------------ prairielearn


def prairielearn(played: Report) -> Any:
    return read(WRITERS["prairielearn"](played))


def test_prairielearn_fits_its_documentation() -> None:
    for played in (MIXED, BROKEN, CUT_SHORT, LONG, ALL_PASSED, *UNGRADED.values()):
        validate(prairielearn(played), "prairielearn-results")


def test_prairielearn_scores_what_could_be_checked() -> None:
    data = prairielearn(MIXED)
    earned = sum(test["points"] for test in data["tests"])
    most = sum(test["max_points"] for test in data["tests"])
    assert (earned, most) == (5.5, 13.5)
    assert data["score"] == round(5.5 / 13.5, 6)
    gpu = data["tests"][3]
    assert (gpu["points"], gpu["max_points"]) == (0, 0)  # drawn neutral
    assert prairielearn(ALL_PASSED)["score"] == 1


def test_a_program_gains_nothing_by_what_the_simulator_does_not_model() -> None:
    """Its points stay in the denominator: else the rest alone would be full marks."""
    played = report(exercise("demo/double", PASSED, NOT_MODELLED))
    assert prairielearn(played)["score"] == 0.6
    assert read(WRITERS["coursera"](played))["fractionalScore"] == 0.6
    (test,) = prairielearn(played)["tests"][1:]
    assert (test["points"], test["max_points"]) == (0, 2)
    assert "2 points could not be checked on this machine." in test["message"]


def test_prairielearn_shows_pictures_and_nothing_else_as_one() -> None:
    (first, *_) = prairielearn(MIXED)["tests"]
    (shown,) = first["images"]
    assert shown["url"] == f"data:image/png;base64,{PIXEL}"
    assert shown["label"].startswith("Yours")
    figures = [image("none", '"><script>'), "no figure", {"kind": "image"}]
    odd = replace(PASSED, details={"figures": figures})
    (test,) = prairielearn(report(exercise("demo/double", odd)))["tests"]
    assert "images" not in test


@pytest.mark.parametrize("case", [*UNGRADED, "broken", "cut short"])
def test_prairielearn_says_that_it_could_not_grade(case: str) -> None:
    played = {**UNGRADED, "broken": BROKEN, "cut short": CUT_SHORT}[case]
    data = prairielearn(played)
    assert data["gradable"] is False
    assert "Nothing was taken from you" in data["format_errors"][0]


def test_prairielearn_cuts_messages_and_no_checks() -> None:
    text = WRITERS["prairielearn"](LONG)
    assert len(text.encode()) <= 1_000_000
    data = read(text)
    assert len(data["tests"]) == 2_000
    assert "more characters were cut]" in data["tests"][0]["message"]


def test_pictures_leave_before_checks_do() -> None:
    figure = image("large", "A" * 400_000)
    big = check("values", "failed", 0, 1, reason="wrong_value",
                details={"figures": [figure, figure]})  # fmt: skip
    text = WRITERS["prairielearn"](report(exercise("demo/double", big)))
    assert len(text.encode()) <= 1_000_000
    assert len(read(text)["tests"][0]["images"]) == 1


def test_what_fits_with_no_cut_is_said() -> None:
    with pytest.raises(HarnessError, match="more than 10 bytes even without messages"):
        fitted(lambda most: "x" * (20 + most), 10, "prairielearn")


# ------------------------------------------------------------------------ classroom 50


def classroom50(played: Report) -> Any:
    data = read(WRITERS["classroom50"](played))
    validate(data, "classroom50-result-v1")
    return data


def test_classroom50_adds_up_in_whole_points() -> None:
    for played in (MIXED, ALL_PASSED, LONG):
        data = classroom50(played)
        assert data["score"] == sum(test["score"] for test in data["tests"])
        assert data["max-score"] == sum(test["max-score"] for test in data["tests"])
        assert all(test["score"] <= test["max-score"] for test in data["tests"])
    data = classroom50(MIXED)
    assert (data["score"], data["max-score"]) == (
        6,
        14,
    )  # 5.5 and 13.5, half a point up
    assert {key: data[key] for key in IDENTITY} == IDENTITY
    gpu = data["tests"][3]
    assert gpu["test-name"].startswith(
        "Not run: Double: The faster are right. (1 point"
    )
    assert (gpu["passed"], gpu["max-score"]) == (False, 0)


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        ([], [], []),
        ([1, 2, 3], [], [1, 2, 3]),
        ([0.5, 0.5], [], [1, 0]),
        ([1.2, 1.2, 1.6], [], [1, 1, 2]),
        ([0.1, 0.1, 0.1], [], [0, 0, 0]),
        ([2.5, 2.5], [2, 3], [2, 3]),
        ([0.9, 0.9], [0, 1], [0, 1]),
    ],
)
def test_whole_points(
    values: list[float], limits: list[int], expected: list[int]
) -> None:
    assert in_whole_points(values, limits) == expected


VARIABLES = {
    "CLASSROOM": "gpu-2026",
    "ASSIGNMENT": "fft",
    "OWNER": "someone",
    "SUBMISSION_TAG": "submit/1",
    "COMMIT_URL": "https://example.org/commit",
    "RELEASE_URL": "https://example.org/release",
    "REVIEW_URL": "https://example.org/review",
    "SUBMISSION_DATETIME": "2026-11-22T15:00:00+01:00",
}


def test_classroom50_identity_is_that_of_the_environment() -> None:
    assert classroom50_identity(VARIABLES) == IDENTITY
    in_tag = {**VARIABLES, "SUBMISSION_TAG": "submit/2026-01-02T03-04-05Z"}
    del in_tag["SUBMISSION_DATETIME"]
    assert classroom50_identity(in_tag)["datetime"] == "2026-01-02T03:04:05Z"
    group = classroom50_identity({**VARIABLES, "ASSIGNMENT_TYPE": "group"})
    assert group["assignment_type"] == "group"


def test_without_another_instant_the_commits_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same at each grading; without a commit nobody knows it."""
    variables = {**VARIABLES, "SUBMISSION_DATETIME": ""}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="Set SUBMISSION_DATETIME"):
        classroom50_identity(variables)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05+01:00")
    someone = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", *someone, *words], check=True)
    assert classroom50_identity(variables)["datetime"] == "2026-01-02T02:04:05Z"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OWNER", "", "OWNER not set"),
        ("SUBMISSION_TAG", "v1", "must begin with submit/"),
        ("ASSIGNMENT_TYPE", "pair", "must be one of"),
        ("SUBMISSION_DATETIME", "yesterday", "Set SUBMISSION_DATETIME"),
        ("SUBMISSION_TAG", "submit/2026-13-45T99-99-99", "Set SUBMISSION_DATETIME"),
    ],
)
def test_a_wrong_identity_is_a_wrong_command(name: str, value: str, said: str) -> None:
    variables = {**VARIABLES, name: value}
    if "2026-13" in value:
        del variables["SUBMISSION_DATETIME"]
    with pytest.raises(UsageError, match=said):
        classroom50_identity(variables)


# ------------------------------------------------------------- the other platforms


def test_coursera_gets_a_fraction_and_a_text() -> None:
    data = read(WRITERS["coursera"](MIXED))
    assert set(data) == {"fractionalScore", "feedback"}
    assert data["fractionalScore"] == round(5.5 / 13.5, 6)
    assert "not run  0/1  The faster are right." in data["feedback"]
    assert "1 point could not be checked on this machine." in data["feedback"]
    assert "      Next: Add." in data["feedback"]


@pytest.mark.parametrize("case", [*UNGRADED, "broken", "cut short"])
@pytest.mark.parametrize("form", ["coursera", "classroom50"])
def test_formats_without_a_word_for_ungraded_have_no_file(form: str, case: str) -> None:
    played = {**UNGRADED, "broken": BROKEN, "cut short": CUT_SHORT}[case]
    with pytest.raises(Ungradable, match="has no word for that"):
        WRITERS[form](played)


def test_codegrade_gets_tests_and_points() -> None:
    tests, total = lines(WRITERS["codegrade"](MIXED))
    assert total == {"tag": "points", "points": "5.5/13.5"}
    assert tests["tag"] == "unit-test"
    double, half = tests["results"]
    assert (double["id"], double["weight"], half["weight"]) == ("demo/double", 10.5, 3)
    statuses = [case["status"] for case in double["testCases"]]
    assert statuses == ["failure", "failure", "skipped", "skipped", "success"]
    assert [case["weight"] for case in double["testCases"]] == [5, 1.5, 1.5, 0, 2.5]
    for played in (BROKEN, *UNGRADED.values()):
        assert [m["tag"] for m in lines(WRITERS["codegrade"](played))] == ["unit-test"]


def test_markus_gets_a_line_a_check() -> None:
    found = lines(WRITERS["markus"](MIXED))
    assert sum(line["marks_earned"] for line in found) == 5.5
    assert sum(line["marks_total"] for line in found) == 13.5
    statuses = [line["status"] for line in found]
    assert statuses == ["fail", "partial", "fail", "error", "pass", "pass", "fail"]
    assert all(line["time"] == 1250 for line in found)
    ours = lines(WRITERS["markus"](BROKEN))[-1]
    assert (ours["status"], ours["marks_total"]) == ("error", 0)
    for played in UNGRADED.values():
        (line,) = lines(WRITERS["markus"](played))
        assert (line["status"], line["marks_total"]) == ("error_all", 0)


def test_autolab_ends_with_the_scores() -> None:
    shown, scores = lines(WRITERS["autolab"](MIXED))
    assert scores == {"scores": {"double": 3.5, "half": 2}, "scoreboard": [3.001, 2.5]}
    assert shown["_presentation"] == "semantic"
    assert shown["stages"] == ["double", "half"]
    assert shown["double"]["The fine are right."] == {"passed": True}
    assert shown["double"]["The values are right."]["passed"] is False
    assert "could not be checked" in shown["double"]["The faster are right."]
    _, scores = lines(WRITERS["autolab"](BROKEN))
    assert scores == {"scores": {"double": 3}}  # the other one stays without a score
    alike = report(exercise("a/same", PASSED), exercise("b/same", PASSED))
    assert lines(WRITERS["autolab"](alike))[1]["scores"] == {"a/same": 3, "b/same": 3}


def test_csv_has_nbgraders_columns_and_no_zero_for_ungraded() -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](MIXED))))
    theirs = (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,"
        "late_submission_penalty,score,max_score"
    )
    assert list(rows[0])[:11] == theirs.split(",")
    assert [(r["assignment"], r["score"], r["max_score"]) for r in rows] == [
        ("demo/double", "3.5", "11.5"), ("demo/half", "2", "3"),
    ]  # fmt: skip
    assert rows[0]["not_run_points"] == "1"
    broken = list(csv.DictReader(io.StringIO(WRITERS["csv"](BROKEN))))
    assert [(r["raw_score"], r["score"]) for r in broken] == [("3", "3"), ("", "")]
    formula = report(exercise("=1+1", PASSED))
    assert "\n'=1+1," in WRITERS["csv"](formula)


# --------------------------------------------------------------- what strangers wrote


@pytest.mark.parametrize("form", [form for form in WRITERS if form not in ("json",)])
def test_nothing_hides_in_what_a_program_said(form: str) -> None:
    """No escape sequence, no override of direction, no half of a character."""
    text = WRITERS[form](MIXED)
    if form == "github-classroom":
        text = base64.b64decode(text).decode("utf-8")
    decoded = text.replace("\\u001b", "\x1b").replace("\\u202e", "\u202e")
    for character in "\x00\x07\x1b\u202e\ud800\u2028":
        assert character not in decoded, f"U+{ord(character):04X}"
    text.encode("utf-8")


@pytest.mark.parametrize("form", [form for form in WRITERS if form not in ("json",)])
def test_a_huge_message_is_cut_and_that_is_said(form: str) -> None:
    message = "x" * 10_000_000
    failed = check("values", "failed", 0, 1, reason="wrong_value", message=message)
    text = WRITERS[form](report(exercise("demo/double", failed)))
    assert len(text) < 1_000_000
    if form == "github-classroom":
        text = base64.b64decode(text).decode("utf-8")
    assert form == "csv" or re.search(r"9,9\d\d,\d\d\d more characters", text)


def test_the_json_report_is_json_whatever_was_measured() -> None:
    data = read(WRITERS["json"](MIXED))
    assert data["environment"]["nan"] is None
    assert data["exercises"][0]["checks"][0]["details"]["error"] is None
    assert NASTY.replace("\ud800", "?") in data["exercises"][0]["output"]
