"""What was run in this session: IPython's cells, a script, or lines at a prompt."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

_FROM_THE_PROMPT = re.compile(r"<python-input-(\d+)>")
#: What a function of a prompt whose text Python does not keep has for a file.
NO_SOURCE = "<stdin>"
# Cell magics whose text runs somewhere else, or leaves no names behind.
_ELSEWHERE = frozenset(
    {
        "bash", "cmd", "cython", "file", "html", "javascript", "js", "latex", "markdown",
        "perl", "pypy", "python", "python2", "python3", "ruby", "script", "sh", "svg",
        "sx", "system", "timeit", "writefile",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    One input that the session ran.

    Attributes:
        label: What the learner sees it under: ``"In [4]"``, or a file's name.

        source: Its text, as Python.

        stopped_at: The line of the statement at which it ended early, which did not come
            to its end, nor did what follows it; 0 where all of it ran.

        cell: What the notebook calls its cell, empty where nobody says.
    """

    label: str
    source: str
    stopped_at: int = 0
    cell: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """
    The session that this process is.

    Attributes:
        runs: What was run, in order.

        names: The names as they are defined now.

        folder: Where the learner's own modules lie.
    """

    runs: Sequence[Run]
    names: Mapping[str, Any]
    folder: Path


def current_session() -> Session:
    """Return what was run so far, wherever this is."""
    shell = _shell()
    if shell is not None:
        _NOTES.attach(shell)
        return Session(runs=_NOTES.runs(shell), names=shell.user_ns, folder=Path.cwd())
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    folder = Path(file).resolve().parent if file else Path.cwd()
    return Session(
        runs=[*_script(file, vars(main)), *_prompt()], names=vars(main), folder=folder
    )


def _shell() -> Any:
    """Return IPython's shell where this session is one."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def watch_cells() -> None:
    """Take notes from now on of what IPython's history does not say of its cells."""
    shell = _shell()
    if shell is not None:
        _NOTES.attach(shell)


@dataclass
class _CellNotes:
    """Which cell an input came from, and where it ended early, by the input's number."""

    cells: dict[int, str] = field(default_factory=dict)
    stops: dict[int, int] = field(default_factory=dict)
    running: str = ""
    _attached: Any = None

    def attach(self, shell: Any) -> None:
        if self._attached is shell:
            return
        self._attached = shell
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def _before(self, info: Any) -> None:
        if info.store_history:  # its number is not to be had yet, whatever the version
            self.running = str(getattr(info, "cell_id", None) or "")

    def _after(self, result: Any) -> None:
        number = result.execution_count
        if number is None:
            return
        self.cells[number] = str(getattr(result.info, "cell_id", None) or "")
        self.running = ""
        if result.error_before_exec is not None:
            self.stops[number] = 1
        elif result.error_in_exec is not None:
            names = self._attached.user_ns
            trace = result.error_in_exec.__traceback__
            self.stops[number] = _line_of(_frames_of(trace), names)

    def runs(self, shell: Any) -> list[Run]:
        """Return the inputs of IPython's history; the last one is still running."""
        inputs = list(shell.history_manager.input_hist_raw)
        found = []
        for number, raw in enumerate(inputs):
            stop, cell = self.stops.get(number, 0), self.cells.get(number, "")
            if number == len(inputs) - 1 and number not in self.cells:
                stop, cell = _line_of(_frames_here(), shell.user_ns), self.running
            above, source = _as_python(raw, shell)
            if source.strip():
                run = Run(
                    label=f"In [{number}]",
                    source="\n" * above + source,
                    stopped_at=stop and stop + above,
                    cell=cell,
                )
                found.append(run)
        return found


_NOTES = _CellNotes()


def _as_python(raw: str, shell: Any) -> tuple[int, str]:
    """Return an input as Python, and how many lines of it are left out above that."""
    blank = len(raw) - len(raw.lstrip())
    above = raw.count("\n", 0, blank)
    rest = "\n".join(raw.split("\n")[above:])
    if rest.startswith("%%"):
        head, _, body = rest.partition("\n")
        if (
            re.split(r"\W", head[2:].strip() or "!")[0] in _ELSEWHERE
            or head[2:3] == "!"
        ):
            return 0, ""
        more, source = _as_python(body, shell)
        return above + 1 + more, source
    try:
        return above, str(shell.transform_cell(rest))
    except SyntaxError:
        return 0, ""


def _line_of(frames: Iterator[tuple[FrameType, int]], names: Any) -> int:
    """Return the line at which the session's own code stands; innermost frames first."""
    for frame, line in frames:
        if frame.f_code.co_name == "<module>" and frame.f_globals is names:
            return line
    return 0


def _frames_of(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    found = []
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return reversed(found)


def _frames_here() -> Iterator[tuple[FrameType, int]]:
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the way to one's caller
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back


def _script(file: str | None, names: Any) -> list[Run]:
    """Return the script that this process runs, where it is one."""
    if not file:
        return []
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    here = ((f, n) for f, n in _frames_here() if f.f_code.co_filename == file)
    return [
        Run(label=os.path.basename(file), source=text, stopped_at=_line_of(here, names))  # noqa: PTH119
    ]


def _prompt() -> list[Run]:
    """Return what was typed at Python's prompt, where this Python keeps it."""
    found: dict[int, list[str]] = {}
    for key, entry in linecache.cache.items():
        _take(found, key, entry)
    # Newer versions know it by the code object: by name and file, among others.
    for key, entry in getattr(linecache, "_interactive_cache", {}).items():
        if isinstance(key, tuple) and "<module>" in key:
            for part in key:
                _take(found, part, entry)
    return [
        Run(label=f"<python-input-{number}>", source="".join(lines))
        for number, lines in sorted(found.items())
    ]


def _take(found: dict[int, list[str]], key: Any, entry: Any) -> None:
    match = _FROM_THE_PROMPT.fullmatch(key) if isinstance(key, str) else None
    if match and len(entry) > 2:  # noqa: PLR2004 - (size, time, lines, name)
        found[int(match[1])] = list(entry[2])
