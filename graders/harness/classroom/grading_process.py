"""The process that grades for a station: reads submissions, one a line, and answers so.

A Dask worker has threads, and must not be forked; a grading forks. So the warm grader of a
class lives here. It has one thread, and ends when the station does, however that ends.

A request is a JSON object with ``number``, ``files`` (Base64 by path), ``seed`` and
``alone``. An answer has the ``number`` and either ``report``, ``page`` and ``seconds``, or
``problem`` with ``usage``: whether that is the submission's. An answer without a number
says why this process can grade nothing at all.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graders.harness.catalog import Catalog
from graders.harness.classroom.admission import Admission, exercises_at_once
from graders.harness.classroom.desk import Desk, Order
from graders.harness.errors import HarnessError, UsageError
from graders.harness.interactive.grading_process import end_with_the_session
from graders.harness.models import Report
from graders.harness.report.html_report import render_html
from graders.harness.report.json_report import without_figures
from graders.harness.report.visible import plain
from graders.harness.run import Grader

_CHUNK = 1 << 20


def main(arguments: str) -> int:
    """
    Answer requests until the station ends.

    Args:
        arguments: JSON: ``device``, ``names``, ``jobs``, ``root`` and ``required`` (see
            :class:`station.Station`).
    """
    wanted = json.loads(arguments)
    answers = _Answers(os.dup(1))
    os.dup2(2, 1)  # what else is printed is for the log
    end_with_the_session()
    try:
        _serve(wanted, answers)
    except HarnessError as err:
        answers.send({"problem": str(err)})
        return 3
    return 0


def _serve(wanted: dict[str, Any], answers: _Answers) -> None:
    catalog = Catalog(Path(wanted["root"]))
    exercises = catalog.select(wanted["names"])
    device = wanted["device"]
    with (
        Grader(device, catalog, wanted["required"], keeps_caches=False) as grader,
        contextlib.closing(
            Desk(
                grader,
                exercises,
                named=bool(wanted["names"]),
                jobs=exercises_at_once(device, wanted["jobs"]),
                admission=Admission(device),
                answer=answers.tell,
            )
        ) as desk,
    ):
        gc.collect()
        gc.freeze()  # shards inherit what was imported: their collectors leave it alone
        requests = _Requests()
        while True:
            if desk.step(also=0):
                for request in requests.read():
                    desk.take(_order(request))
            if requests.are_over:
                return


def _order(request: dict[str, Any]) -> Order:
    files = {name: base64.b64decode(text) for name, text in request["files"].items()}
    return Order(
        number=request["number"],
        files=files,
        seed=request["seed"],
        alone=request["alone"],
    )


class _Requests:
    """
    What comes from the station, as far as it is there.

    Attributes:
        are_over: Whether the station is gone.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self.are_over = False

    def read(self) -> Iterator[dict[str, Any]]:
        """Read once, and yield the requests that are whole."""
        chunk = os.read(0, _CHUNK)
        self.are_over = not chunk
        first = len(self._data)  # what was there before holds no end of a line
        self._data += chunk
        while (end := self._data.find(b"\n", first)) >= 0:
            line = bytes(self._data[:end])
            del self._data[: end + 1]
            first = 0
            yield json.loads(line)


class _Answers:
    """
    The way back to the station.

    Args:
        pipe: The descriptor that it listens to.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def tell(self, number: int, found: Report | HarnessError) -> None:
        """Send a report with the learner's page, or why there is none."""
        if isinstance(found, HarnessError):
            problem = {"problem": str(found), "usage": isinstance(found, UsageError)}
            self.send({"number": number, **problem})
            return
        self.send({"number": number, **_rendered(found)})

    def send(self, answer: dict[str, Any]) -> None:
        """Write an answer whole."""
        data = memoryview(json.dumps(answer).encode() + b"\n")
        while data:
            data = data[os.write(self._pipe, data) :]


def _rendered(report: Report) -> dict[str, Any]:
    try:
        page = render_html(report.for_learners())
        data = plain(without_figures(report.to_dict()))
    except Exception as err:  # noqa: BLE001 - ours: the submission is named, others go on
        traceback.print_exc()
        return {"problem": f"no report could be written: {err!r}", "usage": False}
    return {"report": data, "page": page, "seconds": round(report.seconds, 3)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
