"""Notebooks for tests, as small as can be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SCALE = "def scale(image, factor):\n    return image * factor\n"
TOTAL = "def total(numbers):\n    return sum(numbers)\n"
STUB = (
    "def scale(image, factor):\n    # TODO: Write it.\n    raise NotImplementedError\n"
)


def code(source: Any, **rest: Any) -> dict[str, Any]:
    """Return a code cell."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**cell, "source": source, **rest}


def markdown(source: str) -> dict[str, Any]:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(cells: Sequence[Any], **metadata: Any) -> dict[str, Any]:
    """Return a notebook; a text stands for a code cell."""
    whole = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": whole}


def write(path: Path, *cells: Any, **metadata: Any) -> Path:
    """Write a notebook and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(cells, **metadata)), "utf-8")
    return path
