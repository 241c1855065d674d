"""Reports in other formats: each by its schema or a reader of its own."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
import pytest
import xmlschema
from markdown_it import MarkdownIt
from rich.console import Console

from graders.harness.catalog import ROOT
from graders.harness.models import CheckResult, ExerciseResult, Reason, Report, Status
from graders.harness.report import WRITERS, print_report
from graders.harness.report.junit import render_junit
from graders.harness.report.markdown import render_markdown
from tests.harness.test_report_platforms import VARIABLES

XSD = Path(__file__).with_name("schemas") / "junit-10.xsd"
NASTY = (
    "'<script>alert(1)</script>' @everyone #1 [x](http://evil.example) www.evil.example "
    "`a` | b **c** ]]> & \\ \x1b[31m\x00\ud800 ~~d~~ $e$ *f* _g_ <!-- h"
)


TOLD = {"message": NASTY, "hint": NASTY}


def check(
    name: str, status: str, points: float, most: float, **more: str
) -> CheckResult:
    reason = more.pop("reason", "")
    return CheckResult(
        name=name,
        title=f"The {name} are right.",
        status=Status(status),
        points=points,
        max_points=most,
        reason=Reason(reason) if reason else None,
        seconds=1.23456,
        **more,
    )


def report(*exercises: ExerciseResult, seconds: float = 1234.5678) -> Report:
    return Report(
        device="simulator", exercises=exercises, environment={}, seconds=seconds
    )


MIXED = report(
    ExerciseResult(
        name="demo/double",
        title="Twice <as> much",
        seconds=2.0,
        output=f"said {NASTY}",
        checks=(
            check("values", "failed", 0, 5, reason="wrong_value", **TOLD),
            check("shapes", "failed", 0, 1, reason="wrong_value", **TOLD),
            check("later", "skipped", 0, 1.5, reason="prerequisite", message="It builds."),
            check("faster", "skipped", 0, 1, reason="needs_gpu", message="A GPU only."),
            check("ours", "error", 0, 2, reason="harness", message="We broke."),
            check("fine", "passed", 2.5, 2.5),
        ),
    ),
    ExerciseResult(
        name="demo/half", title="Half", checks=(check("values", "passed", 3, 3),)
    ),
)  # fmt: skip
REPORTS = {
    "mixed": MIXED,
    "empty": report(),
    "no_checks": report(ExerciseResult(name="demo/none", title="None", checks=())),
}
ON_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(ROOT)}


@pytest.mark.parametrize("name", REPORTS)
def test_junit_fits_its_schema(name: str) -> None:
    xmlschema.XMLSchema(XSD).validate(render_junit(REPORTS[name]))


def test_junit_is_read_by_another_reader(tmp_path: Path) -> None:
    """What failed, what is ours, what was left out; and the points of each check."""
    path = tmp_path / "junit.xml"
    path.write_text(render_junit(MIXED), "utf-8")
    first, second = junitparser.JUnitXml.fromfile(str(path))
    assert (first.name, second.name) == ("demo/double", "demo/half")
    assert (first.tests, first.failures, first.errors, first.skipped) == (6, 2, 1, 2)
    cases = {case.name: case for case in first}
    assert cases["values"].classname == "demo.double"
    (failure,) = cases["values"].result
    assert isinstance(failure, junitparser.Failure)
    assert failure.type == "wrong_value"
    assert "<script>alert(1)</script>" in failure.message
    assert "Next: " in failure.text
    (ours,) = cases["ours"].result
    assert isinstance(ours, junitparser.Error)
    assert not cases["fine"].result
    properties = {p.name: p.value for p in first.properties()}
    assert properties["points"] == "2.5"
    assert properties["max_points"] == "13"
    assert properties["points.fine"] == properties["max_points.fine"] == "2.5"
    assert properties["max_points.values"] == "5"


def test_junit_holds_what_xml_cannot() -> None:
    """Control characters and halves of characters are replaced, not fatal."""
    text = render_junit(MIXED)
    assert "\x00" not in text
    said = ET.fromstring(text).findtext(".//system-out") or ""
    assert said.count("\N{REPLACEMENT CHARACTER}") == 3
    text.encode("utf-8")


def shown(markdown: str) -> str:
    """Return the text of rendered Markdown, as a browser shows it."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render(markdown)
    text = re.sub(r"<br */?>", "\n", html)
    assert not re.search(
        r"<(?!/?(?:h[1-6]|p|ul|li|strong|code|table|t[rhdbodyea]+)\b)", text
    )
    plain = re.sub(r"<[^>]*>", "", text)
    for name, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("amp", "&")):
        plain = plain.replace(f"&{name};", sign)
    return plain


