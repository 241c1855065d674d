"""Arguments read item by item, results given item by item, and what shares memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    ArrayValue,
    Learner,
    Opaque,
    expect_own_memory,
    expect_settled,
    expect_shared_memory,
    gpu,
    stream,
)
from graders.harness.device.transfers import refill
from graders.harness.errors import WrongValue
from graders.harness.supervisor import ForkServer
from graders.harness.worker import sharing, wire

PROGRAM = """
import itertools

import cupy as cp


def doubled(items):
    assert not hasattr(items, "__len__") and iter(items) is items
    return [2 * x for x in items]


def lazily(items):
    for x in items:
        yield 2 * x


def pairs(items):
    return map(lambda pair: pair[0] + pair[1], items)


def in_place(items):
    for x in items:
        x *= 2
        yield x


def kept(items):
    return list(items)


def one_buffer(items):
    out = None
    for x in items:
        out = cp.empty_like(x) if out is None else out
        cp.multiply(x, 2, out=out)
        yield out


def shifted(items):
    whole = cp.zeros((3, 4), dtype=cp.float32)
    return [whole[:2], whole[1:], whole[:, ::2], whole[:, 1::2]]


def emptied(items):
    items.clear()


def raises(items):
    yield next(items)
    raise ValueError("half way")


def endless(items):
    return itertools.repeat(next(items))


class Sealed:
    @property
    def strides(self):
        raise RuntimeError("not yours to see")

    shape = strides


def sealed(items):
    return [next(items), Sealed()]


def shrinking(items):
    pair = [next(items), next(items)]
    yield pair
    pair.clear()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "streams.py").write_text(PROGRAM)
    with ForkServer("simulator") as server:
        learner = Learner(folder / "streams.py", "streams", server, timeout=30)
        yield learner
        learner.close()


def numbers(count: int = 4) -> list[Any]:
    return [np.full((2, 3), float(i), dtype=np.float32) for i in range(1, count + 1)]


def values(seen: Any) -> list[float]:
    return [float(item.array.flat[0]) for item in seen.value]


@pytest.mark.parametrize("function", ["doubled", "lazily"])
@pytest.mark.parametrize("reuse", [False, True])
def test_items_reach_the_program_one_by_one(
    program: Learner, function: str, reuse: bool
) -> None:
    items = [gpu(x) for x in numbers()]
    seen = program.call(function, stream(items, reuse_buffer=reuse))
    assert values(seen) == [2, 4, 6, 8]
    assert not seen.changed
    assert not seen.late_write
    assert seen.shared_results == seen.shared_arguments == ()
    assert not seen.evidence.copies  # the producer's own are no evidence


def test_items_may_be_pairs(program: Learner) -> None:
    items = [(gpu(x), gpu(x + 1)) for x in numbers()]
    for reuse in (False, True):
        seen = program.call("pairs", stream(items, reuse_buffer=reuse))
        assert values(seen) == [3, 5, 7, 9]


def test_results_in_the_place_of_arguments(program: Learner) -> None:
    seen = program.call("in_place", stream([gpu(x) for x in numbers()]))
    assert values(seen) == [2, 4, 6, 8]
    assert seen.shared_arguments == ((0, 0), (1, 1), (2, 2), (3, 3))
    assert seen.changed == (0,)
    assert not seen.shared_results


def test_writing_into_a_reused_buffer_shows(program: Learner) -> None:
    items = stream([gpu(x) for x in numbers()], reuse_buffer=True)
    seen = program.call("in_place", items, fresh=True)
    assert values(seen) == [2, 4, 6, 8]
    assert seen.changed == (0,)
    assert seen.late_write
    assert len(seen.shared_results) == 6


def test_a_reused_buffer_that_is_kept_shows(program: Learner) -> None:
    items = stream([gpu(x) for x in numbers()], reuse_buffer=True)
    assert values(program.call("kept", items)) == [4, 4, 4, 4]


