"""Single keystrokes from a terminal, which is left as it was found in every case."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import termios
from types import TracebackType
from typing import Any

#: What a terminal sends for keys that are no letters, such as an arrow: not for us.
_SEQUENCE = re.compile(r"\x1b(\[[0-9;?<=>]*[ -/]*[@-~]|O.|.)?")
#: Told as a key where there will be no more of them.
END = ""


class Keys:
    """
    The keys of the terminal that standard input is, if it is one.

    As a context manager it has the terminal hand over each key at once, without showing
    it, and puts the terminal back at the end. Ctrl-C and Ctrl-Z work as they always do.

    Args:
        number: The file descriptor to read. The default is standard input; None is for
            a process that has none.
    """

    def __init__(self, number: int | None = None) -> None:
        self._number = _standard_input() if number is None else number
        self._before: list[Any] | None = None
        self._ended = self._number is None

    @property
    def are_read(self) -> bool:
        """Whether there is a terminal to press keys at."""
        return self._number is not None and os.isatty(self._number)

    @property
    def number(self) -> int | None:
        """The descriptor on which to wait; None where nothing more can come from it."""
        if self._ended or self._number is None:
            return None
        if self.are_read and not self._in_foreground():
            return None  # who reads in the background is stopped by the terminal
        return self._number

    def take(self) -> list[str]:
        """Return the keys that were pressed, small letters; :data:`END` is the last."""
        if self._number is None or self._ended:
            return []
        try:
            data = os.read(self._number, 1024)
        except InterruptedError:
            return []
        except OSError:  # the terminal is gone
            data = b""
        if not data:
            self._ended = True
            return [END]
        if not self.are_read:
            return []  # what a pipe says is not meant for us; its end is
        return list(_SEQUENCE.sub("", data.decode("utf-8", "ignore")).lower())

    def enter(self) -> None:
        """Ask the terminal for single keys, where it is ours to ask."""
        if self._number is None or not self.are_read or not self._in_foreground():
            return
        with contextlib.suppress(termios.error):
            now = termios.tcgetattr(self._number)
            if self._before is None:
                self._before = list(now)
            now[3] &= ~(termios.ICANON | termios.ECHO)
            now[6] = list(now[6])
            now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._number, termios.TCSANOW, now)

    def leave(self) -> None:
        """Put the terminal back as it was; safe to call twice."""
        before, self._before = self._before, None
        if before is None or self._number is None or not self._in_foreground():
            return  # in the background the terminal is somebody else's by now
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._number, termios.TCSANOW, before)

    def _in_foreground(self) -> bool:
        assert self._number is not None
        try:
            return os.tcgetpgrp(self._number) == os.getpgrp()
        except OSError:  # it is gone, or not the terminal that started us
            return True

    def __enter__(self) -> Keys:
        self.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()


def _standard_input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # None, or a stand-in without one
        return None
