"""Streams that a shell closed, as with ``>&-``. Imports nothing that must be installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def open_closed_streams() -> None:
    """
    Let what is printed go nowhere where a stream is closed, as by ``>&-`` in a shell.

    Python has None for it then. Its descriptor is taken as well: else the next file that
    is opened would get it, and with that all that a child process prints.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:  # it is free, as it should be
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
        mode = "r" if name == "stdin" else "w"
        nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - stays
        setattr(sys, name, nowhere)
