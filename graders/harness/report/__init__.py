"""Writers: pure functions of the report, one module a format."""

from collections.abc import Callable

from graders.harness.models import Report
from graders.harness.report.autolab import render_autolab
from graders.harness.report.classroom50 import render_classroom50
from graders.harness.report.codegrade import render_codegrade
from graders.harness.report.coursera import render_coursera
from graders.harness.report.csv_report import render_csv
from graders.harness.report.files import expect_writable, write_whole
from graders.harness.report.github import render_github
from graders.harness.report.github_classroom import render_github_classroom
from graders.harness.report.gradescope import render_gradescope
from graders.harness.report.html_report import render_html
from graders.harness.report.json_report import render_json
from graders.harness.report.junit import render_junit
from graders.harness.report.markdown import render_markdown
from graders.harness.report.markus import render_markus
from graders.harness.report.notebooks import Feedback, keep_executed
from graders.harness.report.prairielearn import render_prairielearn
from graders.harness.report.targets import Targets, repository_files
from graders.harness.report.terminal import Progress, print_report

#: What ``--report FORMAT:PATH`` can name, and the function that gives the file's text.
WRITERS: dict[str, Callable[[Report], str]] = {
    "json": render_json,
    "html": render_html,
    "junit": render_junit,
    "markdown": render_markdown,
    "github": render_github,
    "gradescope": render_gradescope,
    "prairielearn": render_prairielearn,
    "classroom50": render_classroom50,
    "github-classroom": render_github_classroom,
    "coursera": render_coursera,
    "codegrade": render_codegrade,
    "markus": render_markus,
    "autolab": render_autolab,
    "csv": render_csv,
}

#: Of these the formats that show figures: pictures, errors, timelines.
SHOWING = frozenset({"html", "prairielearn"})

__all__ = [
    "SHOWING",
    "WRITERS",
    "Feedback",
    "Progress",
    "Targets",
    "expect_writable",
    "keep_executed",
    "print_report",
    "render_html",
    "render_json",
    "render_junit",
    "render_markdown",
    "repository_files",
    "write_whole",
]
