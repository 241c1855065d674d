"""The JSON report: everything, in one versioned schema (``report.schema.json``)."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from graders.harness.errors import UsageError
from graders.harness.models import Report

SCHEMA = Path(__file__).with_name("report.schema.json")


def render_json(report: Report) -> str:
    """Return the report as JSON text."""
    return json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"


def write_json(report: Report, path: Path) -> None:
    """
    Write the report, whole or not at all.

    Raises:
        UsageError: The path cannot be written.
    """
    write_whole(path, render_json(report))


def write_whole(path: Path, text: str) -> None:
    """Write a file through a temporary one beside it, so that no reader sees half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as err:
        msg = f"--report: {path} cannot be written: {err.strerror}."
        raise UsageError(msg) from err
