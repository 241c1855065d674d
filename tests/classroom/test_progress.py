"""What an instructor sees while a class is graded: never wrong, never in the way."""

from __future__ import annotations

import contextlib
import io
import threading
import time

import pytest
from rich.console import Console

from graders.harness.classroom.entries import Entry, Member, State
from graders.harness.classroom.pace import Pace, in_words
from graders.harness.classroom.progress import (
    LineFollower,
    LiveFollower,
    QuietFollower,
    make_follower,
)
from graders.harness.classroom.progress_words import drawn, summary
from graders.harness.classroom.rows import read_row
from tests.classroom.played_class import entry, result
from tests.harness.played_reports import ALL_PASSED, BROKEN, MIXED, NASTY


class Clock:
    """Seconds that grow when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def an_entry(number: int) -> Entry:
    return entry(f"k{number}", Member(id=f"{number}", name=f"Name {number}"))


ENTRIES = [an_entry(n) for n in range(200)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock)


def pass_(pace: Pace, number: int) -> None:
    pace.finished(read_row(ENTRIES[number], result(f"k{number}", ALL_PASSED)))


def terminal(**more: object) -> Console:
    options = {"width": 80, "height": 24, "force_terminal": True, **more}
    return Console(file=Terminal(), highlight=False, **options)  # type: ignore[arg-type]


def plain(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --------------------------------------------------------------------------------- rates


def test_the_rate_is_that_of_the_last_minute(clock: Clock, pace: Pace) -> None:
    pace.begin(100, 0)
    for number in range(30):  # one in 10 seconds, then one a second
        clock.now += 10 if number < 10 else 1
        pass_(pace, number)
    moment = pace.snapshot()
    assert moment.per_minute == pytest.approx(20 + 4, abs=1)
    assert moment.seconds_left == pytest.approx(70 / moment.per_minute * 60)
    assert (moment.done, moment.total, moment.before) == (30, 100, 0)


def test_what_was_graded_before_is_no_speed(clock: Clock, pace: Pace) -> None:
    """Else a run that goes on would promise to end at once."""
    pace.begin(200, 150)
    clock.now += 30
    assert pace.snapshot().seconds_left is None
    for number in range(10):
        pass_(pace, number)
    moment = pace.snapshot()
    assert (moment.done, moment.per_minute) == (160, 20)
    assert moment.seconds_left == 120


def test_a_long_silence_leaves_the_mean_of_the_run(clock: Clock, pace: Pace) -> None:
    pace.begin(10, 0)
    for number in range(4):
        pass_(pace, number)
    clock.now += 120
    moment = pace.snapshot()
    assert (moment.per_minute, moment.seconds_left) == (2, 180)


def test_nothing_is_promised_of_the_first_moment(clock: Clock, pace: Pace) -> None:
    pace.begin(10, 0)
    clock.now += 0.01
    pass_(pace, 0)
    assert pace.snapshot().per_minute is None


def test_running_is_what_began_and_did_not_end(clock: Clock, pace: Pace) -> None:
    """The longest first; a second attempt begins anew."""
    pace.begin(10, 0)
    for number in range(3):
        pace.started(ENTRIES[number])
        clock.now += 5
    pace.started(ENTRIES[0])
    pass_(pace, 1)
    running = [(e.key, seconds) for e, seconds in pace.snapshot().running]
    assert running == [("k2", 5), ("k0", 0)]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "1 h 0 min"),
        (4800, "1 h 20 min"),
    ],
)
def test_times_are_told_as_people_do(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_many_threads_lose_nothing(pace: Pace) -> None:
    console = plain()
    follower = LineFollower(console, pace)
    follower.begin(len(ENTRIES), 0)

    def grade(numbers: range) -> None:
        for number in numbers:
            follower.started(ENTRIES[number])
            follower.finished(ENTRIES[number], result(f"k{number}", ALL_PASSED))

    threads = [
        threading.Thread(target=grade, args=(range(n, len(ENTRIES), 8),))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    follower.end()
    lines = printed(console).splitlines()
    assert [line.split("]")[0] for line in lines[1:-1]] == [
        f"[{n}/200" for n in range(1, 201)
    ]
    assert lines[-1].endswith("200 passed, 0 failed. 200 of 200 are done.")


# --------------------------------------------------------------------------- plain lines


def test_a_line_says_what_a_submission_came_to(clock: Clock, pace: Pace) -> None:
    console = plain()
    follower = LineFollower(console, pace)
    follower.begin(6, 2)
    clock.now += 60
    done = (
        result("k0", ALL_PASSED, seconds=3.25),
        result("k1", MIXED, seconds=2.0),
        result("k2", BROKEN),
        result("k3", None, state=State.SET_ASIDE, problem="It went down twice."),
    )
    for number, played in enumerate(done):
        follower.started(ENTRIES[number])
        follower.finished(ENTRIES[number], played)
    follower.told("A sentence.")
    follower.end()
    assert printed(console).splitlines() == [
        "6 submissions, 2 of them graded before: 4 to grade.",
        "[3/6] Name 0: passed, 3 of 4 points, 3.2 s",
        "[4/6] Name 1: failed, 5.5 of 14.5 points, 2.0 s",
        "[5/6] Name 2: ungraded. The grader itself failed at 1 checks.",
        "[6/6] Name 3: set aside. It went down twice.",
        "A sentence.",
        "Graded 4 in 1 min, 4 a minute: 1 passed, 1 failed, 1 ungraded, 1 set aside. "
        "6 of 6 are done.",
    ]


def test_a_job_that_hangs_still_says_something() -> None:
    """CI systems stop jobs that are silent; the line names what is running."""
    console = plain(200)
    follower = LineFollower(console, every=0.02)
    follower.begin(3, 0)
    follower.started(ENTRIES[7])
    deadline = time.monotonic() + 10
    while printed(console).count("Running:") < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    follower.end()
    assert (
        "0 of 3 done: 0 passed, 0 failed; no rate yet. Running: Name 7 for 0 s."
        in printed(console)
    )
    length = len(printed(console))
    time.sleep(0.05)
    assert len(printed(console)) == length


def test_a_summary_has_rate_and_time_left(clock: Clock, pace: Pace) -> None:
    pace.begin(200, 100)
    for number in range(6):
        pace.started(ENTRIES[number])
    clock.now += 30
    for number in range(2):
        pass_(pace, number)
    assert summary(pace.snapshot()) == (
        "102 of 200 done: 2 passed, 0 failed; 4 a minute, about 24 min left. Running: "
        "Name 2 for 30 s, Name 3 for 30 s, Name 4 for 30 s, and 1 more."
    )


def test_nothing_to_do_is_said() -> None:
    console = plain()
    follower = LineFollower(console)
    follower.begin(5, 5)
    follower.end()
    assert printed(console).splitlines() == [
        "5 submissions, 5 of them graded before: 0 to grade.",
        "Nothing was graded: 5 of 5 are done.",
    ]


# ---------------------------------------------------------------------------- live table


def table_at(pace: Pace, width: int, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    console.print(drawn(pace.snapshot(), height))
    return printed(console).splitlines()


@pytest.fixture
def busy(clock: Clock, pace: Pace) -> Pace:
    pace.begin(200, 30)
    for number in range(50):
        pace.started(ENTRIES[number])
    clock.now += 30
    for number in range(10):
        pass_(pace, number)
    return pace


def test_the_table_shows_all_that_goes_on(busy: Pace) -> None:
    lines = table_at(busy, 80)
    assert lines[0].startswith("40 of 200 done")
    assert lines[1].split() == ["10", "passed", "0", "failed"]
    assert lines[2].strip() == "20 a minute, about 8 min left"
    assert [line.split() for line in lines[3:15]] == [
        ["Name", f"{n}", "30", "s"] for n in range(10, 22)
    ]
    assert lines[15].split() == ["and", "28", "more"]


@pytest.mark.parametrize("width", [10, 20, 40, 200])
@pytest.mark.parametrize("height", [1, 5, 10, 50])
def test_the_table_fits_the_terminal(busy: Pace, width: int, height: int) -> None:
    """One that is higher than the screen could not be taken back."""
    lines = table_at(busy, width, height)
    assert max(len(line.rstrip()) for line in lines) <= width
    assert len(lines) <= max(height, 5)


def test_a_live_table_comes_and_goes(pace: Pace) -> None:
    console = terminal()
    follower = LiveFollower(console, pace)
    follower.begin(3, 0)
    follower.started(ENTRIES[0])
    follower.finished(
        ENTRIES[1], result("k1", None, state=State.UNREADABLE, problem="Bad.")
    )
    follower.finished(ENTRIES[2], result("k2", ALL_PASSED))
    follower.told("A sentence.")
    follower.end()
    follower.end()
    text = printed(console)
    assert "0 of 3 done" in text
    assert "Name 1: unreadable. Bad." in text
    assert "A sentence." in text
    assert "Name 2: passed" not in text  # the counts have it
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # hides the cursor
    assert text.rstrip().endswith("1 unreadable. 2 of 3 are done.")


def test_drawing_and_telling_never_wait_for_each_other() -> None:
    """Threads tell while rich's own draws, many times a second."""
    console = terminal()
    follower = LiveFollower(console)
    follower.begin(len(ENTRIES), 0)
    broken = result("x", None, state=State.SET_ASIDE, problem="Down.")

    def grade(numbers: range) -> None:
        for number in numbers:
            follower.started(ENTRIES[number])
            follower.finished(ENTRIES[number], broken)
            if follower._live is not None:
                follower._live.refresh()

    threads = [
        threading.Thread(target=grade, args=(range(n, 200, 4),), daemon=True)
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    follower.end()
    assert "200 of 200 are done." in printed(console)


def test_no_color_is_honoured(busy: Pace, monkeypatch: pytest.MonkeyPatch) -> None:
    colours = {}
    for no_color in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_color)
        console = terminal(color_system="truecolor")
        console.print(drawn(busy.snapshot(), 24))
        colours[no_color] = "\x1b[32m" in printed(console)
    assert colours == {"": True, "1": False}


