"""``prepare``: where no GPU answers, a simulated one for this session."""

from __future__ import annotations

import os
import re
import sys
from importlib import metadata

from graders.harness.catalog import ROOT
from graders.harness.errors import HarnessError

_PACKAGES = ("cupy", "cupyx", "nvmath")
# How IPython, Jupyter and Python's prompt name what was typed into them.
_TYPED = re.compile(
    r"<ipython-input-.*|<python-input-\d+>|<stdin>|.*[/\\]ipykernel_\d+[/\\].*"
)
#: What ``prepare`` and ``check`` can be asked for.
DEVICES = ("auto", "cuda", "simulator")


class _State:
    """What ``prepare`` has done in this process."""

    asked = "auto"
    simulated = False


def prepared_device() -> str:
    """Return the device that this session was prepared for: ``"auto"`` where none."""
    return _State.asked


def prepare(device: str = "auto") -> None:
    """
    Get this session ready, in its first cell: where no GPU answers, simulate one.

    Then ``import cupy`` and ``import nvmath`` give the simulator's, and a clock that your
    cells read shows the simulated time. With a GPU nothing is changed. One printed line
    says which it is; no exception comes out of it.

    Args:
        device: ``"auto"``, ``"cuda"`` or ``"simulator"``. The default takes a GPU where
            one answers.
    """
    try:
        print(_prepared(device))  # noqa: T201 - a session's first cell speaks
    except HarnessError as err:
        print(f"Not prepared: {err}")  # noqa: T201
    except Exception as err:  # noqa: BLE001 - a learner's notebook goes on
        print(_failure(err))  # noqa: T201


def _prepared(asked: str) -> str:
    from graders.harness.session import choose_device  # noqa: PLC0415 - brings NumPy

    if asked not in DEVICES:
        return f"Not prepared: device is one of {', '.join(DEVICES)} (got {asked!r})."
    if _State.simulated:
        if asked == "cuda":
            return "This session is on the simulator. Restart it to use a GPU."
        return "This session is on the simulator already."
    device, why = choose_device(asked)
    if device == "cuda":
        _State.asked = asked
        return "A GPU answers: cupy and nvmath run on it."
    before = [name for name in _PACKAGES if name in sys.modules]
    if before:
        return (
            f"Not prepared: {' and '.join(before)} came before it. Restart the session, "
            "and call prepare() before anything imports cupy or nvmath: in the first cell."
        )
    _install()
    _State.asked, _State.simulated = asked, True
    return f"cupy and nvmath run on the simulator: {why}."


def _install() -> None:
    from graders.harness.device.simulator import SimulatorDevice  # noqa: PLC0415

    simulated = SimulatorDevice()
    simulated.install()
    simulated.start()
    simulated.is_learner_file = _is_typed_or_beside


def _is_typed_or_beside(name: str) -> bool:
    """Return whether code is the learner's: typed here, or in a file beside it."""
    if _TYPED.fullmatch(name):
        return True
    folder = os.path.dirname(name)  # noqa: PTH120 - asked at every reading of a clock
    return folder == os.getcwd() and folder != str(ROOT)  # noqa: PTH109


def _failure(err: Exception) -> str:
    if isinstance(err, ImportError | metadata.PackageNotFoundError):
        return f"Not prepared: {err}. Run: pip install -e . in the grader's folder."
    return (
        f"Not prepared, and it is not your fault: {type(err).__name__}: {err}. Tell your "
        "instructor."
    )
