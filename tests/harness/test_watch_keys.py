"""Keys and signals: what is read, and that the terminal is left as it was found."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import pytest

from graders.harness.watching import keys as keys_module
from graders.harness.watching.inbox import (
    Ended,
    Event,
    Inbox,
    Pressed,
    Resumed,
    Touched,
    signals_to,
)
from graders.harness.watching.keys import END, Keys


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: what the user types into, and what the program reads."""
    user, program = pty.openpty()
    yield user, program
    for number in (user, program):
        with contextlib.suppress(OSError):  # the test may have closed it
            os.close(number)


def settings(number: int) -> list[Any]:
    return termios.tcgetattr(number)


def is_cooked(number: int) -> bool:
    wanted = termios.ICANON | termios.ECHO
    return settings(number)[3] & wanted == wanted


# ------------------------------------------------------------------------- the terminal


def test_terminal_is_put_back(terminal: tuple[int, int]) -> None:
    """Single keys, not shown, and Ctrl-C as ever; afterwards all is as before."""
    user, program = terminal
    before = settings(program)
    with Keys(program) as keys:
        during = settings(program)[3]
        assert not during & (termios.ICANON | termios.ECHO)
        assert during & termios.ISIG
        os.write(user, b"h")
        time.sleep(0.05)
        assert keys.take() == ["h"]
    assert settings(program) == before


def test_terminal_is_put_back_after_an_error(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before = settings(program)
    with pytest.raises(KeyboardInterrupt), Keys(program):
        raise KeyboardInterrupt
    assert settings(program) == before


def test_entering_twice_keeps_what_was_first(terminal: tuple[int, int]) -> None:
    """As after a stop during which the terminal was not put back."""
    _, program = terminal
    before = settings(program)
    keys = Keys(program)
    keys.enter()
    keys.enter()
    keys.leave()
    assert settings(program) == before
    keys.leave()


def test_terminal_of_others_is_left_alone(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the background nothing is read or changed: the terminal would stop us."""
    user, program = terminal
    before = settings(program)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    with Keys(program) as keys:
        assert settings(program) == before
        os.write(user, b"h")
        assert keys.number is None
        assert keys.are_read
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        keys.enter()  # as when it is brought to the foreground
        assert keys.number == program
        assert settings(program) != before
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    assert settings(program) != before  # it is not ours to change any more


# ----------------------------------------------------------------------------- the keys


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        (b"hn", ["h", "n"]),
        (b"Q", ["q"]),
        (b"\x1b[A\x1b[1;5Ca\x1bOP", ["a"]),  # arrows and F1 are no letters
        (b"\x1b", []),
        (b"\xff\xfe", []),
        (b"\x04", ["\x04"]),
    ],
)
def test_keys(typed: bytes, taken: list[str], terminal: tuple[int, int]) -> None:
    user, program = terminal
    with Keys(program) as keys:
        os.write(user, typed)
        time.sleep(0.05)
        assert keys.take() == taken


def test_terminal_that_is_closed(terminal: tuple[int, int]) -> None:
    """It is the end of the keys, told once, and no error."""
    user, program = terminal
    with Keys(program) as keys:
        os.close(user)
        assert keys.take() == [END]
        assert keys.take() == []
        assert keys.number is None


def test_what_a_pipe_says_is_not_for_us() -> None:
    """Without a terminal there are no keys; the end of the input is the end."""
    read, write = os.pipe()
    with Keys(read) as keys:
        assert not keys.are_read
        os.write(write, b"q")
        assert keys.take() == []
        os.close(write)
        assert keys.take() == [END]
    os.close(read)


def test_process_without_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with Keys() as keys:
        assert keys.number is None
        assert not keys.are_read
        assert keys.take() == []
    assert keys_module.END == ""


# -------------------------------------------------------------------------- the signals


@pytest.fixture
def inbox(terminal: tuple[int, int]) -> Iterator[Inbox]:
    """An inbox that hears a terminal."""
    box = Inbox(Keys(terminal[1]))
    yield box
    box.close()


def wait(inbox: Inbox, seconds: float = 5) -> list[Event]:
    return list(inbox.wait(seconds))


def test_inbox_hears_all(inbox: Inbox, terminal: tuple[int, int]) -> None:
    """Keys and what is posted; nothing where nothing happens, after the time asked."""
    user, program = terminal
    started = time.monotonic()
    assert wait(inbox, 0.05) == []
    assert 0.04 < time.monotonic() - started < 2
    with Keys(program):
        inbox.post(Touched())
        inbox.post(Touched())
        os.write(user, b"r")
        time.sleep(0.05)
        assert wait(inbox) == [Pressed("r"), Touched(), Touched()]
        assert wait(inbox, 0) == []


def test_many_events_do_not_block(inbox: Inbox) -> None:
    """However many are posted before anybody looks."""
    for _ in range(100_000):
        inbox.post(Touched())
    assert len(wait(inbox)) == 100_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_are_events(number: int, inbox: Inbox) -> None:
    """They wake whoever waits; afterwards the handlers are those from before."""
    before = signal.getsignal(number)
    with signals_to(inbox, Keys(inbox._read)):
        os.kill(os.getpid(), number)
        assert wait(inbox) == [Ended(number)]
    assert signal.getsignal(number) == before


def test_ctrl_c_is_not_lost_in_a_finalizer(inbox: Inbox) -> None:
    """An exception would be: Python goes on after one that a finalizer raises."""

    class Final:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    with signals_to(inbox, Keys(inbox._read)):
        final = Final()
        del final
        assert wait(inbox) == [Ended(signal.SIGINT)]


def test_a_second_ctrl_c_is_an_interrupt(inbox: Inbox) -> None:
    """Should nobody take events any more."""
    with signals_to(inbox, Keys(inbox._read)):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_going_on_takes_the_terminal_again(
    inbox: Inbox, terminal: tuple[int, int]
) -> None:
    _, program = terminal
    keys = Keys(program)
    with signals_to(inbox, keys):
        assert is_cooked(program)
        os.kill(os.getpid(), signal.SIGCONT)
        assert wait(inbox) == [Resumed()]
        assert not is_cooked(program)
    keys.leave()
    assert is_cooked(program)


def test_ignored_signals_stay_ignored(inbox: Inbox) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_to(inbox, Keys(inbox._read)):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            os.kill(os.getpid(), signal.SIGHUP)
            assert wait(inbox, 0.05) == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_forked_processes_end_as_others_do(inbox: Inbox) -> None:
    """A process that grades is forked off the watch and is no watch: a signal ends it."""
    read, write = os.pipe()
    with signals_to(inbox, Keys(inbox._read)):
        pid = os.fork()
        if pid == 0:
            os.write(write, b".")  # Python forgets what came before it was ready
            time.sleep(30)
            os._exit(0)
        os.read(read, 1)
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status)
        assert wait(inbox, 0.05) == []
    os.close(read)
    os.close(write)