def test_items_are_read_as_they_come(program: Learner) -> None:
    seen = program.call("one_buffer", stream([gpu(x) for x in numbers()]))
    assert values(seen) == [2, 4, 6, 8]
    assert seen.late_write
    assert len(seen.shared_results) == 6


def test_only_common_elements_are_shared(program: Learner) -> None:
    seen = program.call("shifted", stream([gpu(x) for x in numbers()]))
    assert (0, 1) in seen.shared_results
    assert (2, 3) not in seen.shared_results


def test_what_cannot_be_looked_at_is_not_known_to_be_apart(program: Learner) -> None:
    seen = program.call("sealed", stream([gpu(x) for x in numbers()]))
    assert seen.shared_results is seen.shared_arguments is seen.reused_results is None
    for check in (
        lambda: expect_own_memory(seen),
        lambda: expect_shared_memory(seen, []),
        lambda: expect_settled(seen),
    ):
        with pytest.raises(WrongValue, match="cannot be told"):
            check()


def test_a_result_that_loses_an_array_afterwards_has_changed(program: Learner) -> None:
    seen = program.call("shrinking", stream([gpu(x) for x in numbers()]))
    assert seen.late_write


def test_a_list_of_arrays_that_is_emptied_has_changed(program: Learner) -> None:
    assert program.call("emptied", [gpu(x) for x in numbers()]).changed == (0,)


def test_long_lists_are_told_apart(program: Learner) -> None:
    first = [gpu(np.zeros(5000, np.float32))]
    second = [gpu(np.eye(1, 5000, 2500, dtype=np.float32)[0])]
    assert program.call("doubled", stream(first)).value[0].array.sum() == 0
    assert program.call("doubled", stream(second)).value[0].array.sum() == 2


def test_an_iterator_that_raises_or_never_ends(program: Learner) -> None:
    with pytest.raises(Exception, match="half way"):
        program.call("raises", stream([gpu(x) for x in numbers()]))
    value = program.call("endless", stream([gpu(x) for x in numbers()])).value
    assert isinstance(value, Opaque)
    assert "4,000" in value.type_name


def test_a_stream_crosses() -> None:
    encoder = wire.Encoder()
    node = encoder.encode(stream([(gpu(np.ones(3)), 7)], reuse_buffer=True))
    back = wire.decode(node, encoder.blobs)
    assert isinstance(back, wire.StreamValue)
    assert back.reuse_buffer
    assert isinstance(back.items[0][0], ArrayValue)


def test_host_arrays_share_memory_too() -> None:
    x = np.zeros((4, 6))
    found = sharing.facts([x[1:], x.T, x.copy(), np.zeros(0)], [x, x[:1], 3])
    assert found["shared_results"] == [(0, 1)]
    assert found["shared_arguments"] == [(0, 0), (1, 0), (1, 1)]


def test_results_in_the_place_of_an_earlier_call_s() -> None:
    x, kept = np.zeros((4, 6)), np.zeros(5)
    found = sharing.facts([x[1:], kept[:2], np.ones(3)], [x], [x, kept])
    assert found["reused_results"] == [1]  # the first lies in an argument
    assert sharing.facts([kept], [], [kept.copy()])["reused_results"] == []


def test_a_structure_may_contain_itself() -> None:
    cycle: list[Any] = [np.ones(3)]
    cycle += [cycle, cycle]
    assert sharing.facts(cycle, [])["shared_arguments"] == []


def test_refill_keeps_the_order_of_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    class Target:
        strides = (8, 16)
        buffer = np.zeros(6)

        class data:  # noqa: N801 - as CuPy's
            ptr = 0

    class Runtime:
        @staticmethod
        def memcpy(_to: int, source: int, count: int, _kind: int) -> None:
            import ctypes

            ctypes.memmove(Target.buffer.ctypes.data, source, count)

    class FakeCupy:
        class cuda:  # noqa: N801 - as CuPy's
            runtime = Runtime

    monkeypatch.setattr("importlib.import_module", lambda _name: FakeCupy)
    refill(Target, np.arange(6.0).reshape(2, 3))
    assert Target.buffer.tolist() == [0, 3, 1, 4, 2, 5]
