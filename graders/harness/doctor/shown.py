"""What was found, as a table for people and as JSON for support.

Written without rich, which may be what is missing. Imports nothing of the engine.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from graders.harness.doctor.findings import Finding
from graders.harness.doctor.points import Gradable

FORMAT_VERSION = 1
_COLOURS = {"ok": "32", "note": "33", "problem": "31"}
_MARK = 9  # columns of "problem" with two blanks
_PLAIN_WIDTH = 100
_WIDEST = 120


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """
    All that was found.

    Attributes:
        summary: What can be graded, in sentences.

        exit_code: How the command ends.
    """

    findings: Sequence[Finding]
    devices: Sequence[Gradable]
    summary: Sequence[str]
    exit_code: int
    seconds: float


def as_json(diagnosis: Diagnosis) -> str:
    """Return everything as JSON text."""
    data = {
        "format_version": FORMAT_VERSION,
        "exit_code": diagnosis.exit_code,
        "seconds": round(diagnosis.seconds, 3),
        "summary": list(diagnosis.summary),
        "devices": [asdict(device) for device in diagnosis.devices],
        "findings": [_plain(finding) for finding in diagnosis.findings],
    }
    return json.dumps(data, indent=2, default=str) + "\n"


def _plain(finding: Finding) -> Mapping[str, Any]:
    return {
        "probe": finding.probe,
        "state": finding.state,
        "text": finding.text,
        "run": list(finding.run),
        "advice": finding.advice,
        "stops": list(finding.stops),
        "lacks": list(finding.lacks),
        "facts": finding.facts,
    }


def as_text(diagnosis: Diagnosis, *, width: int, colour: bool) -> str:
    """
    Return everything as lines for people.

    Args:
        diagnosis: What was found.

        width: Columns that there are. Commands are never broken.

        colour: Whether states are coloured.
    """
    lines: list[str] = []
    for finding in diagnosis.findings:
        lines += _lines(finding, width, colour=colour)
    lines.append("")
    for sentence in diagnosis.summary:
        lines += textwrap.wrap(sentence, width, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def _lines(finding: Finding, width: int, *, colour: bool) -> list[str]:
    text = _wrapped(finding.text, width)
    mark = finding.state.ljust(_MARK)
    if colour:
        mark = f"\x1b[{_COLOURS[finding.state]}m{mark}\x1b[0m"
    lines = [mark + text[0], *(" " * _MARK + line for line in text[1:])]
    lines += [" " * _MARK + f"$ {command}" for command in finding.run]
    if finding.advice:
        lines += [" " * _MARK + line for line in _wrapped(finding.advice, width)]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    room = max(width - _MARK, 30)
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]


def output_width() -> int:
    """Return the columns to print in: the terminal's, or a hundred elsewhere."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return min(shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns, _WIDEST)
    return _PLAIN_WIDTH


def in_colour() -> bool:
    """Return whether to colour: on a terminal, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
