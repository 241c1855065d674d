"""What ``grade.py`` remembers of a learner's work between commands: one readable file.

It is the learner's own file, and no result depends on it: whatever it holds, it is read
with care, and nothing fails because of it.
"""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graders.harness.errors import HarnessError
from graders.harness.models import Verdict
from graders.harness.report.files import write_whole

#: The file's name, in the folder in which one works.
NAME = ".grade.json"
_ABOUT = (
    "What grade.py remembers of the work in this folder: how many hints of each exercise "
    "it has shown, and what the last grading with --watch came to. Delete this file, or a "
    "line of it, and that is forgotten."
)
_MOST_BYTES = 2**20
_MOST_HINTS = 1000


@dataclass(frozen=True, kw_only=True)
class LastGrading:
    """
    What an exercise's last grading came to.

    Attributes:
        digest: Of the file that was graded: another file has not been graded yet.
    """

    verdict: Verdict
    score: float
    max_score: float
    digest: str


class Notes:
    """
    What is remembered in one folder.

    The file is read again at each use: another command may have written it meanwhile.

    Args:
        folder: Where the file is, or will be.

    Attributes:
        problem: Why something could not be read or written the last time, for the
            learner; empty where all went well.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.problem = ""

    def hints_shown(self, exercise: str) -> int:
        """Return how many hints of an exercise have been shown."""
        count = _table(self._read(), "hints_shown").get(exercise)
        if not isinstance(count, int) or isinstance(count, bool):
            return 0
        return min(max(count, 0), _MOST_HINTS)

    def set_hints_shown(self, exercise: str, count: int) -> None:
        """Remember how many hints of an exercise have been shown."""
        self._write("hints_shown", exercise, count)

    def last_grading(self, exercise: str) -> LastGrading | None:
        """Return what an exercise's last grading came to, or None."""
        return _last_grading(_table(self._read(), "last_gradings").get(exercise))

    def set_last_grading(self, exercise: str, grading: LastGrading) -> None:
        """Remember what an exercise's last grading came to."""
        self._write("last_gradings", exercise, asdict(grading))

    def _read(self) -> dict[str, Any]:
        self.problem = ""
        if not self.path.exists():
            return {}
        problem = self._in_the_way()
        if not problem:
            try:
                data = json.loads(self.path.read_text("utf-8"))
            except OSError as err:
                problem = f"cannot be read: {err.strerror}"
            except (ValueError, RecursionError):
                problem = "is not JSON any more: correct it, or delete it"
            else:
                if isinstance(data, dict):
                    return data
                problem = "does not hold what it should: delete it"
        self.problem = f"{NAME} {problem}. Until then, nothing is remembered."
        return {}

    def _in_the_way(self) -> str:
        """Return what keeps us from reading what is there, without opening it."""
        if not self.path.is_file():
            return "is no ordinary file: move it away"
        if self.path.stat().st_size > _MOST_BYTES:
            return "is larger than 1 MB: move it away"
        return ""

    def _write(self, table: str, key: str, value: object) -> None:
        data = self._read()
        if self.problem:
            return  # what somebody wrote there is theirs: it is not overwritten
        entries = {**_table(data, table), key: value}
        data = {"about": _ABOUT, **data, table: entries}
        why = self._write_protected()
        if not why:
            try:
                write_whole(self.path, json.dumps(data, indent=2) + "\n")
            except HarnessError as err:
                cause = err.__cause__
                why = (cause.strerror if isinstance(cause, OSError) else "") or "?"
        if why:
            self.problem = f"{NAME} cannot be written ({why}): this is not remembered."

    def _write_protected(self) -> str:
        # A new file would take its place all the same, which is not what its owner wants.
        with contextlib.suppress(OSError):
            if not self.path.stat().st_mode & 0o222:
                return "it is read-only"
        return ""


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    return table if isinstance(table, dict) else {}


def _last_grading(entry: object) -> LastGrading | None:
    """Return an entry of the file; None where somebody changed it to what it cannot be."""
    if not isinstance(entry, dict):
        return None
    try:
        grading = LastGrading(
            verdict=Verdict(entry["verdict"]),
            score=float(entry["score"]),
            max_score=float(entry["max_score"]),
            digest=str(entry["digest"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    plausible = 0 <= grading.score <= grading.max_score < math.inf
    return grading if plausible else None
