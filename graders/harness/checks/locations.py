"""Where a failure points at in a learner's program: file, line, and the lines around it.

Files and lines that a worker names are a stranger's words. They only choose among the files
that were handed in, whose text is read here. Nothing is parsed: a parser can be made to end
its process, and this one must live.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from graders.harness.errors import Failure, NotRun
from graders.harness.models import Reason
from graders.harness.submission.plain_file import NotPlain, read_plain
from graders.harness.submission.stage import staged_files
from graders.harness.supervisor.notebook import CellRun

_MOST_READ = 4 * 2**20
_AROUND = 2  # lines shown before and after
_MOST_CHARACTERS = 200  # of a line
_LINE_ENDS = re.compile(r"\r\n|\r|\n")  # Python's own
_CELL = re.compile(r"code cell (\d{1,6})")
# There is no call that could have gone wrong: the program was not there to be called.
_NO_CALL = frozenset({Reason.IMPORT_FAILED})

Location = dict[str, Any]


class Sources:
    """
    The text of one submission.

    Args:
        path: The module or notebook.

        slug: The exercise's name: a module is staged as ``<slug>.py``.

        cells: Returns what the code cells of a notebook did, or nothing.
    """

    def __init__(
        self, path: Path, slug: str, cells: Callable[[], Sequence[CellRun]]
    ) -> None:
        self._path = path
        self._slug = slug
        self._cells = cells

    def location(self, error: Failure | NotRun, called: str) -> Location | None:
        """
        Return what an outcome points at, for a check's ``details["location"]``.

        That is ``{"file", "line", "source"}``: the file's name beside the module, the
        line from 1, and a list of pairs of line and text. In a notebook there is the
        number of the code ``"cell"`` as well, and the line is the cell's.

        Args:
            error: What a check raised.

            called: The function that was called last: its ``def`` is pointed at where the
                outcome itself knows no line.
        """
        if error.place is not None:
            return self._at(*error.place)
        if error.reason in _NO_CALL or isinstance(error, NotRun) or not called:
            return None
        return self._definition(called)

    def unbound(self, function: str) -> tuple[int, str] | None:
        """Return the last line that assigns or deletes a module's name, and its text."""
        if not self._is_module:
            return None
        name = re.escape(function)
        binding = re.compile(rf"{name}[ \t]*(?::[^=]*)?=(?!=)|del\b.*\b{name}\b")
        text = _text(self._path)
        line = _last_line(binding, text)
        return (line, _LINE_ENDS.split(text)[line - 1].strip()) if line else None

    def _at(self, file: str, line: int) -> Location | None:
        if cell := _CELL.fullmatch(file):
            return self._in_cell(int(cell[1]), line)
        path = self._file(file or f"{self._slug}.py")
        return None if path is None else _location(path.name, line, _text(path))

    def _in_cell(self, number: int, line: int) -> Location | None:
        for cell in self._cells():
            if cell.number == number:
                found = _location(self._path.name, line, cell.source)
                return found and {**found, "cell": number}
        return None

    def _file(self, name: str) -> Path | None:
        """Return the file that was staged under a name."""
        if self._is_module and name == f"{self._slug}.py":
            return self._path
        files = (p for p in staged_files(self._path) if p != self._path)
        return next((path for path in files if path.name == name), None)

    @property
    def _is_module(self) -> bool:
        return self._path.suffix == ".py"

    def _definition(self, function: str) -> Location | None:
        """Return where a function is defined, of several places the last."""
        defining = re.compile(
            rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(function)}\b", re.MULTILINE
        )
        if self._is_module:
            line = _last_line(defining, _text(self._path))
            return self._at("", line) if line else None
        for cell in reversed(self._cells()):
            if line := _last_line(defining, cell.source):
                return self._in_cell(cell.number, line)
        return None


def _text(path: Path) -> str:
    try:
        return read_plain(path, _MOST_READ).decode("utf-8", "replace")
    except NotPlain:
        return ""


def _last_line(defining: re.Pattern[str], text: str) -> int:
    lines = _LINE_ENDS.split(text)
    found = (i for i in range(len(lines), 0, -1) if defining.match(lines[i - 1]))
    return next(found, 0)


def _location(file: str, line: int, text: str) -> Location | None:
    """Return a location with its source; None where the file has no such line."""
    lines = _LINE_ENDS.split(text)
    if not 1 <= line <= len(lines):
        return None
    first = max(1, line - _AROUND)
    shown = lines[first - 1 : line + _AROUND]
    while shown and len(shown) > line - first + 1 and not shown[-1].strip():
        shown.pop()
    source = [[first + i, text[:_MOST_CHARACTERS]] for i, text in enumerate(shown)]
    return {"file": file, "line": line, "source": source}