def test_markdown_says_what_failed() -> None:
    text = shown(render_markdown(MIXED))
    assert text.startswith("Failed: 5.5 of 16 points")
    assert "1 points could not" not in text
    assert "demo/double Twice <as> much" in text
    assert "The values are right. The shapes are right." in text
    assert "(wrong_value, 6 points)" in text
    assert "We broke." in text
    assert "1 checks build on these and wait (1.5 points)." in text
    assert "Graded on the simulator in 1234.6 s." in text


def test_learners_text_is_no_markup() -> None:
    """It is shown letter by letter: no tag, no link, nobody mentioned, no emphasis."""
    markdown = render_markdown(MIXED)
    assert not re.search(r"@everyone|#1\b|<script|\]\(http|http://|www\.evil", markdown)
    text = shown(markdown)
    for part in (
        "<script>alert(1)</script>",
        "@everyone #1 [x](http://evil.example)",
        "www.evil.example",
        "`a` | b **c** ]]> & \\",
        "~~d~~ $e$ *f* _g_ <!-- h",
    ):
        assert part in text


def test_a_passed_report_is_short() -> None:
    done = report(MIXED.exercises[1], seconds=1.0)
    assert render_markdown(done).startswith("## Passed: 3 of 3 points\n")
    assert "###" not in render_markdown(done)


def test_each_format_is_described() -> None:
    """With how to ask for it, and in the table of what becomes of points not run."""
    text = (ROOT / "docs" / "platforms.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for form in WRITERS:
        assert any(f"`{form}`" in row for row in rows), form
        assert f"--report {form}:" in text or form == "html"


def test_the_command_writes_each_format(tmp_path: Path) -> None:
    """Each into its file; Autolab's scores also on the last line of standard output."""
    targets = {form: tmp_path / f"report.{form}" for form in WRITERS}
    options = [f"--report={form}:{path}" for form, path in targets.items()]
    options += ["--report=autolab:/dev/stdout", "--report=github:/dev/stdout"]
    command = [sys.executable, str(ROOT / "grade.py"), "execution_spaces", *options]
    said = tmp_path / "said"
    with said.open("w") as output:  # as a shell's > does: nothing may begin it anew
        subprocess.run(
            [*command, "--device", "simulator"],
            stdout=output,
            env={**os.environ, **VARIABLES, **ON_GITHUB},
            check=False,
            timeout=120,
        )
    assert all(path.stat().st_size for path in targets.values())
    lines = said.read_text("utf-8").splitlines()
    assert lines[1].startswith("Grading ")
    token = lines[0].removeprefix("::stop-commands::")
    end = lines.index(f"::{token}::")
    assert not any(line.startswith("::") for line in lines[1:end])
    assert all(line.startswith(("::", "{")) for line in lines[end:])
    assert json.loads(lines[-1]) == {"scores": {"execution_spaces": 0}}
    errors = [line for line in lines if line.startswith("::error ")]
    stub = "assignments/memory_spaces/execution_spaces.py"
    assert errors
    assert all(error.startswith(f"::error file={stub},line=") for error in errors)
    assert any(line.startswith("Failed: 0 of 10 points") for line in lines)
    xmlschema.XMLSchema(XSD).validate(str(targets["junit"]))


def test_the_terminal_says_why_credit_was_given() -> None:
    """Of what passed it says nothing else."""
    told = check("times", "passed", 1, 1, message="The GPU was hot. Credit is given.")
    quiet = check("values", "passed", 1, 1)
    exercise = ExerciseResult(
        name="demo/double", title="T", checks=(told, quiet), seconds=1
    )
    console = Console(width=100, file=io.StringIO())
    print_report(report(exercise), console)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "times [inconclusive]" in said
    assert "The GPU was hot. Credit is given." in said
    assert "values [" not in said
