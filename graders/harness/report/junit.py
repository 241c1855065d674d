"""JUnit XML: one suite an exercise, one case a check, points as properties of the suite.

JUnit knows no points, and its schema (Jenkins' ``junit-10.xsd``) no properties of a case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report.visible import visible

# https://www.w3.org/TR/xml/#charsets: all that XML 1.0 cannot hold, even escaped.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_MOST_CHARACTERS = 20_000
_ELEMENTS = {
    Status.FAILED: "failure",
    Status.ERROR: "error",
    Status.SKIPPED: "skipped",
}


def render_junit(report: Report) -> str:
    """Return the report as JUnit XML, for CI systems that show tests."""
    checks = [check for exercise in report.exercises for check in exercise.checks]
    attributes = {
        "name": f"gpu-exercise-grader on {report.device}",
        **_counts(checks),
        "time": _seconds(report.seconds),
    }
    root = ET.Element("testsuites", attributes)
    for exercise in report.exercises:
        root.append(_suite(exercise))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(exercise: ExerciseResult) -> ET.Element:
    checks = exercise.checks
    skipped = sum(check.status is Status.SKIPPED for check in checks)
    attributes = {
        "name": exercise.name,
        **_counts(checks),
        "skipped": str(skipped),
        "time": _seconds(exercise.seconds),
    }
    suite = ET.Element("testsuite", attributes)
    properties = ET.SubElement(suite, "properties")
    figures = {
        "title": exercise.title,
        "points": f"{exercise.score:g}",
        "max_points": f"{exercise.max_score:g}",
        "not_run_points": f"{exercise.not_run_points:g}",
    }
    figures |= {f"points.{c.name}": f"{c.points:g}" for c in checks}
    figures |= {f"max_points.{c.name}": f"{c.max_points:g}" for c in checks}
    for name, value in figures.items():
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    for check in checks:
        suite.append(_case(exercise.name, check))
    if exercise.output:
        ET.SubElement(suite, "system-out").text = _clean(exercise.output)
    return suite


def _case(exercise: str, check: CheckResult) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=exercise.replace("/", "."),
        name=check.name,
        time=_seconds(check.seconds),
    )
    if name := _ELEMENTS.get(check.status):
        reason = check.reason.value if check.reason else check.status.value
        what = ET.SubElement(case, name, type=reason, message=_clean(check.message))
        parts = [check.title, check.message]
        parts += [f"Next: {check.hint}"] if check.hint else []
        what.text = _clean("\n".join(parts))
    return case


def _counts(checks: Sequence[CheckResult]) -> dict[str, str]:
    failures = sum(check.status is Status.FAILED for check in checks)
    errors = sum(check.status is Status.ERROR for check in checks)
    return {
        "tests": str(len(checks)),
        "failures": str(failures),
        "errors": str(errors),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    held = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return visible(held, _MOST_CHARACTERS)
