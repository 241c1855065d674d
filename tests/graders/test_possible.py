"""A crash is the machine's where the reference crashes too, and else the program's."""

from __future__ import annotations

from typing import Any

import pytest

from graders.harness.checks.possible import on_a_machine_for
from graders.harness.errors import Crashed, EnvironmentUnavailable, WrongValue


class Reference:
    """A reference that crashes, or does not."""

    def __init__(self, crash: str = "") -> None:
        self.crash = crash
        self.calls: list[tuple[Any, ...]] = []

    def call(self, *args: Any, may_raise: tuple[str, ...] = ()) -> None:
        self.calls.append((*args, may_raise))
        if self.crash:
            raise Crashed(self.crash)


def crash_inside(reference: Any, failure: Exception) -> None:
    with on_a_machine_for(reference, "solve", 1, 2, may_raise=("builtins.ValueError",)):
        raise failure


def test_a_program_that_crashes_alone_is_to_blame() -> None:
    reference = Reference()
    with pytest.raises(Crashed, match="its own"):
        crash_inside(reference, Crashed("its own"))
    assert reference.calls == [("solve", 1, 2, ("builtins.ValueError",))]


def test_where_both_crash_it_is_the_machine() -> None:
    with pytest.raises(EnvironmentUnavailable, match=r"libcudss.*grade\.py doctor"):
        crash_inside(Reference("no libcudss"), Crashed("no libcudss"))


def test_other_failures_do_not_ask_the_reference() -> None:
    reference = Reference("no libcudss")
    with pytest.raises(WrongValue):
        crash_inside(reference, WrongValue("apart"))
    assert not reference.calls
