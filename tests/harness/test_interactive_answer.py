"""The HTML answer: what it says, what it shows, and what cannot get through it."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from graders.harness.checks import Pictures, figures
from graders.harness.errors import WrongValue
from graders.harness.models import CheckResult, ExerciseResult, Reason, Report, Status
from graders.harness.report.html_answer import render_answer
from tests.harness.html_page import Page

HOSTILE = (
    "<script>alert(1)</script> & \"q\" 'a' \u202egnp.\u2066 \x1b[31m \x00 \ud800 ok"
)


def check(status: Status, points: float, **more: Any) -> CheckResult:
    reason = {Status.FAILED: Reason.WRONG_VALUE, Status.SKIPPED: Reason.NEEDS_GPU}
    return CheckResult(
        name=more.pop("name", "the_values"), title=more.pop("title", "It is right."),
        status=status, reason=reason.get(status), points=points, max_points=2.5, **more,
    )  # fmt: skip


def report(*checks: CheckResult) -> Report:
    result = ExerciseResult(name="soft/blur", title="A blur", checks=checks)
    return Report(device="simulator", exercises=(result,), environment={})


def test_score_checks_message_and_hint_are_there() -> None:
    """The answer has the score, each check with its points, and what to do next."""
    failed = check(Status.FAILED, 0, message="Seen 3.\nExpected 4.", hint="Look at b.")
    page = Page(
        render_answer(
            report(check(Status.PASSED, 2.5), failed, check(Status.SKIPPED, 0)),
            ["Graded on the simulator."],
        )
    )
    said = " ".join(page.text.split())
    assert "soft/blur A blur" in said
    assert (
        "Failed : 2.5 of 7.5 points (2.5 could not be checked on this machine)." in said
    )
    for words in ("passed It is right. 2.5 of 2.5", "failed It is right. 0 of 2.5"):
        assert words in said
    assert "the values [wrong_value] Seen 3. Expected 4. Next: Look at b." in said
    assert "Graded on the simulator." in said


def test_the_same_words_are_said_once() -> None:
    """Checks that failed for the same reason are told together."""
    failed = check(Status.FAILED, 0, message="Nothing is written yet.")
    text = render_answer(report(failed, replace(failed, name="place")))
    assert text.count("Nothing is written yet.") == 1
    assert "the values, place" in text


def test_nothing_hostile_gets_through() -> None:
    """Text of the learner's is no mark-up and turns nothing around it."""
    hostile = check(
        Status.FAILED, 0, name=HOSTILE, title=HOSTILE, message=HOSTILE, hint=HOSTILE
    )
    result = ExerciseResult(name=HOSTILE, title=HOSTILE, checks=(hostile,))
    text = render_answer(replace(report(), exercises=(result, result)), [HOSTILE])
    page = Page(text)
    assert page.all("script") == []
    assert "<script>alert(1)</script>" in page.text
    shown = text.replace("\n", "")
    assert not any(c in shown for c in "\u202e\u2066\x1b\x00\ud800")
    assert all(c.isprintable() for c in shown)
    text.encode("utf-8")


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    """The answer stands alone: no script, no handler, no address."""
    text = render_answer(report(check(Status.FAILED, 0, message="m", hint="h")))
    page = Page(text)
    assert not re.search(r"https?:|@import|url\(|javascript:", text)
    assert all(not name.startswith("on") for _, a in page.tags for name in a)


def test_it_can_be_read_without_eyes_or_colours() -> None:
    """Headers say what they head, pictures what they show, and a status is a word."""
    details = seen(np.zeros((4, 6, 3)))
    page = Page(render_answer(report(check(Status.FAILED, 0, details=details))))
    assert [a["scope"] for a in page.all("th")] == ["col", "col", "col", "row"]
    assert len(page.all("img")) == 3
    assert len({str(a["alt"]) for a in page.all("img")}) == 3
    assert "failed" in page.text


def test_both_themes_of_jupyterlab_can_show_it() -> None:
    """Colours are JupyterLab's, or a pair of text and ground of our own."""
    style = render_answer(report()).partition("</style>")[0]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    for selector, body in rules:
        fixed = re.search(r"(?<![\w-])color:\s*#", body)
        assert not fixed or "background: #" in body, selector
    grounds = [m for _, b in rules for m in re.findall(r"background: #(\w{6})", b)]
    assert len(grounds) == 4
    assert all(contrast_with_white(g) >= 4.5 for g in grounds)


def contrast_with_white(colour: str) -> float:
    """Return the contrast as WCAG reckons it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (light + 0.05)


def seen(picture: object, *, wrong: bool = True) -> dict[str, Any]:
    """Return the figures of a check that looked at two cases, the second half as bright."""
    expected = np.asarray(picture, dtype=np.float64)
    figures.begin(wanted=True)
    for scale in (1.0, 0.5):
        result = expected * scale
        Pictures(None, "soft/blur").save(
            "a-case", source=expected, result=result, expected=expected
        )
    if wrong:
        figures.see_error("the result", "a case", result, expected, limit=1e-3)
    return {"figures": figures.taken(WrongValue("Wrong.") if wrong else None)}


def shown(picture: object, *, wrong: bool = True) -> list[tuple[str, str]]:
    """Return the captions of the pictures in an answer, and their data."""
    status = Status.FAILED if wrong else Status.PASSED
    text = render_answer(report(check(status, 0, details=seen(picture, wrong=wrong))))
    captions = re.findall("<figcaption>(.*?)</figcaption>", text)
    return list(
        zip(captions, [str(a["src"]) for a in Page(text).all("img")], strict=True)
    )


def decoded(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_pictures_are_of_one_scale_and_small() -> None:
    """Three pictures of the same size, of a case with much detail, are 200 kB at most."""
    rng = np.random.default_rng(1)
    pictures = shown(rng.random((900, 700, 3)))
    assert [caption.partition(",")[0] for caption, _ in pictures] == [
        "expected", "your result", "difference",
    ]  # fmt: skip
    assert sum(len(data) for _, data in pictures) <= 200_000 + 300
    sizes = [decoded(data).size for _, data in pictures]
    assert sizes[0] == sizes[1]


def test_a_brighter_result_is_shown_brighter() -> None:
    """Expected picture and result are not scaled each for itself."""
    (_, expected), (_, result), (caption, _) = shown(np.ones((9, 9)))
    assert decoded(expected).getpixel((4, 4)) == 255
    assert decoded(result).getpixel((4, 4)) == 128
    assert caption == "difference, from 0 (dark) to 0.5 (bright)"


def test_a_right_result_is_shown_alone() -> None:
    """Where no value is wrong, a difference would only show rounding."""
    ((caption, _),) = shown(np.ones((9, 9)), wrong=False)
    assert caption == "your result"
