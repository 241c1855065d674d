"""Pages in a headless Chromium, watched: what they ask for and what they complain of.

Set ``SCREENSHOTS`` to a folder to keep what the browser showed, for people to look at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    *(package for package in ("playwright", "axe_playwright_python")
      if find_spec(package) is None),
    *([] if CHROMIUM else ["chromium"]),
]  # fmt: skip
WIDE = {"width": 1280, "height": 900}
#: What a module of such tests is marked with.
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]
Open = Callable[..., Any]


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser of Playwright's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield launched
        launched.close()


@contextmanager
def watched(
    browser: Any,
    pages: Mapping[str, Path],
    *,
    prefix: str,
    may_ask: tuple[str, ...] = ("file:",),
) -> Iterator[Open]:
    """
    Give a function that opens a page by its name.

    At the end nothing was asked for but what begins with ``may_ask``, and nothing was
    complained of.
    """
    asked: list[str] = []
    complaints: list[str] = []
    contexts = []

    def opens(name: str, *, scheme: str = "light", viewport: Any = None) -> Any:
        context = browser.new_context(color_scheme=scheme, viewport=viewport or WIDE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(pages[name].as_uri())
        keep_screenshot(page, f"{prefix}-{name}-{scheme}-{page.viewport_size['width']}")
        return page

    yield opens
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(may_ask)] == []
    assert complaints == []


def keep_screenshot(page: Any, name: str) -> None:
    """Keep what a page shows, if a folder is named for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
