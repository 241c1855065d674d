"""What the tests of notebooks share: write one, run it, look at its cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graders.harness import jupyter_packages
from graders.harness.checks import CellRun, Learner, NotebookRun
from graders.harness.supervisor import ForkServer

#: A code cell's text, or a whole cell.
Cell = str | dict[str, Any]


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell with tags."""
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def write(path: Path, cells: Sequence[Cell]) -> Path:
    """Write a notebook; texts become code cells."""
    whole = [dict(code(c) if isinstance(c, str) else c) for c in cells]
    for number, cell in enumerate(whole):
        cell["id"] = f"c{number}"
    data = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": whole}
    path.write_text(json.dumps(data))
    return path


@contextmanager
def learner(
    server: ForkServer, folder: Path, *cells: Cell, timeout: float = 20.0
) -> Iterator[Learner]:
    """A notebook as a program under test."""
    path = write(folder / "work.ipynb", cells)
    opened = Learner(path, "work", server, timeout=timeout)
    try:
        yield opened
    finally:
        opened.close()


def run(
    server: ForkServer, folder: Path, *cells: Cell, timeout: float = 20.0
) -> NotebookRun:
    """Run a notebook; what was executed is a valid notebook, whatever it did."""
    with learner(server, folder, *cells, timeout=timeout) as opened:
        found = opened.notebook()
    outputs_of(found)
    return found


def outputs_of(found: NotebookRun) -> Any:
    """The executed notebook, which is valid."""
    jupyter_packages.load("nbclient")
    import nbformat

    node = nbformat.reads(found.executed.decode(), as_version=4)
    nbformat.validate(node)
    return node


def raised(cell: CellRun) -> tuple[str, int]:
    """The type of what a cell raised and the line of the learner's innermost frame."""
    assert cell.exception is not None, cell
    frames = cell.exception["frames"]
    assert frames, cell.exception
    assert frames[-1]["file"] == f"code cell {cell.number}", frames
    return cell.exception["type"], frames[-1]["line"]
