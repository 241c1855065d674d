"""The HTML answer: what it says, what it shows, and what cannot get through it."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graders.harness.checks import Pictures
from graders.harness.models import CheckResult, ExerciseResult, Reason, Report, Status
from graders.harness.report.html_answer import render_answer
from graders.harness.report.shown_pictures import (
    ShownPicture,
    shown_pictures,
)

HOSTILE = (
    "<script>alert(1)</script> & \"q\" 'a' \u202egnp.\u2066 \x1b[31m \x00 \ud800 ok"
)
VOID = {"img", "br"}


class Page(HTMLParser):
    """Reads HTML: its tags, what they say, and whether they are well nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += f"{data} "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def check(status: Status, points: float, **more: str) -> CheckResult:
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
            {},
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
    text = render_answer(report(failed, replace(failed, name="place")), {})
    assert text.count("Nothing is written yet.") == 1
    assert "the values, place" in text


def test_nothing_hostile_gets_through() -> None:
    """Text of the learner's is no mark-up and turns nothing around it."""
    hostile = check(
        Status.FAILED, 0, name=HOSTILE, title=HOSTILE, message=HOSTILE, hint=HOSTILE
    )
    result = ExerciseResult(name=HOSTILE, title=HOSTILE, checks=(hostile,))
    text = render_answer(replace(report(), exercises=(result, result)), {}, [HOSTILE])
    page = Page(text)
    assert page.all("script") == []
    assert "<script>alert(1)</script>" in page.text
    shown = text.replace("\n", "")
    assert not any(c in shown for c in "\u202e\u2066\x1b\x00\ud800")
    assert all(c.isprintable() for c in shown)
    text.encode("utf-8")


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    """The answer stands alone: no script, no handler, no address."""
    text = render_answer(report(check(Status.FAILED, 0, message="m", hint="h")), {})
    page = Page(text)
    assert not re.search(r"https?:|@import|url\(|javascript:", text)
    assert all(not name.startswith("on") for _, a in page.tags for name in a)


def test_it_can_be_read_without_eyes_or_colours() -> None:
    """Headers say what they head, pictures what they show, and a status is a word."""
    picture = np.zeros((4, 6, 3))
    text = render_answer(report(check(Status.FAILED, 0)), {"soft/blur": saved(picture)})
    page = Page(text)
    assert [a["scope"] for a in page.all("th")] == ["col", "col", "col", "row"]
    assert len(page.all("img")) == 3
    assert all("soft/blur" in str(a["alt"]) for a in page.all("img"))
    assert "failed" in page.text


def test_both_themes_of_jupyterlab_can_show_it() -> None:
    """Colours are JupyterLab's, or a pair of text and ground of our own."""
    style = render_answer(report(), {}).partition("</style>")[0]
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


def saved(picture: object, *, wrong: bool = True) -> tuple[ShownPicture, ...]:
    array = np.asarray(picture)
    with tempfile.TemporaryDirectory() as folder:
        pictures = Pictures(Path(folder), "soft/blur", last_only=True)
        for case, scale in (("a-last", 1.0), ("a-first", 0.5)):
            pictures.save(case, source=array, result=array * scale, expected=array)
        pictures.close()
        return shown_pictures(Path(folder) / "soft" / "blur", wrong=wrong)


def decoded(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_pictures_are_of_one_scale_and_small() -> None:
    """Three pictures of the same size, of a case with much detail, are 200 kB at most."""
    rng = np.random.default_rng(1)
    shown = saved(rng.random((900, 700, 3)))
    assert [p.caption for p in shown] == [
        "expected", "your result", "difference, brightest where it is largest",
    ]  # fmt: skip
    assert len({(p.width, p.height) for p in shown}) == 1
    assert sum(len(p.uri) for p in shown) <= 200_000 + 300
    sizes = {decoded(p.uri).size for p in shown}
    assert sizes == {(shown[0].width, shown[0].height)}


def test_a_brighter_result_is_shown_brighter() -> None:
    """Expected picture and result are not scaled each for itself."""
    expected, result, _ = (decoded(p.uri) for p in saved(np.ones((9, 9))))
    assert expected.getpixel((4, 4)) == 255
    assert result.getpixel((4, 4)) == 128


def test_a_right_result_is_shown_alone() -> None:
    """Where no value is wrong, a difference would only show rounding."""
    (shown,) = saved(np.ones((9, 9)), wrong=False)
    assert shown.caption == "your result"


@pytest.mark.parametrize("left", [[], ["a-result.png"]])
def test_no_pictures_are_no_fault(left: list[str], tmp_path: Path) -> None:
    """An exercise without pictures, or with half a case, shows none."""
    for name in left:
        Image.new("L", (2, 2)).save(tmp_path / name)
    assert shown_pictures(tmp_path, wrong=True) == ()
    assert shown_pictures(tmp_path / "missing", wrong=True) == ()
