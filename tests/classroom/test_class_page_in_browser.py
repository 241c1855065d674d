"""The class page in a headless Chromium: drawn, readable, sorted, and without complaints.

Set ``SCREENSHOTS`` to a folder to keep what the browser showed, for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.harness.classroom.class_page import render_class_page
from graders.harness.classroom.rows import read_rows
from tests.classroom.played_class import large_class
from tests.classroom.test_class_page import hostile
from tests.in_browser import MARKS, Open, chromium, watched

NARROW = {"width": 400, "height": 844}

pytestmark = MARKS


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Class pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {"hostile": render_class_page(*hostile(), title="Sheet 3")}
    for count in (3, 60, 600):
        classroom, results = large_class(count)
        rows = read_rows(classroom, results)
        texts[str(count)] = render_class_page(classroom, rows, title="Sheet 3")
    classroom, results = large_class(3)
    entries = tuple(replace(entry, submitted="") for entry in classroom.entries)
    classroom = replace(classroom, entries=entries)
    texts["timeless"] = render_class_page(classroom, read_rows(classroom, results))
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Open]:
    """A function that opens a page; at the end nothing was asked for or complained of."""
    with watched(browser, pages, prefix="class") as opens:
        yield opens


def test_bars_are_as_long_as_they_count(opened: Open) -> None:
    """The histogram's highest has all the room, the others their share of it."""
    page = opened("600")
    bars = page.locator(".histogram rect")
    counts = [int(t) for t in page.locator(".histogram text").all_text_contents()]
    heights = [bar.bounding_box()["height"] for bar in bars.all()]
    assert len(counts) == len(heights) == 10
    for count, height in zip(counts, heights, strict=True):
        assert height / max(heights) == pytest.approx(count / max(counts), abs=0.02)
    share = page.locator(".checks-of .share:not(.one)").first
    widths = [rect.bounding_box()["width"] for rect in share.locator("rect").all()]
    assert sum(widths) == pytest.approx(share.bounding_box()["width"], rel=0.02)


@pytest.mark.parametrize("name", ["3", "60", "hostile"])
def test_nothing_sticks_out_of_a_telephone(opened: Open, name: str) -> None:
    page = opened(name, viewport=NARROW)
    page.locator("summary").evaluate_all(
        "all => all.map(s => s.parentNode.open = true)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    beyond = page.locator("main *:not(.unseen *)").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > 401)"
        ".map(e => e.outerHTML)"
    )
    assert beyond == []


@pytest.mark.parametrize(("name", "scheme"), [("60", "light"), ("hostile", "dark")])
def test_people_who_cannot_see_can_read_it(
    opened: Open, name: str, scheme: str
) -> None:
    """Axe finds nothing, with all opened that can be."""
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


@pytest.mark.parametrize("width", [400, 1280])
def test_headings_are_on_one_line(opened: Open, width: int) -> None:
    """Also that of a column with nothing in it: folders have no time of handing in."""
    page = opened("timeless", viewport={"width": width, "height": 844})
    cells = [cell for cell in page.locator(".all thead th").all() if cell.is_visible()]
    assert len(cells) == (5 if width > 640 else 3)
    assert max(cell.bounding_box()["height"] for cell in cells) < 40


def test_a_click_on_a_heading_sorts(opened: Open) -> None:
    """By number; again the other way round, and what has none last in both."""
    page = opened("600")
    heading = page.locator(".all th button", has_text="Points")
    for ways in ("ascending", "descending"):
        heading.focus()
        page.keyboard.press("Enter")
        cell = page.locator(".all thead th").nth(2)
        assert cell.get_attribute("aria-sort") == ways
        values = page.locator(".all tbody td:nth-child(3)").evaluate_all(
            "all => all.map(e => e.dataset.value)"
        )
        numbers = [float(value) for value in values if value]
        assert len(numbers) > 500
        assert numbers == sorted(numbers, reverse=ways == "descending")
        assert set(values[len(numbers) :]) == {""}


def test_another_script_would_not_run(browser: Any, pages: dict[str, Path]) -> None:
    """The page's policy holds, should one ever get into it."""
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(pages["hostile"].as_uri())
    page.evaluate(
        "() => { const script = document.createElement('script');"
        " script.textContent = 'window.ran = 1'; document.body.append(script); }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    page.close()
