"""The HTML report: what it says and shows, and what cannot get through it."""

from __future__ import annotations

import json
import math
import re
import statistics
from dataclasses import replace
from typing import Any

import pytest

from graders.harness.catalog import ROOT
from graders.harness.models import CheckResult, Report, Visibility, check_from_dict
from graders.harness.report.html_report import render_html
from graders.harness.report.html_timeline import duration
from graders.harness.report.json_report import render_json
from tests.harness.html_page import Page
from tests.harness.played_reports import (
    BROKEN,
    MIXED,
    NASTY,
    NEEDS_GPU,
    PASSED,
    PIXEL,
    UNGRADED,
    check,
    exercise,
    image,
    report,
)

TIMELINE: dict[str, Any] = {
    "kind": "timeline", "device": "cuda", "omitted": 3, "busy": 2.002e-3,
    "records": [
        {"what": "host_to_device", "name": "", "start": 0.0, "seconds": 2e-3,
         "stream": 0, "elements": 0, "nbytes": 4096},
        {"what": "gemm", "name": "void <gemm>", "start": 2.5e-3, "seconds": 2e-6,
         "stream": 7, "elements": 640, "nbytes": 0},
    ],
}  # fmt: skip
HEATMAP: dict[str, Any] = {
    "kind": "heatmap", "label": "the product", "case": "2 x 3", "shape": [2, 3],
    "axes": [0, 1], "at": [1, 2], "block": [1, 1], "grid": [[0.0, None, 0.1], [0, 0, 0.5]],
    "scale": [0.0, 0.5], "largest": 0.5, "limit": 1e-4, "not_finite": 1,
}  # fmt: skip


def page(played: Report) -> Page:
    return Page(render_html(played))


def failed(name: str = "values", **more: Any) -> CheckResult:
    return check(name, "failed", 0, 2, reason="wrong_value", **more)


def one(*checks: CheckResult, output: str = "") -> Report:
    return report(exercise("demo/double", *checks, output=output))


# ------------------------------------------------------------------------- what it says


def test_score_and_verdict_come_first() -> None:
    said = page(MIXED).words
    assert said.startswith("5.5 of 14.5 points - grading report ✗ failed 5.5 of 14.5")
    assert "1 of the points could not be checked on this machine" in said
    assert "Graded on the simulator in 12.3 s." in said


def test_every_exercise_and_check_has_its_points() -> None:
    found = page(MIXED)
    for each in MIXED.exercises:
        assert f"{each.score:g} of {each.max_score:g}" in found.words
        for checked in each.checks:
            words = {"skipped": "not run", "error": "ungraded"}
            word = words.get(checked.status, checked.status)
            points = f"{checked.points:g} of {checked.max_points:g}"
            assert re.search(
                re.escape(checked.title) + r" \S " + f"{word} {points}", found.words
            )


def test_the_table_leads_to_each_exercise() -> None:
    found = page(MIXED)
    targets = {a["id"] for _, a in found.tags if a.get("id")}
    links = [str(a["href"]) for a in found.all("a")]
    assert len(links) == 2
    assert {link.removeprefix("#") for link in links} <= targets


def test_a_single_exercise_needs_no_table_of_exercises() -> None:
    found = page(one(PASSED))
    assert not found.all("a")
    assert "Exercises" not in found.words


def test_message_hint_and_place_are_told_once() -> None:
    """Checks that failed for the same reason are told together."""
    place = {
        "file": "double.py",
        "line": 2,
        "source": [[1, "a"], [2, "b = <x>"], [3, ""]],
    }
    same = {
        "message": "Seen 3.\nExpected 4.",
        "hint": "Add.",
        "details": {"location": place},
    }
    found = page(one(failed(**same), failed("shapes", **same)))
    assert "values, shapes wrong value Seen 3. Expected 4. Next: Add." in found.words
    assert found.words.count("Expected 4.") == 1
    assert "line 2 of double.py 1 a 2 b = <x> 3" in found.words
    marked = [
        a for tag, a in found.tags if tag == "span" and a.get("class") == "line it"
    ]
    assert len(marked) == 1


