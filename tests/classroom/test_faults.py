"""The command in processes that are killed, stopped and limited, then run again."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

from graders.harness.catalog import ROOT, Catalog
from graders.harness.classroom.journal import Journal
from graders.harness.classroom.results import ResultsFolder, files_digest
from tests.classroom.conftest import FAKE, FakeClass, Said, started, wait_for

COUNT = 24
# As often as a submission is in flight in vain, at most: all places of a fake station.
SLOTS = 4
Grade = Callable[..., Said]


def hand_in(fakes: FakeClass, seconds: float = 0.1) -> None:
    fakes.hand_in(**{f"s{n:02}": f"slow {seconds}{n:02}" for n in range(COUNT)})


def said(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    return " ".join(out.split())


def expect_whole(fakes: FakeClass) -> None:
    """None lost, none double, and nothing left behind."""
    assert fakes.states() == {f"s{n:02}": "graded" for n in range(COUNT)}
    finished = Counter(event["key"] for event in fakes.events("finished"))
    assert set(finished.values()) == {1}
    hidden = [path.name for path in fakes.results.rglob(".*")]
    assert not hidden


def test_killed_again_and_again_it_goes_on_where_it_was(
    fakes: FakeClass, grade: Grade
) -> None:
    hand_in(fakes)
    folder = fakes.results / "results"

    def done() -> int:
        return len(list(folder.glob("*.json")))

    for at_least in (3, 9):
        process = fakes.start()
        wait_for(lambda least=at_least: done() >= least)
        process.kill()
        process.communicate()
        assert done() < COUNT
    (folder / ".s00.json.abcdefgh").touch()  # half written, say
    assert grade()[0] == 0
    expect_whole(fakes)
    # What was in flight when it was killed, and nothing else, was begun more than once.
    assert sum(fakes.graded().values()) <= COUNT + 2 * SLOTS


def test_stopped_it_ends_in_order_and_says_how_to_go_on(
    fakes: FakeClass, grade: Grade
) -> None:
    hand_in(fakes, 0.5)  # it must not be over before it is stopped, on a busy machine
    process = fakes.start()
    started(fakes, 8)
    process.send_signal(signal.SIGINT)
    text = said(process)
    assert process.returncode == 2, text
    assert f"of {COUNT} have a result. Run the same command again" in text
    assert "Traceback" not in text
    assert fakes.events()[-1]["event"] == "run_ended"
    assert fakes.events()[-1]["how"] == "interrupted"
    assert (fakes.results / "index.html").is_file()
    assert grade()[0] == 0
    expect_whole(fakes)


def test_two_runs_do_not_share_a_folder(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(ada="slow 60")
    first = fakes.start()
    started(fakes, 1)
    code, text = grade()
    first.terminate()  # as a batch system does
    assert code == 4
    assert f"is used by another run (process {first.pid} on" in text
    first_text = said(first)
    assert first.returncode == 2, first_text
    assert fakes.states() == {}


def test_files_that_cannot_be_written_to_their_end(
    fakes: FakeClass, grade: Grade
) -> None:
    """The system's own limit on a file's size stands for a disk that is full."""
    hand_in(fakes, 0.0)
    limit = 10_000  # bytes: less than a page has
    process = subprocess.Popen(
        [sys.executable, str(FAKE), *fakes.arguments()],
        env=fakes.environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    text = said(process)
    assert process.returncode == 3, text
    assert "could not be written: File too large. Make room." in text
    assert f"0 of {COUNT} have a result" in text
    assert "Traceback" not in text
    assert grade()[0] == 0
    expect_whole(fakes)


def test_a_submission_that_kills_the_grader_itself_is_found(
    fakes: FakeClass, grade: Grade
) -> None:
    """Runs end with it, but not for ever, and the others get their results."""
    fakes.hand_in(**{f"s{n}": f"slow 0.0{n}" for n in range(6)}, wild="exit")
    digest = files_digest({"sepia_blur.py": b"exit"})
    # Four runs that ended with it: two while others were graded, two while none were.
    with ResultsFolder(fakes.results) as folder:
        for alone in (False, False, True, True):
            with Journal(folder.journal) as journal:
                exercises = [e.name for e in Catalog().select(())]
                journal.run_started({"exercises": exercises}, {}, ())
                journal.started("wild", digest, "here", alone=alone)
    process = fakes.start()
    text = said(process)
    assert process.returncode == 7, text
    assert fakes.states() == {f"s{n}": "graded" for n in range(6)}
    assert fakes.graded()["exit alone"] == 1
    code, text = grade()
    assert code == 1
    assert "1 set aside" in text
    assert "runs of this command were killed" in fakes.result("wild")["problem"]
    assert fakes.graded()["exit alone"] == 1
