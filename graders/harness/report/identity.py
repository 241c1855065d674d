"""Whose submission it is, as Classroom 50 tells its autograder: environment variables.

Read by the command line before it grades, and handed to the pure writer in the report.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime

from graders.harness.errors import UsageError

# Fields of the result, and the variables that Classroom 50 sets for them.
_VARIABLES = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "owner": "OWNER",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
_TYPE = "ASSIGNMENT_TYPE"
_TYPES = ("individual", "group")
_INSTANT = "SUBMISSION_DATETIME"
_TAG = "submit/"
# An instant within a tag, in the ways in which one can be written without colons.
_IN_TAG = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[T_-](\d\d)[:-]?(\d\d)[:-]?(\d\d)Z?")
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def classroom50_identity(variables: Mapping[str, str]) -> dict[str, str]:
    """
    Return what a Classroom 50 result says beside its scores.

    The instant of the submission must be the same at each grading: it is the variable
    ``SUBMISSION_DATETIME``, else the one within the tag, else the graded commit's.

    Args:
        variables: The process's environment variables.

    Raises:
        UsageError: A variable is missing or is not what it should be.
    """
    missing = [name for name in _VARIABLES.values() if not variables.get(name)]
    if missing:
        msg = (
            f"--report classroom50: {', '.join(missing)} not set. Classroom 50 sets these "
            "environment variables for autograder.py; elsewhere set them yourself."
        )
        raise UsageError(msg)
    found = {field: variables[name] for field, name in _VARIABLES.items()}
    if not found["submission"].startswith(_TAG):
        msg = (
            f"--report classroom50: SUBMISSION_TAG must begin with {_TAG} "
            f"(got {found['submission']!r})."
        )
        raise UsageError(msg)
    kind = variables.get(_TYPE) or _TYPES[0]
    if kind not in _TYPES:
        msg = f"--report classroom50: {_TYPE} must be one of {_TYPES} (got {kind!r})."
        raise UsageError(msg)
    instant = _submitted(variables.get(_INSTANT, ""), found["submission"])
    return {**found, "assignment_type": kind, "datetime": instant}


def _submitted(given: str, tag: str) -> str:
    try:
        if given:
            return _in_utc(datetime.fromisoformat(given))
        if in_tag := _IN_TAG.search(tag):
            parts = [int(part) for part in in_tag.groups()]
            year, month, day, hour, minute, second = parts
            return datetime(
                year, month, day, hour, minute, second, tzinfo=UTC
            ).strftime(_FORM)
        return _in_utc(datetime.fromisoformat(_committed()))
    except ValueError as err:
        msg = (
            "--report classroom50: when it was handed in is not known. Set "
            f"{_INSTANT}, such as 2026-11-22T14:00:00Z ({err})."
        )
        raise UsageError(msg) from err


def _in_utc(instant: datetime) -> str:
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).strftime(_FORM)


def _committed() -> str:
    """Return when the commit in this folder was made; empty where there is none."""
    command = ["git", "log", "-1", "--format=%cI"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