def test_what_was_not_run_takes_a_line() -> None:
    found = page(one(PASSED, NEEDS_GPU))
    assert "faster not run: A GPU tells." in found.words
    assert not [a for a in found.all("div") if "told" in str(a.get("class"))]


def test_a_fault_of_ours_is_called_one() -> None:
    assert "that is the harness's fault" in page(BROKEN).words
    assert "that is the harness's fault" not in page(MIXED).words


def test_the_environment_is_there() -> None:
    """Of a real report from a GPU: device, driver, versions, and what did not hold."""
    report = from_h100()
    said = page(report).words
    for words in (
        "Graded on NVIDIA H100 80GB HBM3", "driver: 580.159.04", "cupy: 14.2.0",
        "CUDA of the driver 13.0", "Memory 79.2 GiB", report.environment["seed"],
        "not dumpable: the CUDA driver writes to its own entries in /proc",
    ):  # fmt: skip
        assert words in said


def from_h100() -> Report:
    path = ROOT / "docs" / "measurements" / "reference-h100.json"
    data = json.loads(path.read_text("utf-8"))
    exercises = (
        exercise(
            e["name"],
            *(check_from_dict({"visibility": "public"} | c) for c in e["checks"]),
        )
        for e in data["exercises"]
    )
    return Report(
        device="cuda", exercises=tuple(exercises), environment=data["environment"]
    )


def test_measured_ratios_are_drawn() -> None:
    measured = from_h100()
    found = page(measured)
    bars = [str(a["aria-label"]) for a in found.all("svg") if a["class"] == "ratio-bar"]
    assert len(bars) == 7
    (sepia,) = (e for e in measured.exercises if e.name.endswith("/sepia_blur"))
    (ratio,) = (c.details["ratio"] for c in sepia.checks if c.name == "faster")
    three = (ratio[name] for name in ("ratio", "low", "high"))
    said = "{:.3g}, interval {:.3g} to {:.3g}, needed 1.15".format(*three)
    assert said in bars
    own, others = (
        statistics.median(pair[which] for pair in ratio["samples"]) for which in (0, 1)
    )
    said = f"A round of yours took {duration(own)}, of the plain CuPy program "
    assert f"{said}{duration(others)}." in found.words


# ------------------------------------------------------------------------ what it shows


def test_a_failure_has_its_figures_with_it_and_others_come_after() -> None:
    details = {"figures": [HEATMAP]}
    passing = replace(PASSED, details={"figures": [image("Yours", PIXEL)]})
    wrong = failed("shapes", message="Wrong.", details=details)
    said = page(one(passing, wrong)).words
    places = [said.index(w) for w in ("Wrong.", "Where the product is wrong", "Yours")]
    assert places == sorted(places)


def test_what_several_checks_looked_at_is_shown_once() -> None:
    details = {"figures": [TIMELINE]}
    said = page(
        one(
            replace(PASSED, details=details), replace(PASSED, name="b", details=details)
        )
    ).words
    assert "What ran on the device, as seen by: values, b" in said
    assert said.count("The first 1 kernel and 1 copy, of 5 records") == 1


def test_what_a_failed_check_looked_at_too_is_with_the_failure() -> None:
    details = {"figures": [TIMELINE]}
    wrong = failed("shapes", message="Wrong.", details=details)
    text = render_html(one(replace(PASSED, details=details), wrong))
    assert text.count('class="timeline"') == 1
    assert "as seen by" not in text


def test_a_failure_and_what_was_not_run_are_told_apart() -> None:
    same = replace(NEEDS_GPU, message="The same.", hint="")
    said = page(one(failed(message="The same."), same)).words
    assert "values wrong value The same." in said
    assert "faster not run: The same." in said


