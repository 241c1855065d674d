"""Programs that share a GPU: none is blamed for what another one did to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness.checks import Learner
from graders.harness.errors import Crashed, Failure, OutOfMemory, TimedOut
from graders.harness.measure import troubles
from graders.harness.measure.lease import Lease
from graders.harness.measure.troubles import Troubles
from graders.harness.supervisor import ForkServer

PROGRAM = """
def hang():
    while True:
        pass


def take():
    raise MemoryError


def add(a, b):
    return a + b
"""
DEADLINE = 0.5

Open = Callable[[], Learner]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("simulator") as running:
        yield running


@pytest.fixture
def opened(server: ForkServer, tmp_path: Path) -> Iterator[Open]:
    """Open the program once more, as another grading on the same GPU would."""
    (tmp_path / "probe.py").write_text(PROGRAM)
    programs: list[Learner] = []

    def another() -> Learner:
        lease = Lease("gpu-0", tmp_path)
        path = tmp_path / "probe.py"
        programs.append(Learner(path, "probe", server, timeout=DEADLINE, lease=lease))
        return programs[-1]

    yield another
    for program in programs:
        program.close()


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Say of each attempt to call whether it had the GPU alone."""
    made: list[bool] = []
    plain = Learner._attempt

    def attempt(self: Learner, *args: Any, alone: bool, **how: Any) -> Any:
        made.append(alone)
        return plain(self, *args, alone=alone, **how)

    monkeypatch.setattr(Learner, "_attempt", attempt)
    return made


@pytest.mark.parametrize(
    ("function", "failure"), [("hang", TimedOut), ("take", OutOfMemory)]
)
def test_whoever_fails_by_itself_is_blamed_at_once(
    function: str, failure: type[Failure], opened: Open, attempts: list[bool]
) -> None:
    """Without a neighbour in trouble nothing is tried again."""
    opened().call("add", 1, 2)
    with pytest.raises(failure):
        opened().call(function)
    assert attempts == [False, False]


@pytest.mark.parametrize("neighbour", ["hang", "take"])
def test_beside_a_neighbour_in_trouble_it_is_tried_again_alone(
    neighbour: str, opened: Open, attempts: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails beside a program that hangs may have done so for that."""
    other, program = opened(), opened()
    program.call("add", 0, 0)  # its worker has started
    del attempts[:]
    plain = Learner._attempt

    def with_neighbour(self: Learner, *args: Any, alone: bool, **how: Any) -> Any:
        if self is program and not alone:
            with pytest.raises(Failure):
                other.call(neighbour)
            attempts.append(alone)
            return TimedOut("It took too long.")
        return plain(self, *args, alone=alone, **how)

    monkeypatch.setattr(Learner, "_attempt", with_neighbour)
    assert program.call("add", 1, 2).value == 3
    assert attempts == [False, False, True]


@pytest.fixture
def troubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody else be in trouble during each first attempt."""
    somebody = Lease("gpu-0", tmp_path)
    plain = Learner._attempt

    def attempt(self: Learner, *args: Any, alone: bool, **how: Any) -> Any:
        if not alone:
            somebody.note_trouble(time.monotonic())
        return plain(self, *args, alone=alone, **how)

    monkeypatch.setattr(Learner, "_attempt", attempt)


@pytest.mark.usefixtures("troubled")
def test_the_one_at_fault_fails_alone_as_well(
    opened: Open, attempts: list[bool]
) -> None:
    """It is blamed after the second time, when nobody else can be."""
    with pytest.raises(TimedOut):
        opened().call("hang")
    assert attempts == [False, True]


@pytest.mark.usefixtures("troubled")
def test_a_crash_is_a_crash(opened: Open, attempts: list[bool]) -> None:
    """Only time and memory are shared with neighbours."""
    with pytest.raises(Crashed):
        opened().call("add", 1, "2")
    assert attempts == [False]


def test_old_troubles_are_nobody_s(tmp_path: Path) -> None:
    """What was over before a call began is not its neighbour's; nor is its own."""
    found = Troubles(tmp_path / "troubles")
    assert not found.others("me", 0.0)
    now = time.monotonic()
    found.note("somebody", now - 3, now - 2)
    found.note("me", now - 1, now)
    assert found.others("me", now - 2.5)
    assert not found.others("me", now - 1)
    found.note("from before the machine began anew", now + 1e6, now + 2e6)
    assert not found.others("me", now - 1)


def test_the_record_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins anew once it is long; lines that are none are passed over."""
    monkeypatch.setattr(troubles, "_MOST_BYTES", 100)
    path = tmp_path / "troubles"
    path.write_text("torn line\n" * 20)
    found = Troubles(path)
    assert not found.others("me", 0.0)
    found.note("somebody", 0.0, 1.0)
    assert path.read_text().splitlines() == ["somebody 0.0 1.0"]
    assert found.others("me", 0.5)
