"""What a watch does about keys, with files, jobs and keys that are made up."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.watching.inbox import Ended, Pressed, Resumed
from graders.harness.watching.keys import END
from tests.harness.played_watch import APPLY, SCALE, TOTAL, Watch, make


@pytest.fixture
def one(toys: Catalog, tmp_path: Path) -> Watch:
    """A watch of a single exercise, whose first verdict is there."""
    watch = make(toys, tmp_path, ["scale"])
    watch.end()
    return watch


@pytest.fixture
def three(toys: Catalog, tmp_path: Path) -> Watch:
    """A watch of all toys, unnamed, whose first verdict is there."""
    watch = make(toys, tmp_path)
    watch.end()
    return watch


# --------------------------------------------------------------------------- the keys


def test_it_never_goes_on_by_itself(three: Watch) -> None:
    """When an exercise passes it says so in a line, and waits for ``n``."""
    three.save(SCALE)
    said = three.end(SCALE)
    assert "Well done, toys/scale passes! n for the next one." in said
    assert three.session.current == SCALE
    assert len(three.jobs.started) == 2
    three.press("n")
    assert three.session.current == TOTAL
    assert three.jobs.started[2:] == [[TOTAL]]
    assert "Well done" not in three.end()


def test_next_goes_round(three: Watch) -> None:
    """``n`` leaves an exercise that does not pass, and comes back to it."""
    three.press("n")
    three.end(TOTAL)
    three.press("n")
    three.end(APPLY)
    three.press("n")
    assert three.session.current == SCALE
    three.end()
    three.press("n")
    assert three.session.current == SCALE
    assert "the only one that is watched here and does not pass" in three.said()


def test_all_pass(one: Watch) -> None:
    one.save(SCALE)
    assert "Well done! All exercises that are watched here pass." in one.end(SCALE)
    one.press("n")
    assert one.said().count("All exercises that are watched here pass.") == 1
    assert len(one.jobs.started) == 2


def test_hints_one_at_a_time(one: Watch) -> None:
    """Only when asked; the count is shared with ``grade.py hint``."""
    one.press("h")
    said = one.said()
    assert "Hint 1 of 2 One." in said
    assert "It is 2. Expected is 3." in said  # the verdict is still there
    assert one.standings.notes.hints_shown(SCALE) == 1
    one.save(SCALE)
    assert "Hint 1 of 2" in one.end()  # still being tried
    one.press("h")
    assert "Hint 2 of 2 Two." in one.said()
    one.press("h")
    assert "There are no more hints for toys/scale" in one.said()


def test_hint_goes_with_its_exercise(three: Watch) -> None:
    three.press("h")
    three.press("n")
    assert "Hint" not in three.end()
    three.press("h")
    three.said()
    three.save(TOTAL)
    assert "Hint" not in three.end(TOTAL)  # it passes


def test_list_and_back(three: Watch) -> None:
    """``a`` shows the list and, pressed again, the verdict."""
    three.press("a")
    said = three.said()
    assert "> toys/scale failed 1 of 6 toys/total not begun 0 of 2" in said
    assert "0 of 3 exercises passed, 1 of 10 points" in said
    assert "It is 2" not in said
    three.press("a")
    assert "It is 2" in three.said()


def test_run_again(one: Watch) -> None:
    """``r`` grades once more; while that goes on it does nothing."""
    one.press("r")
    one.press("r")
    assert one.jobs.started == [[SCALE]] * 2
    assert one.jobs.stopped == 0


@pytest.mark.parametrize("key", ["q", "\x04", END])
def test_quit(key: str, one: Watch) -> None:
    """q, Ctrl-D and the end of the input end it."""
    one.session.handle(Pressed(key))
    assert one.session.finished
    assert one.session.signal == 0


def test_end_of_input_waits_for_the_verdict(one: Watch) -> None:
    """Without a terminal, as in ``grade.py --watch < /dev/null``, it grades once."""
    one.save(SCALE)
    one.session.handle(Pressed(END))
    assert not one.session.finished
    assert "1 of 4 points" in one.end()
    assert one.session.finished


def test_quit_does_not_wait(one: Watch) -> None:
    one.save(SCALE)
    one.press("q")
    assert one.session.finished


def test_unknown_keys_do_nothing(one: Watch) -> None:
    one.press("xyz?\n\x00é")
    assert one.said() == ""
    assert not one.session.finished


def test_signals_end_it(one: Watch) -> None:
    one.session.handle(Ended(signal.SIGTERM))
    assert one.session.finished
    assert one.session.signal == signal.SIGTERM


def test_going_on_after_a_stop(one: Watch) -> None:
    """It draws again; a job that was stopped meanwhile is begun anew."""
    one.session.handle(Resumed())
    assert "It is 2" in one.said()
    assert len(one.jobs.started) == 1
    one.save(SCALE)
    one.session.handle(Resumed())
    assert one.jobs.stopped == 1
    assert "points" not in one.end()
    assert one.jobs.started == [[SCALE]] * 3