def test_a_timeline_is_a_drawing_and_a_table() -> None:
    found = page(one(replace(PASSED, details={"figures": [TIMELINE]})))
    assert "copy to the GPU 0.000 ms 2 ms 4,096 B" in found.words
    assert "void <gemm> 2.500 ms 2 µs 640 items" in found.words
    lanes = [a for a in found.all("svg") if a["class"] == "lane"]
    assert [str(a["aria-label"]).partition(":")[0] for a in lanes] == [
        "to the GPU", "kernels",
    ]  # fmt: skip
    assert "simulator's model" not in found.words


def test_pictures_say_what_they_show() -> None:
    scaled = image("difference", PIXEL) | {"scale": [0.0, 0.301], "not_finite": True}
    found = page(one(failed(details={"figures": [image("Yours", PIXEL), scaled]})))
    assert [a["alt"] for a in found.all("img")] == ["Yours", "difference"]
    assert "0 0.301 NaN or infinite" in found.words


def test_too_many_pictures_are_left_out_and_counted() -> None:
    large = image("Yours", "A" * 400_000)
    figures = [large | {"case": str(i)} for i in range(20)]
    found = page(one(failed(details={"figures": figures})))
    assert len(found.all("img")) == 7
    assert "13 pictures are left out" in found.words


@pytest.mark.parametrize(
    "odd",
    [
        "no figure",
        None,
        {"kind": "hologram"},
        {"kind": "image"},
        image("Yours", '"><script>'),
        HEATMAP | {"grid": []},
        HEATMAP | {"block": []},
        TIMELINE | {"records": []},
        TIMELINE | {"records": [{"what": "gemm"}]},
    ],
    ids=str,
)
def test_a_figure_that_is_none_costs_nothing_else(odd: object) -> None:
    found = page(one(failed(message="Wrong.", details={"figures": [odd]}), PASSED))
    assert "Wrong." in found.words
    assert not found.all("img")


@pytest.mark.parametrize("odd", [math.nan, math.inf, None])
def test_what_is_no_number_is_drawn_nowhere(odd: float | None) -> None:
    """In a report from elsewhere; ours have null there."""
    ratio = {"ratio": odd, "low": odd, "high": odd, "threshold": 2.0, "pairs": 8}
    records = [TIMELINE["records"][0] | {"start": odd}, TIMELINE["records"][1]]
    heatmap = HEATMAP | {"largest": odd, "scale": [0, odd], "grid": [[odd, 1, 1]] * 2}
    figures = [heatmap, TIMELINE | {"records": records}]
    text = render_html(one(failed(details={"figures": figures, "ratio": ratio})))
    drawn = re.findall(r'["\s]([^\s"]+)%[";]', text.partition("<body>")[2])
    assert len(drawn) > 10
    assert all(0 <= float(value) <= 100 for value in drawn)


def test_an_interval_without_end_is_drawn_to_the_end() -> None:
    ratio = {"ratio": 3.0, "low": 2.0, "high": None, "threshold": 1.0, "pairs": 8}
    said = page(one(replace(PASSED, details={"ratio": ratio}))).tags
    (label,) = [a["aria-label"] for _, a in said if a.get("class") == "ratio-bar"]
    assert label == "3, interval 2 to any, needed 1"


# -------------------------------------------------------------------- what cannot happen


def hostile() -> Report:
    place = {"file": NASTY, "line": 1, "source": [[1, NASTY]]}
    figures = [
        image(NASTY, PIXEL) | {"case": NASTY},
        HEATMAP | {"label": NASTY, "case": NASTY},
        TIMELINE
        | {"records": [TIMELINE["records"][1] | {"name": NASTY, "what": NASTY}]},
    ]
    ratio = {"ratio": 1, "low": 1, "high": 1, "threshold": 1, "pairs": NASTY,
             "other": NASTY, "answer": NASTY, "metric": NASTY}  # fmt: skip
    details = {"location": place, "figures": figures, f"ratio_{NASTY}": ratio}
    bad = failed(NASTY, message=NASTY, hint=NASTY, details=details)
    odd = replace(bad, title=NASTY, name=f"{NASTY} again", hint="")
    return report(
        exercise(NASTY, bad, odd, replace(NEEDS_GPU, message=NASTY), output=NASTY),
        device_name=NASTY,
        versions={NASTY: NASTY},
        odd={NASTY: [NASTY]},
    )


