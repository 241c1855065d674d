"""GitHub's formats: the payload of its classroom, and annotations of a workflow."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from typing import Any

import pytest

from graders.harness.models import Report
from graders.harness.report import WRITERS
from graders.harness.report.github import without_commands
from tests.harness.played_reports import (
    ALL_PASSED,
    BROKEN,
    MIXED,
    UNGRADED,
    check,
    exercise,
    read,
    report,
)

# -------------------------------------------------------------------- github classroom


def reporters_sums(payload: str) -> tuple[float, float]:
    """Return what autograding-grading-reporter sends: its notify-classroom.js."""
    results = read(base64.b64decode(payload, validate=False).decode("utf-8"))
    total = most = 0.0
    if results["max_score"]:
        most += results["max_score"]
        for test in results["tests"]:
            total += test["score"]
    return total, most


def github_classroom(played: Report) -> Any:
    text = WRITERS["github-classroom"](played)
    assert re.fullmatch(r"[A-Za-z0-9+/]+={0,2}\n", text)
    return read(base64.b64decode(text).decode("utf-8"))


def test_github_classroom_adds_up_as_its_reporter_does() -> None:
    text = WRITERS["github-classroom"](MIXED)
    assert reporters_sums(text) == (5.5, 13.5)
    data = github_classroom(MIXED)
    assert (data["version"], data["status"]) == (3, "fail")
    assert "1 point could not be checked" in data["message"]
    first = data["tests"][0]
    assert (first["filename"], first["line_no"], first["task_id"]) == (
        "double.py",
        3,
        1,
    )
    assert all(len(test.get("output", "")) <= 500 for test in data["tests"])
    assert github_classroom(ALL_PASSED)["status"] == "pass"
    assert reporters_sums(WRITERS["github-classroom"](ALL_PASSED)) == (3, 3)


@pytest.mark.parametrize("case", [*UNGRADED, "broken"])
def test_github_classroom_sends_no_points_of_an_ungraded_report(case: str) -> None:
    played = {**UNGRADED, "broken": BROKEN}[case]
    assert reporters_sums(WRITERS["github-classroom"](played)) == (0, 0)
    data = github_classroom(played)
    assert data["status"] == "error"
    assert len(data["tests"]) > 0


# ---------------------------------------------------------------------- github actions


def commands(played: Report) -> list[tuple[str, dict[str, str], str]]:
    """Return workflow commands as the runner reads them (its ActionCommand.TryParseV2)."""
    found = []
    for line in WRITERS["github"](played).splitlines():
        match = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line)
        assert match is not None, line
        properties = {}
        for pair in filter(None, (match[2] or "").split(",")):
            key, _, value = pair.partition("=")
            properties[key] = unescaped(value, {"%3A": ":", "%2C": ","})
        found.append((match[1], properties, unescaped(match[3], {})))
    return found


def unescaped(text: str, more: dict[str, str]) -> str:
    for code, sign in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, sign)
    return text


def test_github_points_at_the_learners_lines() -> None:
    values, shapes, cells, total = commands(MIXED)
    assert values[:2] == (
        "error",
        {"file": "work/double.py", "line": "3", "title": "demo/double: values"},
    )
    assert values[2].startswith("It is 3, not 4. <script>")
    assert "::error file=x::no %0A 100% ##[error]no a,b:c @everyone" in values[2]
    assert "Next: Add." in values[2]
    assert shapes[1] == {"file": "work/double.py", "title": "demo/double: shapes"}
    assert cells[1] == {"file": "work/half.ipynb", "title": "demo/half: cells"}
    assert "Where: line 2 of code cell 3 of half.ipynb" in cells[2]
    assert total[0] == "notice"
    assert total[2].startswith(
        "Failed: 5.5 of 14.5 points. 1 point could not be checked"
    )


def test_github_names_no_file_that_it_does_not_know() -> None:
    played = replace(MIXED, environment={})
    assert not any("file" in properties for _, properties, _ in commands(played))


def test_github_warns_of_our_faults_and_shows_ten() -> None:
    kinds = [kind for kind, _, _ in commands(BROKEN)]
    assert kinds == ["warning", "notice"]
    several = [
        check(f"values_{i}", "failed", 0, 1, reason="wrong_value", message=f"No {i}.")
        for i in range(14)
    ]
    *errors, (_, _, said) = commands(report(exercise("demo/double", *several)))
    assert len(errors) == 10
    assert "GitHub shows 10 errors of a step: 4 more stand in the log" in said
    same = [replace(one, message="The same.") for one in several[:2]]
    played = report(exercise("demo/double", *same))
    (_, properties, _), _ = commands(played)
    assert properties["title"] == "demo/double: values 0, values 1"
    title = "title=demo/double%3A values 0%2C values 1::"
    assert title in WRITERS["github"](played).splitlines()[0]


def test_a_learners_text_is_no_command_in_the_log() -> None:
    """What is printed on GitHub Actions stands between two lines that nobody can guess."""
    log = io.StringIO()
    with without_commands({}, log):
        log.write("elsewhere\n")
    for _ in range(2):
        with without_commands({"GITHUB_ACTIONS": "true"}, log):
            log.write("::error::no\n")
    here, *rest = log.getvalue().splitlines()
    assert here == "elsewhere"
    stop, said, go, stop_again, *_ = rest
    token = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", stop)
    assert token is not None
    assert (said, go) == ("::error::no", f"::{token[1]}::")
    assert stop_again != stop
