"""The JSON report: everything, in one versioned schema (``report.schema.json``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graders.harness.models import Report
from graders.harness.report.visible import plain

SCHEMA = Path(__file__).with_name("report.schema.json")


def render_json(report: Report) -> str:
    """Return the report as JSON text, without figures: they are for reports that show."""
    data = without_figures(report.to_dict())
    return json.dumps(plain(data), indent=2, allow_nan=False) + "\n"


def without_figures(data: dict[str, Any]) -> dict[str, Any]:
    """Return :meth:`Report.to_dict`'s data, whose checks lose their figures."""
    for exercise in data["exercises"]:
        for check in exercise["checks"]:
            check["details"].pop("figures", None)
    return data