def test_names_cannot_repaint_the_terminal() -> None:
    """Nor be taken for markup or for a line of their own."""
    named = entry("k", Member(id="1", name=f"[red]\n[2/2] \x1b[31mred {NASTY}"))
    for console in (plain(400), terminal(width=400)):
        make = LineFollower if console.file.isatty() is False else LiveFollower
        follower = make(console)
        follower.begin(1, 0)
        follower.started(named)
        follower.finished(named, result("k", BROKEN))
        follower.told(NASTY)
        follower.end()
        text = printed(console)
        for character in ("\u202e", "\x07", "\x00", "\ud800", "\x1b[31mred", "\x1b]0"):
            assert character not in text
        assert "[red]" in text
        assert "\n[2/2]" not in text


# -------------------------------------------------------------------------------- which


@pytest.fixture
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("no_ci")
def test_a_terminal_gets_the_table_and_a_file_gets_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(make_follower(terminal(), quiet=False), LiveFollower)
    assert isinstance(make_follower(plain(), quiet=False), LineFollower)
    assert isinstance(make_follower(terminal(), quiet=True), QuietFollower)
    forced = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(make_follower(forced, quiet=False), LineFollower)
    monkeypatch.setenv("CI", "true")
    assert isinstance(make_follower(terminal(), quiet=False), LineFollower)
    monkeypatch.delenv("CI")
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_follower(terminal(), quiet=False), LineFollower)


