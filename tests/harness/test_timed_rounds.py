"""Rounds of a held call, in a real worker: turned inputs, and rows of the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.checks import Learner, gpu, turned
from graders.harness.checks.timed_results import rows_of
from graders.harness.device.transfers import outermost_axis, turned_bytes
from graders.harness.errors import WrongValue
from graders.harness.supervisor import ForkServer, Timed
from graders.harness.worker.sampling import sampled_rows

PROGRAM = """
import numpy as np


def same(array):
    return array


def listed(array):
    return [array[i] for i in range(len(array))]


def on_the_host(array):
    return array.get()


def seeded(seed):
    return np.full(2, seed)


def counted_up(array):
    array += 1
    return array


def nothing(array):
    return None


def first_counted_up(arrays, array):
    arrays[0] += 1


def second_counted_up(arrays, array):
    array += 1


def neither(arrays, array):
    return arrays[0] + array
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    path = tmp_path_factory.mktemp("rounds") / "rounds.py"
    path.write_text(PROGRAM)
    with ForkServer("simulator") as server:
        learner = Learner(path, "rounds", server, timeout=20)
        yield learner
        learner.close()


def rows(program: Learner, function: str, turn: int, sample: int) -> list[Any]:
    value = program.call_held(function, timed=Timed(turn=turn, sample=sample)).value
    return [row.tolist() for row in rows_of(value)]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("place", [gpu, np.copy])
def test_a_change_of_what_is_held_is_seen(
    place: Any, order: Any, program: Learner
) -> None:
    """And the next call gets what was held, unless its numbers are turned."""
    array = np.arange(60.0).reshape(5, 12).copy(order)
    program.hold(([place(array)], place(array)))
    assert program.call("first_counted_up", fresh=True).changed == (0,)
    assert program.call("second_counted_up", fresh=True).changed == (1,)
    assert program.call("neither", fresh=True).changed == ()
    turned = program._ready().call("neither", (), timeout=20, timed=Timed(turn=2))
    assert turned.changed == ()


@pytest.mark.parametrize("order", ["C", "F"])
def test_inputs_are_turned(order: Any, program: Learner) -> None:
    """Along the outermost axis in memory, and with the same strides."""
    array = np.arange(60, dtype=np.float32).reshape(5, 12).copy(order)
    axis = {"C": 0, "F": 1}[order]
    program.hold((gpu(array),))
    for turn in (0, 1, 7):
        turned = np.roll(array, turn, axis).tolist()
        found = rows(program, "same", turn, sample=3)
        assert all(row in turned for row in found)
        assert len(found) > len(turned)
    program.hold((gpu(np.float32(3)),))
    assert rows(program, "same", 1, sample=3)[0] == [3.0]


def test_the_same_rows_come_of_all_forms(program: Learner) -> None:
    """An array or a list of its parts, on the device or the host; others by other draws."""
    array = np.random.default_rng(1).random((6, 5, 4))
    program.hold((gpu(array),))
    first = rows(program, "same", 2, sample=11)
    assert first == rows(program, "listed", 2, sample=11)
    assert first == rows(program, "on_the_host", 2, sample=11)
    assert first != rows(program, "same", 2, sample=12)
    assert first != rows(program, "same", 3, sample=11)


def test_a_result_without_rows_is_the_programs_fault(program: Learner) -> None:
    """It is told that it returned no array; a round that is not judged sends nothing."""
    program.hold((gpu(np.ones(3)),))
    with pytest.raises(WrongValue, match="no array with numbers"):
        rows(program, "nothing", 0, sample=1)
    assert program.call_held("same").value is None


def test_long_rows_are_cut(program: Learner) -> None:
    """Of a vector some thousand numbers cross, wherever they lie."""
    program.hold((gpu(np.arange(20_000, dtype=np.float64)),))
    found = rows(program, "same", 0, sample=5)
    assert {len(row) for row in found} == {4096}
    assert len({row[0] for row in found}) > 100


def test_deep_results_end_somewhere() -> None:
    """A list that contains itself has no rows."""

    def read(value: Any) -> npt.NDArray[Any] | None:
        return None

    endless: list[Any] = []
    endless.append(endless)
    assert sampled_rows(endless, 1, read) is None
    assert sampled_rows([], 1, read) is None


@pytest.mark.parametrize(
    ("shape", "order", "turn", "expected"),
    [
        ((5, 3), "C", 2, 2 * 3 * 8),
        ((5, 3), "F", 2, 2 * 5 * 8),
        ((5, 3), "C", 12, 2 * 3 * 8),
        ((1, 3), "C", 4, 8),
        ((1,), "C", 4, 0),
        ((), "C", 4, 0),
    ],
)
def test_turns_in_bytes(
    shape: tuple[int, ...], order: Any, turn: int, expected: int
) -> None:
    """Two copies within the GPU turn a dense array: how much each moves."""
    array = np.zeros(shape, order=order)
    assert turned_bytes(array, turn) == expected
    axis = outermost_axis(array)
    if axis is not None:
        size, shift = array.nbytes, expected
        array = np.arange(array.size, dtype=float).reshape(shape, order="F").copy(order)
        flat = array.ravel(order="K").view(np.uint8)
        turned = np.concatenate([flat[size - shift :], flat[: size - shift]])
        wanted = np.roll(array, turn, axis).copy(order).ravel(order="K")
        assert turned.view(float).tolist() == wanted.tolist()


def test_each_call_gets_a_host_array_of_its_own(program: Learner) -> None:
    """What one round writes into it, the next one does not see."""
    program.hold((np.arange(3.0),))
    for _ in range(2):
        assert rows(program, "counted_up", 0, sample=1)[0] == [1.0, 2.0, 3.0]
    seen = program.call("counted_up")
    assert seen.changed == (0,)
    assert seen.value.array.tolist() == [1.0, 2.0, 3.0]


def test_a_number_is_another_in_each_round(program: Learner) -> None:
    """Modulo its bound; a call that is no round gets it as it is."""
    program.hold((turned(5, 8),))
    found = {rows(program, "seeded", turn, sample=1)[0][0] for turn in range(8)}
    assert found == set(range(8))
    assert rows(program, "seeded", 2, sample=1)[0] == [7, 7]
    assert program.call("seeded", turned(5, 8)).value.array.tolist() == [5, 5]
