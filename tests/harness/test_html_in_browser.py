"""The HTML report in a headless Chromium: drawn, readable, and cut off from the world.

Set ``SCREENSHOTS`` to a folder to keep what the browser showed, for people to look at.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.catalog import ROOT
from graders.harness.cli import main
from graders.harness.report.html_report import render_html
from tests.harness.test_report_html import from_h100, hostile
from tests.in_browser import MARKS, Open, chromium, watched

PROGRAMS = ROOT / "tests" / "submissions"
# With a picture that is wrong, a matrix that is, and a copy that should not be.
WRONG = {
    "sepia_blur": "fft_callbacks/sepia_blur/wrong_gives_bgr.py",
    "fused_linear": "kernel_fusion/fused_linear/wrong_last_column_unwritten.py",
    "resident_pipeline": "memory_spaces/resident_pipeline/wrong_numpy_operands.py",
}
NARROW = {"width": 390, "height": 844}

pytestmark = MARKS


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports as files: of a grading that was made, of a GPU, and a hostile one."""
    folder = tmp_path_factory.mktemp("reports")
    submission = tmp_path_factory.mktemp("work")
    for name, program in WRONG.items():
        shutil.copy(PROGRAMS / program, submission / f"{name}.py")
    graded = folder / "graded.html"
    options = ["--submission", str(submission), "--device", "simulator"]
    assert main([*WRONG, *options, "--report", f"html:{graded}"]) == 1
    played = {"gpu": from_h100(), "hostile": hostile()}
    for name, report in played.items():
        (folder / f"{name}.html").write_text(render_html(report), "utf-8")
    return {name: folder / f"{name}.html" for name in ("graded", *played)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def opened(browser: Any, reports: dict[str, Path]) -> Iterator[Open]:
    """A function that opens a report; at the end nothing was asked for or complained of."""
    may_ask = ("file:", "data:image/png")
    with watched(browser, reports, prefix="report", may_ask=may_ask) as opens:
        yield opens


def test_pictures_are_drawn(opened: Open) -> None:
    """Each with what it shows, also in the wrong program's failure."""
    page = opened("graded")
    widths = page.locator("img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert len(widths) >= 5
    assert all(width > 0 for width in widths)
    captions = page.locator(".told .picture figcaption").all_inner_texts()
    assert [caption.split()[0] for caption in captions] == [
        "input", "expected", "your", "difference",
    ]  # fmt: skip


def test_maps_bars_and_timelines_have_a_size(opened: Open) -> None:
    page = opened("graded")
    page.locator("summary").evaluate_all(
        "all => all.map(s => s.parentNode.open = true)"
    )
    for drawn in (".heatmap img", ".heatmap .mark", ".lane rect"):
        boxes = [element.bounding_box() for element in page.locator(drawn).all()]
        assert boxes, drawn
        assert all(box["width"] > 2 and box["height"] > 2 for box in boxes), drawn


def test_a_ratio_is_as_long_as_it_is_large(opened: Open) -> None:
    """The threshold lies where it should beside the bar."""
    page = opened("gpu")
    bar = page.locator(".ratio-bar", has=page.locator(".value.above")).first
    value = bar.locator(".value").bounding_box()
    threshold = bar.locator(".threshold").bounding_box()
    label = str(bar.get_attribute("aria-label"))
    ratio, needed = float(label.split(",")[0]), float(label.split()[-1])
    reached = (threshold["x"] - value["x"]) / value["width"]
    assert reached == pytest.approx(needed / ratio, abs=0.02)


def test_dark_is_dark_and_light_is_light(opened: Open) -> None:
    page = opened("graded")
    lightness = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for what in ("backgroundColor", "color"):
            colour = page.locator("article").first.evaluate(
                f"e => getComputedStyle(e).{what}"
            )
            parts = [float(part) for part in colour.strip("rgb()").split(",")]
            lightness[scheme, what] = sum(parts) / 3
    for what, order in (("backgroundColor", 1), ("color", -1)):
        difference = lightness["light", what] - lightness["dark", what]
        assert order * difference > 150, what


@pytest.mark.parametrize("name", ["graded", "gpu", "hostile"])
def test_nothing_sticks_out_of_a_telephone(opened: Open, name: str) -> None:
    page = opened(name, viewport=NARROW)
    page.locator("summary").evaluate_all(
        "all => all.map(s => s.parentNode.open = true)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.locator("body *:not(.unseen *)").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > 391)"
        ".map(e => e.outerHTML)"
    )
    assert beyond == []


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("graded", "light"), ("graded", "dark"), ("gpu", "dark"), ("hostile", "light")],
)
def test_people_who_cannot_see_can_read_it(
    opened: Open, name: str, scheme: str
) -> None:
    """Axe finds nothing serious, with all opened that can be."""
    from axe_playwright_python.sync_playwright import Axe

    page = opened(name, scheme=scheme)
    page.locator("summary").evaluate_all(
        "all => all.map(s => s.parentNode.open = true)"
    )
    found = Axe().run(page).response
    assert len(found["passes"]) > 15
    told = [
        f"{v['id']} ({v['impact']}): {v['nodes'][0]['html']}"
        for v in found["violations"]
    ]
    assert told == []


def test_printed_it_is_whole_and_light(opened: Open) -> None:
    """What is folded in on the screen is on the paper, in ink on white."""
    page = opened("graded", scheme="dark")
    table = page.locator(".records").first
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()
    assert page.locator(".environment").is_visible()
    colour = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(255, 255, 255)"


def test_a_script_would_not_run(browser: Any, reports: dict[str, Path]) -> None:
    """The page's policy holds, should a script ever get into it."""
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(reports["hostile"].as_uri())
    assert page.locator("script").count() == 0
    page.evaluate(
        "() => { const script = document.createElement('script');"
        " script.textContent = 'window.ran = 1'; document.body.append(script); }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
