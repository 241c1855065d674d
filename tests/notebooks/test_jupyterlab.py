"""A generated notebook in a real JupyterLab, driven in a headless Chromium.

Set ``SCREENSHOTS`` to a folder to keep what the browser showed, for people to look at.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
import pytest

from graders.harness.catalog import Catalog
from graders.harness.notebook_writer import main as write_notebooks

CATALOG = Catalog()
(EXERCISE,) = CATALOG.select(["fft_callbacks/sepia_blur"])
PROGRAMS = CATALOG.root / "tests" / "submissions" / "fft_callbacks" / "sepia_blur"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    *(package for package in ("jupyterlab", "ipykernel", "playwright")
      if find_spec(package) is None),
    *([] if CHROMIUM else ["chromium"]),
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

PATIENCE = 120  # seconds: the machine may be busy, and a kernel starts cold
SETTINGS = {
    # All cells are on the page, also those that one would have to scroll to.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@pytest.fixture(scope="module")
def notebook_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated notebook in a learner's folder."""
    folder = tmp_path_factory.mktemp("learner")
    assert write_notebooks([EXERCISE.name, "-o", str(folder)]) == 0
    return folder / f"{EXERCISE.slug}.ipynb"


@pytest.fixture(scope="module")
def lab(notebook_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The notebook's URL in a JupyterLab that has nothing of the user's."""
    home = tmp_path_factory.mktemp("jupyter")
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf-8")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        f"--ServerApp.root_dir={notebook_file.parent}", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
    ]  # fmt: skip
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, home / "log")
        yield f"http://127.0.0.1:{port}/lab/tree/{notebook_file.name}?token={token}"
    finally:
        server.terminate()  # it shuts its kernels down
        server.wait(PATIENCE)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[Any]:
    """A page of the browser; the distribution's own, nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(1000 * PATIENCE)
        yield page
        browser.close()


class Learner:
    """
    Works in the notebook as a learner does, and looks at what the page shows.

    Args:
        page: The browser's page, with the notebook open.

        path: The notebook's file.
    """

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.path = path
        self.cells = page.locator(".jp-CodeCell")
        self._prompts = page.locator(".jp-CodeCell .jp-InputPrompt")

    def choose(self, *items: str) -> None:
        """Choose a menu, and an item of it."""
        for item in items:
            labels = self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel")
            labels.filter(has_text=re.compile(f"^{item}$")).click()

    def run(self, item: str) -> None:
        """Run cells and wait for the last one to be through."""
        before = self._prompts.last.inner_text()
        self.choose("Run", item)
        self.page.wait_for_function(
            """before => {
                const found = document.querySelectorAll('.jp-CodeCell .jp-InputPrompt');
                const texts = [...found].map(prompt => prompt.textContent.trim());
                return texts.every(text => /\\d/.test(text)) && texts.at(-1) !== before;
            }""",
            arg=before.strip(),
        )

    def fill_in(self, source: str) -> None:
        """Replace the code of the stub's cell, and run it with the cells below it."""
        self.cells.nth(1).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.run("Run Selected Cell and All Below")

    def save(self) -> Any:
        """Save, and return the notebook as it is in the file then."""
        ran = int(self._prompts.last.inner_text().strip("[]: \n"))
        self.choose("File", "Save Notebook")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(nbformat.reader.NotJSONError):  # half written
                notebook = nbformat.read(self.path, 4)
                if cell(notebook, "check").execution_count == ran:
                    nbformat.validate(notebook)
                    return notebook
            time.sleep(0.1)
        return pytest.fail("the notebook was not saved")

    def answer(self) -> Any:
        """Return the place of the check's answer, scrolled to."""
        shown = self.cells.last.locator(".jp-RenderedHTML")
        shown.scroll_into_view_if_needed()
        assert shown.is_visible()
        return shown

    def keep_screenshot(self, name: str) -> None:
        """Keep what is on the screen, and the whole notebook, if anybody wants to look."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            usual = self.page.viewport_size
            self.page.screenshot(path=f"{folder}/{name}.png")
            self.page.set_viewport_size({"width": usual["width"], "height": 8000})
            self.page.evaluate(
                "document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0"
            )
            self.page.wait_for_timeout(500)  # it draws in its own time
            self.page.locator(".jp-Notebook").screenshot(
                path=f"{folder}/{name}-whole.png"
            )
            self.page.set_viewport_size(usual)


def cell(notebook: Any, kind: str) -> Any:
    (found,) = (c for c in notebook.cells if c.id == f"{EXERCISE.slug}-{kind}")
    return found


def outputs(notebook: Any, kind: str) -> dict[str, str]:
    """
    Return what a cell of the exercise put out, by media type or kind of stream.

    No cell of the notebook has failed or warned.
    """
    found: dict[str, str] = {}
    for each in notebook.cells:
        for output in each.get("outputs", ()):
            assert output.output_type != "error", output.get("traceback")
            assert output.get("name") != "stderr", output.text
    for output in cell(notebook, kind).outputs:
        found |= output.get("data") or {output.name: output.text}
    return found


@pytest.fixture
def learner(page: Any, lab: str, notebook_file: Path) -> Learner:
    page.goto(lab)
    page.locator(".jp-NotebookPanel .jp-CodeCell").last.wait_for()
    page.locator(".jp-NotebookPanel-toolbar >> text=Python 3 (ipykernel)").wait_for()
    return Learner(page, notebook_file)


def test_a_learner_works_in_jupyterlab(learner: Learner) -> None:
    """Nothing written yet, then a wrong program, then a right one."""
    learner.run("Run All Cells")
    said = learner.answer().inner_text()
    learner.keep_screenshot("unfilled")
    example = outputs(learner.save(), "example")
    assert example["stdout"].startswith("Not written yet")
    assert "0 of 13 points" in said
    assert "sepia_blur is not written yet" in said
    assert "Next:" in said

    learner.fill_in((PROGRAMS / "wrong_gives_bgr.py").read_text("utf-8"))
    answer = learner.answer()
    said = answer.inner_text()
    learner.keep_screenshot("wrong")
    assert "image/png" in outputs(learner.save(), "example")
    assert "The result's channels are in the order blue, green, red." in said
    captions = answer.locator("figcaption").all_inner_texts()
    assert [caption.split()[0].strip(",") for caption in captions] == [
        "expected",
        "your",
        "difference",
    ]
    for picture in answer.locator("img").all():
        assert picture.evaluate("image => image.naturalWidth") > 20

    learner.choose("Settings", "Theme", "JupyterLab Dark")
    learner.fill_in(EXERCISE.reference.read_text("utf-8"))
    said = learner.answer().inner_text()
    learner.keep_screenshot("right")
    assert "image/png" in outputs(learner.save(), "example")
    shown = learner.page.locator(".jp-RenderedImage img")
    assert shown.first.evaluate("image => image.naturalWidth") > 500
    assert "12 of 13 points" in said
