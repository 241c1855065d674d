"""The class page: what it says of a class, and what cannot get through it."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from graders.harness.classroom.class_charts import exercise_views, histogram
from graders.harness.classroom.class_page import render_class_page
from graders.harness.classroom.class_reasons import common_reasons, pattern
from graders.harness.classroom.entries import (
    Classroom,
    Entry,
    Member,
    Result,
    State,
)
from graders.harness.classroom.rows import Row, read_rows
from graders.harness.models import CheckResult, Report, Visibility
from tests.classroom.played_class import entry, large_class, result
from tests.harness.html_page import Page
from tests.harness.played_reports import (
    ALL_PASSED,
    NASTY,
    NEEDS_GPU,
    OURS,
    PASSED,
    check,
    exercise,
    report,
)

INCONCLUSIVE = check(
    "faster", "passed", 1, 1, details={"ratio": {"answer": "inconclusive"}}
)


def wrong(message: str, name: str = "values", **more: Any) -> CheckResult:
    return check(name, "failed", 0, 3, reason="wrong_value", message=message, **more)


def graded(*checks: CheckResult) -> Report:
    return report(exercise("demo/double", *checks))


def member(key: str) -> Member:
    return Member(id=f"id-{key}", name=f"Name {key}")


def rows_of(**reports: Report) -> tuple[Row, ...]:
    return class_of(**reports)[1]


def class_of(
    results: dict[str, Result] | None = None, **reports: Report
) -> tuple[Classroom, tuple[Row, ...]]:
    found = {key: result(key, played) for key, played in reports.items()}
    found |= results or {}
    classroom = Classroom(
        layout="plain", entries=tuple(entry(key, member(key)) for key in found)
    )
    return classroom, read_rows(classroom, found)


def page(classroom: Classroom, rows: tuple[Row, ...], title: str = "") -> Page:
    return Page(render_class_page(classroom, rows, title=title))


# ------------------------------------------------------------------------- what it says


def test_counts_come_first() -> None:
    classroom, rows = class_of(
        {
            "u": result(
                "u", None, state=State.UNREADABLE, problem="The zip is damaged."
            ),
            "s": result(
                "s", None, state=State.SET_ASIDE, problem="It went down twice."
            ),
        },
        a=ALL_PASSED,
        b=ALL_PASSED,
        c=graded(wrong("It is 3."), NEEDS_GPU),
        d=graded(PASSED, OURS),
    )
    said = page(classroom, rows, "Sheet 3").words
    assert said.startswith("Sheet 3 - class page Sheet 3 For instructors only.")
    assert (
        "6 submissions 2 ✓ passed 1 ✗ failed 1 ! ungraded 1 ! set aside 1 ! unreadable 1"
        in said
    )
    assert "Set aside (1)" in said
    assert "Name s : It went down twice." in said
    assert "Name u : The zip is damaged." in said
    assert "Name d : The grader itself failed at 1 checks." in said


def test_missing_and_pending_are_named() -> None:
    classroom = Classroom(
        layout="plain",
        entries=(entry("later", member("later")),),
        missing=(member("gone"),),
        strays=("notes.txt: no submission.",),
        notes=("The roster has two of that name.",),
    )
    said = page(classroom, read_rows(classroom, {})).words
    assert "1 submission, 2 members" in said
    assert "Missing (1) The roster has them; they handed in nothing. Name gone" in said
    assert "Not graded yet (1)" in said
    assert "Strays (1)" in said
    assert "notes.txt: no submission." in said
    assert "The roster has two of that name." in said


def test_what_was_decided_by_no_measurement_is_to_be_looked_at() -> None:
    classroom, rows = class_of(a=graded(PASSED, INCONCLUSIVE), b=graded(PASSED))
    said = page(classroom, rows).words
    assert "Inconclusive (1)" in said
    assert "Name a : demo/double: faster" in said


def test_each_submission_leads_to_its_report() -> None:
    """And only to one that is there."""
    classroom, rows = class_of(
        {"u": result("u", None, state=State.UNREADABLE, problem="Bad.")},
        a=ALL_PASSED,
        b=graded(PASSED, OURS),
    )
    links = {str(a["href"]) for a in page(classroom, rows).all("a")}
    assert links == {"reports/a.html", "reports/b.html"}


def test_a_group_is_one_row_and_a_late_one_says_so() -> None:
    names = [Member(id=f"{n}", name=f"Name {n}") for n in range(5)]
    classroom = Classroom(
        layout="plain",
        entries=(
            entry("g", *names, late=True, submitted="2026-11-22T14:05:09.5+00:00",
                  notes=("Handed in twice.",)),
        ),
    )  # fmt: skip
    said = page(classroom, read_rows(classroom, {"g": result("g", ALL_PASSED)})).words
    assert "Name 0, Name 1, Name 2 and 2 more late 0, 1, 2, 3, 4" in said
    assert "2026-11-22 14:05 UTC" in said
    assert "Handed in twice." in said
    assert "1 submission, 5 members" in said


def test_a_member_of_two_submissions_is_counted_once() -> None:
    """Also where somebody else handed in nothing, so that both numbers are the same."""
    twice = member("twice")
    classroom = Classroom(
        layout="plain",
        entries=(entry("one", twice), entry("two", twice)),
        missing=(member("gone"),),
    )
    found = {key: result(key, ALL_PASSED) for key in ("one", "two")}
    said = page(classroom, read_rows(classroom, found)).words
    assert "2 submissions, 2 members" in said


def test_the_slowest_are_named_in_their_order() -> None:
    results = {
        key: result(key, ALL_PASSED, seconds=seconds)
        for key, seconds in (("a", 2.0), ("b", 30.25), ("c", 4.0))
    }
    said = page(*class_of(results)).words
    begin = said.index("Slowest")
    assert re.search(r"Name b 30\.2 s Name c 4\.0 s Name a 2\.0 s", said[begin:])


def test_points_for_a_gpu_are_said_to_be_left_out() -> None:
    said = page(*class_of(a=ALL_PASSED)).words
    assert "1 points could not be checked where this class was graded" in said
    assert "Scores are of the other 3." in said
    assert "3 of 4 1 not run" in said


# ---------------------------------------------------------------------- scores and checks


def test_scores_are_counted_in_tenths() -> None:
    found = histogram([0, 0, 2.7, 13.5, 26.9, 27, 27], 27)
    assert found is not None
    assert [bar["count"] for bar in found["bars"]] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert [bar["height"] for bar in found["bars"]][:2] == [66.67, 33.33]
    assert found["bars"][1]["range"] == "2.7 to less than 5.4 points"
    assert found["said"] == (
        "7 scores from 0 to 27 of 27 points; half of them are 13.5 or more. "
        "2 with all points, 2 with none."
    )


def test_a_border_belongs_to_the_higher_tenth() -> None:
    """Whatever a tenth is as a binary fraction."""
    for possible in (3, 7, 181, 0.7):
        found = histogram([possible * n / 10 for n in range(10)], possible)
        assert found is not None
        assert [bar["count"] for bar in found["bars"]] == [1] * 10


@pytest.mark.parametrize("scores", [[], [0.0]])
def test_there_is_no_drawing_of_nothing(scores: list[float]) -> None:
    assert histogram(scores, 0) is None


def test_each_check_says_how_it_went() -> None:
    """What was lost to an earlier check is lost; what needs a GPU is not."""
    built = check("built", "skipped", 0, 2, reason="prerequisite")
    rows = rows_of(
        a=graded(PASSED, check("built", "passed", 2, 2), NEEDS_GPU),
        b=graded(wrong("No."), built, NEEDS_GPU),
        c=graded(PASSED, check("built", "error", 0, 2, reason="harness"), NEEDS_GPU),
        d=graded(
            PASSED, check("built", "failed", 0.5, 2, reason="not_fused"), NEEDS_GPU
        ),
    )
    (shown,) = exercise_views(rows)
    assert (shown["mean"], shown["most"]) == ("2.8", "6")  # of 5, 0 and 3.5; c has none
    told = [(c["said"], c["mean"], c["most"]) for c in shown["checks"]]
    assert told == [
        ("3 passed, 1 failed", "2.2", "3"),
        ("1 passed, 1 failed, 1 not reached, 1 ungraded", "0.8", "2"),
        ("4 not run", "-", "1"),
    ]
    widths = [
        (bar["kind"], bar["left"], bar["width"]) for bar in shown["checks"][1]["bars"]
    ]
    assert widths == [
        ("passed", 0, 25),
        ("failed", 25, 25),
        ("not-reached", 50, 25),
        ("ungraded", 75, 25),
    ]


def test_a_hidden_check_is_marked() -> None:
    secret = wrong("Psst.", name="secret", visibility=Visibility.HIDDEN)
    said = page(*class_of(a=graded(PASSED, secret))).words
    assert "The secret are right. hidden" in said
    assert "secret hidden ; 3 points lost in all Psst." in said


# -------------------------------------------------------------------------------- reasons


def test_the_same_mistake_is_one_reason() -> None:
    """Whatever its figures, which differ with the inputs; a learner counts once."""
    rows = rows_of(
        a=graded(wrong("Element [3, 4] is 1.5e-3, not -2.")),
        b=graded(wrong("Element [17, 0] is 2, not 1,024.5."), wrong("A list.", "type")),
        c=graded(
            wrong("Element [1, 1] is 3, not 4."),
            wrong("Element [0, 1] is 1, not 2.", "more"),
        ),
    )
    first, second = common_reasons(rows, 9)
    assert (first.message, list(first.rows)) == (
        "Element [3, 4] is 1.5e-3, not -2.",
        ["a", "b", "c"],
    )
    assert (list(first.checks), first.points) == (["values", "more"], 12)
    assert (second.message, list(second.rows)) == ("A list.", ["b"])


def test_other_hints_are_other_mistakes_and_are_shown() -> None:
    """One check may see two mistakes by the same figure, and says which in the hint."""
    told = "The largest difference is 0.5."
    classroom, rows = class_of(
        a=graded(wrong(told, hint="Divide by 3, not by 4.")),
        b=graded(wrong(told, hint="Transpose the operand.")),
        c=graded(wrong("The largest difference is 7.", hint="Divide by 5, not by 6.")),
        d=graded(wrong(told)),
    )
    found = common_reasons(rows, 9)
    assert [list(c.rows) for c in found] == [["a", "c"], ["b"], ["d"]]
    assert [c.hint for c in found] == [
        "Divide by 3, not by 4.",
        "Transpose the operand.",
        "",
    ]
    said = page(classroom, rows).words
    assert f"{told} Next: Divide by 3, not by 4. Name a Name c" in said
    assert f"{told} Next: Transpose the operand. Name b" in said


def test_other_words_exercises_and_reasons_are_others() -> None:
    crashed = check("values", "failed", 0, 3, reason="crashed", message="It is 3.")
    rows = rows_of(
        a=graded(wrong("It is 3.")),
        b=graded(crashed),
        c=graded(wrong("It was 3.")),
        d=report(exercise("demo/half", wrong("It is 3."))),
    )
    assert len(common_reasons(rows, 9)) == 4
    assert len(common_reasons(rows, 2)) == 2


def test_what_only_a_gpu_can_tell_is_no_reason() -> None:
    built = check("built", "skipped", 0, 2, reason="prerequisite", message="Built.")
    assert common_reasons(rows_of(a=graded(PASSED, NEEDS_GPU, built, OURS)), 9) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("name 'x' is not defined", "name 'yy' is not defined"),
        ("line 20 of a.py", "line 7 of a.py"),
        ("a  b\nc", "a b c"),
    ],
)
def test_patterns_that_are_the_same(one: str, other: str) -> None:
    assert pattern(one) == pattern(other)


@pytest.mark.parametrize(
    ("one", "other"), [("float32", "float64"), ("NaN", "1"), ("a b", "ab")]
)
def test_patterns_that_differ(one: str, other: str) -> None:
    """A digit in a word is part of the word."""
    assert pattern(one) != pattern(other)


def test_a_long_message_takes_no_long_time() -> None:
    assert len(pattern("'\"1,e" * 1_000_000)) <= 400


def test_of_many_learners_the_first_are_shown_and_the_others_folded_in() -> None:
    rows = class_of(**{f"k{n:03}": graded(wrong(f"It is {n}.")) for n in range(40)})
    said = page(*rows).words
    reasons = said[said.index("most common") : said.index("Exercises and")]
    assert "40 submissions: wrong value" in reasons
    assert "and 28 more" in reasons
    assert reasons.count("Name k") == 40


# ------------------------------------------------------------------- what cannot happen


def hostile() -> tuple[Classroom, tuple[Row, ...]]:
    """Return a class whose every text is nasty."""
    one = Entry(
        key="k",
        members=(Member(id=NASTY, name=NASTY, email=NASTY),),
        handed=entry("k").handed,
        submitted=NASTY,
        notes=(NASTY,),
    )
    classroom = Classroom(
        layout=NASTY,
        entries=(one,),
        missing=(Member(id=NASTY, name="long " * 3_000),),
        strays=(NASTY,),
        notes=(NASTY,),
    )
    played = graded(wrong(NASTY), check("ours", "error", 0, 1, reason="harness"))
    return classroom, read_rows(classroom, {"k": result("k", played, seconds=1.0)})


def test_nothing_of_a_strangers_is_markup() -> None:
    text = render_class_page(*hostile(), title=NASTY)
    found = Page(text)
    assert len(found.all("script")) == 1
    assert "[U+202E]" in found.text
    assert "<script>alert(1)</script>" in found.text  # as text
    for character in "\x1b\u202e\x00\x07\ud800":
        assert character not in text


def test_only_its_own_script_may_run() -> None:
    """The policy names the script by its hash, and lets nothing be fetched."""
    text = render_class_page(*class_of(a=ALL_PASSED))
    (policy,) = (str(m["content"]) for m in Page(text).all("meta") if "http-equiv" in m)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.replace("style-src 'unsafe-inline'", "")
    assert not re.search(r"""(?:src|href)=["'](?!reports/)""", text)


def test_no_class_is_too_small_or_too_large() -> None:
    empty = Classroom(layout="plain", entries=())
    assert "Nothing was handed in." in page(empty, ()).words
    classroom, results = large_class(1000)
    found = page(classroom, read_rows(classroom, results))
    assert len(found.all("tr")) > 1000
