"""The JSON report: everything, in one versioned schema (``report.schema.json``)."""

from __future__ import annotations

import json
from pathlib import Path

from graders.harness.models import Report

SCHEMA = Path(__file__).with_name("report.schema.json")


def render_json(report: Report) -> str:
    """Return the report as JSON text."""
    return json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"
