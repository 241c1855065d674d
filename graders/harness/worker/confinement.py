"""What a worker gives up before it loads a line of the learner's.

Each layer is a function that says whether it holds; their names go into the report. This is
the place where the sandbox's further layers belong. Imports nothing of the engine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_MAX_FILE_BYTES = 2 * 2**30
_HIDDEN_PACKAGES = ("reference", "graders", "tests", "assignments", "grade")


class HiddenPackages:
    """An import hook that keeps the harness's own packages out of the learner's reach."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Refuse the harness's packages, leave every other name to the next finder."""
        del path, target
        if name.partition(".")[0] in _HIDDEN_PACKAGES:
            msg = f"No module named {name!r}"
            raise ModuleNotFoundError(msg, name=name)
        return None


def hide_packages(root: str) -> None:
    """Take the repository off the import path and refuse its packages by name."""
    sys.path[:] = [p for p in sys.path if os.path.realpath(p or ".") != root]
    sys.meta_path.insert(0, HiddenPackages())


def confine() -> list[str]:
    """
    Give up what the worker does not need; return the names of the layers that hold.

    Call it in the forked child, before the learner's module is loaded.
    """
    layers = []
    os.setsid()
    layers.append("own session")
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _MAX_FILE_BYTES),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    layers.append("file limits")
    layers += _prctl_layers()
    return layers


def _prctl_layers() -> list[str]:
    if not sys.platform.startswith("linux"):
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    layers = []
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0:
        layers.append("dies with its server")
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        layers.append("no new privileges")
    return layers
