"""GitHub Actions workflow commands: failures as annotations at the learner's lines.

A workflow command is a line of standard output, so this report belongs there:
``--report github:/dev/stdout``. Escaping is that of the toolkit (``escapeData`` and
``escapeProperty`` in https://github.com/actions/toolkit, ``packages/core/src/command.ts``).
GitHub shows ten errors, ten warnings and ten notices a step:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TextIO

from graders.harness.models import CheckResult, ExerciseResult, Report, Status
from graders.harness.report import wording
from graders.harness.report.visible import on_one_line

#: Annotations of one kind that GitHub shows of a step.
MOST_ANNOTATIONS = 10
_MOST_CHARACTERS = 4_000
_LEVELS = {Status.FAILED: "error", Status.ERROR: "warning"}


def render_github(report: Report) -> str:
    """
    Return the report as workflow commands, one a line.

    Each failed check is an error, each that the harness could not judge a warning; checks
    that say the same are one. The total, with what could not be checked, is a notice.
    """
    commands: dict[str, list[str]] = {"error": [], "warning": []}
    for exercise in report.exercises:
        for level, command in _annotations(exercise, _file(report, exercise)):
            commands[level].append(command)
    lines = [c for found in commands.values() for c in found[:MOST_ANNOTATIONS]]
    total = wording.headline(report)
    for level, found in commands.items():
        if (more := len(found) - MOST_ANNOTATIONS) > 0:
            total += (
                f" GitHub shows {MOST_ANNOTATIONS} {level}s of a step: {more} more "
                "stand in the log and in the other reports."
            )
    return "\n".join([*lines, _command("notice", total, title="Grade")]) + "\n"


@contextmanager
def without_commands(variables: Mapping[str, str], output: TextIO) -> Iterator[None]:
    """
    Keep GitHub Actions from obeying what is printed meanwhile.

    A learner's text may begin a line, and a line that begins with ``::`` is a command. They
    are off until a line that nobody can guess.

    Args:
        variables: The process's environment variables: elsewhere than on GitHub Actions
            nothing is printed.

        output: Where to.
    """
    if variables.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)
    output.write(f"::stop-commands::{token}\n")
    output.flush()
    try:
        yield
    finally:
        output.write(f"::{token}::\n")
        output.flush()


def _annotations(exercise: ExerciseResult, file: str) -> Iterator[tuple[str, str]]:
    groups: dict[tuple[str, str, str], list[CheckResult]] = {}
    for check in exercise.checks:
        if check.status in _LEVELS:
            key = (_LEVELS[check.status], check.message, check.hint)
            groups.setdefault(key, []).append(check)
    for (level, _, _), checks in groups.items():
        first = checks[0]
        names = ", ".join(check.name.replace("_", " ") for check in checks)
        properties = {"title": f"{exercise.name}: {names}", **_where(first, file)}
        text = wording.told(first, _MOST_CHARACTERS, source=False)
        yield level, _command(level, text, **properties)


def _where(check: CheckResult, file: str) -> dict[str, str]:
    """Return file and line of what a check points at, as far as GitHub can show it."""
    found = wording.location(check)
    if not file:
        return {}
    if not found or "cell" in found:  # a line of a cell is none of the notebook's file
        return {"file": file}
    beside = PurePosixPath(file).with_name(PurePosixPath(found["file"]).name)
    return {"file": str(beside), "line": str(found["line"])}


def _file(report: Report, exercise: ExerciseResult) -> str:
    """Return the exercise's file relative to the repository, where that is known."""
    files = report.environment.get("files")
    return str(files.get(exercise.name, "")) if isinstance(files, dict) else ""


def _command(name: str, message: str, **properties: str) -> str:
    order = ("file", "line", "title")
    shown = ",".join(
        f"{key}={_property(properties[key])}" for key in order if key in properties
    )
    return f"::{name} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    escaped = _data(on_one_line(text, 200))
    return escaped.replace(":", "%3A").replace(",", "%2C")