def test_nothing_hostile_gets_through() -> None:
    """Text of a stranger's is no mark-up, and what hides or turns letters is named."""
    text = render_html(hostile())
    found = Page(text)
    assert not found.all("script")
    assert len(found.all("style")) == 1
    assert found.text.count("<script>alert(1)</script> </style>") > 15
    assert "[U+202E]right to left" in found.text
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text
    )
    assert all(not name.startswith("on") for _, a in found.tags for name in a)


def test_no_attribute_is_left_open() -> None:
    """A quote in a stranger's text ends no attribute of ours."""
    quotes = "\" ' onmouseover=alert(1) "
    figures = [image(quotes, PIXEL) | {"alt": quotes}, HEATMAP | {"label": quotes}]
    found = page(one(failed(quotes, message=quotes, details={"figures": figures})))
    assert all(not name.startswith("on") for _, a in found.tags for name in a)
    assert quotes in [a["alt"] for a in found.all("img")]


@pytest.mark.parametrize("played", [MIXED, hostile(), from_h100()], ids=["a", "b", "c"])
def test_nothing_comes_from_outside_and_nothing_runs(played: Report) -> None:
    """The page has no script and no address, and forbids both."""
    found = page(played)
    names = {"src", "href", "xlink:href", "action", "data", "srcset", "poster"}
    targets = [a[n] for _, a in found.tags for n in names & a.keys()]
    assert all(str(t).startswith(("#", "data:image/png;base64,")) for t in targets)
    style = render_html(played).partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"@import|url\(", style)
    (policy,) = (a["content"] for a in found.all("meta") if a.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; img-src data:;")


def test_figures_of_a_hidden_check_are_hidden_with_it() -> None:
    """Learners see that it failed, and nothing of what it looked at."""
    location = {"file": "a.py", "line": 1, "source": [[1, "secret"]]}
    details = {"figures": [image("secret", PIXEL), HEATMAP], "location": location}
    hidden = failed(message="secret", details=details)
    played = one(PASSED, replace(hidden, visibility=Visibility.HIDDEN), output="secret")
    text = render_html(played.for_learners())
    assert "secret" not in text
    assert "<img" not in text
    assert "secret" in render_html(played)


# ---------------------------------------------------------------------------- bad cases


@pytest.mark.parametrize("name", UNGRADED)
def test_what_was_not_judged_is_ungraded(name: str) -> None:
    said = page(UNGRADED[name]).words
    assert "! ungraded 0 of" in said
    assert ("There was nothing to grade." in said) is (name == "empty")


def test_a_message_of_ten_megabytes_is_cut_and_that_is_said() -> None:
    long = "x" * 10_000_000
    place = {"file": "a.py", "line": 1, "source": [[n, long] for n in range(1000)]}
    huge = failed(long, message=long, hint=long, details={"location": place})
    text = render_html(one(replace(huge, title=long), output=long))
    assert len(text) < 100_000
    assert "[9,996,000 more characters were cut]" in text
    assert "[9,980,000 characters before these were cut]" in text


def test_two_thousand_checks_are_all_there() -> None:
    many = [failed(f"check_{i}", message=f"Seen {i}.") for i in range(2000)]
    found = page(one(*many))
    assert all(f"Seen {i}." in found.text for i in (0, 999, 1999))


def test_the_json_report_leaves_figures_out() -> None:
    """They are for reports that show; and a writer leaves the report as it was."""
    played = one(failed(details={"figures": [HEATMAP], "ratio": 1.5}))
    data = json.loads(render_json(played))
    assert data["exercises"][0]["checks"][0]["details"] == {"ratio": 1.5}
    assert "figures" in played.exercises[0].checks[0].details
