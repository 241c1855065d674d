"""The process that grades for a session: reads requests, one a line, and answers likewise.

A kernel has threads, sockets and perhaps a CUDA context, and must not be forked; a grading
forks. So the warm grader lives here. It ends when the session does, however that ends.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from graders.harness.catalog import Catalog
from graders.harness.errors import HarnessError
from graders.harness.interactive.program import Program, in_session_words
from graders.harness.models import Report, Submission
from graders.harness.report import print_report
from graders.harness.report.html_answer import render_answer
from graders.harness.report.json_report import without_figures
from graders.harness.run import Grader, Request
from graders.harness.session import choose_device
from graders.harness.submission import digest

_WIDTH = 100
# What a session that was left open keeps of a machine that others use as well.
_IDLE_SECONDS = 30 * 60


def main() -> int:
    """Answer requests until the session ends, or asks nothing for half an hour."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what else is printed is for the log
    end_with_the_session()
    with _Desk() as desk:
        for request in _requests():
            answers.write(json.dumps(desk.answer(request)) + "\n")
            answers.flush()
    return 0


def _requests() -> Iterator[dict[str, Any]]:
    while select.select([0], [], [], _IDLE_SECONDS)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        yield json.loads(line)


def end_with_the_session() -> None:
    """Have a signal tell, also in the middle of a grading, that the session is gone."""

    def look(*_: object) -> None:
        poll = select.poll()
        poll.register(0, select.POLLIN)
        if any(event & select.POLLHUP for _, event in poll.poll(0)):
            sys.exit(0)

    signal.signal(signal.SIGIO, look)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)


class _Desk:
    """Keeps the grader warm, and has it grade what comes in."""

    def __init__(self) -> None:
        self._catalog = Catalog()
        self._grader: Grader | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what a session shows: the report, or why there is none."""
        try:
            return self._graded(request)
        except HarnessError as err:
            return {"problem": str(err)}
        except Exception as err:  # noqa: BLE001 - a session is told; its own work goes on
            traceback.print_exc()
            return {"problem": f"{type(err).__name__}: {err}", "ours": True}

    def _graded(self, request: dict[str, Any]) -> dict[str, Any]:
        device, why = choose_device(request["device"])
        programs = [_program(item) for item in request["work"]]
        paths = [Path(item["path"]) for item in request["work"]]
        exercises = self._catalog.select([item["exercise"] for item in request["work"]])
        work = [
            (e, Submission(exercise=e.name, path=p, digest=digest(p)))
            for e, p in zip(exercises, paths, strict=True)
        ]
        asked = Request(work=work, device=device, figures=True)
        report = self._warm(device).grade(asked).for_learners()
        told = replace(
            report,
            exercises=tuple(
                in_session_words(result, program)
                for result, program in zip(report.exercises, programs, strict=True)
            ),
        )
        where = (
            f"Graded on {'the GPU' if device == 'cuda' else 'the simulator'}: {why}."
        )
        notes = [where, *request["notes"]]
        return {
            "text": _as_text(told, notes),
            "html": render_answer(told, notes),
            "report": without_figures(told.to_dict()),
        }

    def _warm(self, device: str) -> Grader:
        if self._grader is not None and self._grader.device != device:
            self._grader.close()
            self._grader = None
        if self._grader is None:
            self._grader = Grader(device, self._catalog)
        return self._grader

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._grader is not None:
            self._grader.close()


def _program(item: dict[str, Any]) -> Program:
    places = tuple((str(label), int(line)) for label, line in item["places"])
    return Program(slug=item["exercise"].partition("/")[2], text="", places=places)


def _as_text(report: Report, notes: list[str]) -> str:
    text = io.StringIO()
    console = Console(
        file=text,
        width=_WIDTH,
        highlight=False,
        force_terminal=False,  # a kernel's environment asks for colour
        color_system=None,
    )
    for note in notes:
        console.print(note, markup=False)
    print_report(report, console)
    return "\n".join(line.rstrip() for line in text.getvalue().split("\n"))
