"""What goes between a station and its process: requests in pieces, whole reports."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from graders.harness.classroom import grading_process
from graders.harness.classroom.grading_process import _Answers, _order, _Requests
from graders.harness.errors import HarnessError, UsageError
from graders.harness.models import Report, Visibility
from tests.harness import played_reports as played

SECRET = "The secret case is right."


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Stand in for what comes from the station; end it with nothing."""
    chunks: list[bytes] = []
    monkeypatch.setattr(grading_process.os, "read", lambda *_: chunks.pop(0))
    yield chunks.append
    assert chunks == []


def test_requests_come_in_pieces(pipe: Callable[[bytes], None]) -> None:
    """A line may be cut anywhere, and several may come at once; then it is over."""
    for chunk in (b'{"number"', b": 1}", b'\n{"number": 2}\n{"num', b'ber": 3}\n', b""):
        pipe(chunk)
    requests = _Requests()
    numbers = [[r["number"] for r in requests.read()] for _ in range(4)]
    assert numbers == [[], [], [1, 2], [3]]
    assert not requests.are_over
    assert list(requests.read()) == []
    assert requests.are_over


def test_an_order_is_bytes() -> None:
    request = {"number": 7, "files": {"a.py": "AP8="}, "seed": "5", "alone": True}
    order = _order(request)
    assert (order.number, order.seed, order.alone) == (7, "5", True)
    assert order.files == {"a.py": b"\0\xff"}


@pytest.fixture
def answered() -> Callable[[Report | HarnessError], dict[str, Any]]:
    """Return a function that sends an answer and reads what arrives."""

    def read(answer: Report | HarnessError) -> dict[str, Any]:
        ours, theirs = os.pipe()
        os.set_blocking(theirs, True)
        _Answers(theirs).tell(3, answer)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            (line,) = pipe.read().splitlines()
        found: dict[str, Any] = json.loads(line)
        assert found.pop("number") == 3
        return found

    return read


def test_the_report_is_whole_and_the_page_is_not(
    answered: Callable[[Report | HarnessError], dict[str, Any]],
) -> None:
    """Instructors have hidden checks and the seed; learners have figures, and neither."""
    figures = [played.image("What came out", played.PIXEL)]
    shown = played.check("values", "failed", 0, 2, reason="wrong_value", message="Off.")
    hidden = played.check("secret", "failed", 0, 1, reason="wrong_value")
    report = played.report(
        played.exercise(
            "demo/double",
            replace(shown, details={"figures": figures}),
            replace(hidden, title=SECRET, visibility=Visibility.HIDDEN),
        )
    )
    found = answered(report)
    assert found["seconds"] == round(report.seconds, 3)
    checks = found["report"]["exercises"][0]["checks"]
    assert [check["title"] for check in checks] == ["The values are right.", SECRET]
    assert "figures" not in checks[0]["details"]
    assert found["report"]["environment"]["seed"] == played.ENVIRONMENT["seed"]
    assert "The values are right." in found["page"]
    assert played.PIXEL in found["page"]
    assert SECRET not in found["page"]
    assert played.ENVIRONMENT["seed"] not in found["page"]


def test_whose_fault_it_is(
    answered: Callable[[Report | HarnessError], dict[str, Any]],
) -> None:
    assert answered(UsageError("no zip")) == {"problem": "no zip", "usage": True}
    assert answered(HarnessError("no room")) == {"problem": "no room", "usage": False}


def test_a_report_that_cannot_be_written_is_ours(
    answered: Callable[[Report | HarnessError], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The others in flight are not lost with it; the log has the traceback."""

    def broken(_report: Report) -> str:
        raise KeyError("figures")  # noqa: EM101

    monkeypatch.setattr(grading_process, "render_html", broken)
    found = answered(played.report())
    assert found["usage"] is False
    assert "KeyError('figures')" in found["problem"]
    assert "Traceback" in capsys.readouterr().err
