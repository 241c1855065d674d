"""Writers: pure functions of the report, one module a format."""

from collections.abc import Callable

from graders.harness.models import Report
from graders.harness.report.files import expect_writable, write_whole
from graders.harness.report.json_report import render_json
from graders.harness.report.junit import render_junit
from graders.harness.report.markdown import render_markdown
from graders.harness.report.notebooks import Feedback, keep_executed
from graders.harness.report.terminal import Progress, print_report

#: What ``--report FORMAT:PATH`` can name, and the function that gives the file's text.
WRITERS: dict[str, Callable[[Report], str]] = {
    "json": render_json,
    "junit": render_junit,
    "markdown": render_markdown,
}

__all__ = [
    "WRITERS",
    "Feedback",
    "Progress",
    "expect_writable",
    "keep_executed",
    "print_report",
    "render_json",
    "render_junit",
    "render_markdown",
    "write_whole",
]