def test_quiet_says_nothing_before_the_end() -> None:
    console = plain()
    follower = QuietFollower(console)
    follower.begin(2, 0)
    follower.started(ENTRIES[0])
    follower.told("First.")
    follower.finished(ENTRIES[0], result("k0", ALL_PASSED))
    follower.end()
    assert printed(console) == ""
    follower.told("Last.")
    assert printed(console) == "Last.\n"


@pytest.mark.parametrize("make", [LineFollower, LiveFollower])
def test_what_never_began_says_nothing_of_its_end(
    make: type[LineFollower] | type[LiveFollower],
) -> None:
    """As where the command line turns out to be wrong."""
    console = terminal()
    make(console).end()
    assert printed(console) == ""


class Gone(Terminal):
    """A terminal that was closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("make", [LineFollower, LiveFollower, QuietFollower])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_terminal_that_is_gone_stops_no_grading(
    make: type[LineFollower] | type[LiveFollower],
) -> None:
    console = Console(file=Gone(), force_terminal=True, width=80, height=24)
    follower = make(console)
    with contextlib.suppress(OSError):  # nothing is graded yet
        follower.begin(2, 0)
    follower.started(ENTRIES[0])
    follower.told("A sentence.")
    follower.finished(
        ENTRIES[0], result("k0", None, state=State.SET_ASIDE, problem="Down.")
    )
    follower.end()
