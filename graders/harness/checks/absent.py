"""A program of the grader's own that is not there: learners' bundles hold no solutions."""

from __future__ import annotations

from typing import Any, NoReturn

from graders.harness.checks.learner import Learner
from graders.harness.errors import NotRun


class ProgramAbsent(NotRun):
    """What a check compares with is not there: its points are neither given nor taken."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"It compares with a program that is not here ({name}): a learners' bundle "
            "holds no solutions. It is checked where your work is handed in."
        )


class AbsentProgram(Learner):
    """Stands for a reference or a baseline that is not there: every use says so."""

    @property
    def on_gpu(self) -> bool:
        """Whether it would run on a GPU."""
        return self._server.device == "cuda"

    def call(self, *_args: Any, **_options: Any) -> NoReturn:
        """Say that the program is absent."""
        raise ProgramAbsent(self._path.name)

    def hold(self, _args: tuple[Any, ...]) -> NoReturn:
        """Say that the program is absent."""
        raise ProgramAbsent(self._path.name)

    def call_held(self, *_args: Any, **_options: Any) -> NoReturn:
        """Say that the program is absent."""
        raise ProgramAbsent(self._path.name)
