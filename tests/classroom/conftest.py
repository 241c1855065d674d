"""What the tests of class grading share: small classes, and the command on fakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graders.harness import cli
from graders.harness.classroom import on_worker

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FAKE = HERE / "fake_station.py"


class FakeClass:
    """A class whose submissions say what becomes of them, and the command on it."""

    def __init__(self, folder: Path) -> None:
        self.submissions = folder / "submissions"
        self.results = folder / "results"
        self.log = folder / "graded.log"
        self.submissions.mkdir()

    def hand_in(self, **texts: str) -> None:
        """Write submissions: each name a folder, each text what its module says."""
        for name, text in texts.items():
            folder = self.submissions / name
            folder.mkdir(exist_ok=True)
            (folder / "sepia_blur.py").write_text(text)

    def arguments(self, *options: str) -> list[str]:
        base = ["class", str(self.submissions), "-o", str(self.results)]
        return [*base, "--device", "simulator", *options]

    def environment(self, **more: str) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(HERE)])
        log = {"FAKE_STATION_LOG": str(self.log), "PYTHONPATH": path}
        return {**os.environ, **log, **more}

    def start(self, *options: str, **more: str) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, str(FAKE), *self.arguments(*options)],
            env=self.environment(**more),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def graded(self) -> Counter[str]:
        """Return how often what was graded, as the stations wrote it down."""
        if not self.log.exists():
            return Counter()
        return Counter(self.log.read_text().splitlines())

    def forget(self) -> None:
        self.log.unlink(missing_ok=True)

    def result(self, name: str) -> dict[str, Any]:
        path = self.results / "results" / f"{name}.json"
        found = json.loads(path.read_text())
        assert isinstance(found, dict)
        return found

    def states(self) -> dict[str, str]:
        """Return what became of each submission, by key."""
        paths = sorted((self.results / "results").iterdir())
        return {path.stem: self.result(path.stem)["state"] for path in paths}

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        lines = (self.results / "journal.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [event for event in found if kind in ("", event["event"])]


@pytest.fixture
def fakes(tmp_path: Path) -> FakeClass:
    """A class that is graded by fakes."""
    return FakeClass(tmp_path)


Said = tuple[int, str]


@pytest.fixture
def grade(
    fakes: FakeClass,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., Said]]:
    """The command on fakes, in this process: options to exit code and what was said."""
    from tests.classroom import fake_station  # noqa: PLC0415 - needs the class extra

    monkeypatch.setattr(on_worker, "Station", fake_station.FakeStation)
    monkeypatch.setenv("FAKE_STATION_LOG", str(fakes.log))
    fake_station._BEFORE.clear()

    def run(*options: str) -> Said:
        code = cli.main(fakes.arguments(*options))
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    yield run
    on_worker._HALL.close()


def wait_for(what: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something is so; a test fails where it does not come to be."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


def started(fakes: FakeClass, count: int) -> Mapping[str, int]:
    """Wait until so many gradings were begun."""
    wait_for(lambda: sum(fakes.graded().values()) >= count)
    return fakes.graded()
