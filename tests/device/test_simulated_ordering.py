"""Work that nothing orders, found whatever the clock says, and order in all its forms."""

# What a fixture gives is a simulated module without types.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from graders.harness.device.simulator import SimulatorDevice, ordering
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.ordering import Access, conflict, remember

SIZE = 64


@pytest.fixture
def faults() -> Iterator[Callable[[], list[str]]]:
    MACHINE.synchronize()
    MACHINE.begin()
    yield lambda: [f.kind for f in MACHINE.end().faults]
    MACHINE.end()


@pytest.fixture
def cuda(device: Any) -> Any:
    """Return numba's ``cuda``, on the simulated device."""
    from numba import cuda

    return cuda


def streams(cp: Any, count: int = 2) -> list[Any]:
    return [cp.cuda.Stream(non_blocking=True) for _ in range(count)]


def written(cp: Any, stream: Any) -> Any:
    """Return an array that a short kernel on a stream writes."""
    with stream:
        return cp.ones(SIZE, dtype="float32") + 1


def test_a_short_kernel_that_nobody_waited_for_is_read_too_early(cp, faults):
    x = written(cp, streams(cp)[0])
    MACHINE.sleep(1.0)  # done long ago, and still by luck alone
    _ = x + 1
    assert faults() == ["unsynchronized_read"]


def test_what_is_still_read_must_not_be_overwritten(cp, faults):
    x = cp.ones(SIZE, dtype="float32")
    MACHINE.synchronize()
    with streams(cp)[0]:
        _ = x + 1
    x += 1
    assert faults() == ["unsynchronized_write"]


def test_two_streams_must_not_write_the_same_bytes(cp, faults):
    x = cp.empty(SIZE, dtype="float32")
    for stream in streams(cp):
        with stream:
            x.fill(1)
    assert faults() == ["unsynchronized_write"]


def by_its_stream(cp: Any, x_stream: Any, _other: Any) -> None:
    x_stream.synchronize()


def by_the_device(cp: Any, _x_stream: Any, _other: Any) -> None:
    cp.cuda.Device().synchronize()


def by_an_event(cp: Any, x_stream: Any, other: Any) -> None:
    other.wait_event(x_stream.record())


def by_an_event_on_the_host(cp: Any, x_stream: Any, _other: Any) -> None:
    x_stream.record().synchronize()


def by_asking_for_the_event(cp: Any, x_stream: Any, _other: Any) -> None:
    event = x_stream.record()
    while not event.done:
        pass


def by_asking_the_stream(cp: Any, x_stream: Any, _other: Any) -> None:
    while not x_stream.done:
        pass


def by_a_function_of_the_host(cp: Any, x_stream: Any, _other: Any) -> None:
    x_stream.launch_host_func(lambda _: None, None)


def through_a_third_stream(cp: Any, x_stream: Any, other: Any) -> None:
    third = cp.cuda.Stream(non_blocking=True)
    third.wait_event(x_stream.record())
    other.wait_event(third.record())


def through_cuda_core(cp: Any, x_stream: Any, other: Any) -> None:
    from graders.harness.device.simulator.cuda_core import as_stream

    as_stream(other).wait(as_stream(x_stream))


def by_a_copy_that_waits(cp: Any, x_stream: Any, _other: Any) -> None:
    with x_stream:
        cp.zeros(1).get()


@pytest.mark.parametrize(
    "wait",
    [
        by_its_stream,
        by_the_device,
        by_an_event,
        by_an_event_on_the_host,
        by_asking_for_the_event,
        by_asking_the_stream,
        by_a_function_of_the_host,
        through_a_third_stream,
        through_cuda_core,
        by_a_copy_that_waits,
    ],
)
def test_order_may_be_made_in_any_way(cp, faults, wait):
    one, other = streams(cp)
    x = written(cp, one)
    wait(cp, one, other)
    with other:
        x += 1
    assert faults() == []


def test_an_event_covers_what_came_before_it_alone(cp, faults):
    one, other = streams(cp)
    event = one.record()
    x = written(cp, one)
    other.wait_event(event)
    with other:
        _ = x + 1
    assert faults() == ["unsynchronized_read"]


def test_the_default_stream_is_ordered_with_streams_that_block(cp, faults):
    blocking = cp.cuda.Stream()
    x = written(cp, blocking)
    x += 1
    with blocking:
        x += 1
    assert faults() == []


def test_streams_that_block_are_not_ordered_with_each_other(cp, faults):
    one, other = cp.cuda.Stream(), cp.cuda.Stream()
    x = written(cp, one)
    with other:
        _ = x + 1
    assert faults() == ["unsynchronized_read"]


@pytest.mark.parametrize(
    "part",
    [
        lambda x, i: x[i * SIZE : (i + 1) * SIZE],
        lambda x, i: x.reshape(SIZE, 2)[:, i],
        lambda x, i: x[i::2],
    ],
    ids=["halves", "columns", "every other"],
)
def test_streams_may_work_on_parts_of_one_array(cp, faults, part):
    x = cp.empty(2 * SIZE, dtype="float32")
    two = streams(cp)
    for i, stream in enumerate(two):
        with stream:
            part(x, i).fill(i)
    for i, stream in enumerate(two):
        with stream:
            _ = part(x, i) + 1
    assert faults() == []


def test_all_of_an_array_needs_all_of_its_parts(cp, faults):
    x = cp.empty(2 * SIZE, dtype="float32")
    one, other = streams(cp)
    for i, stream in enumerate((one, other)):
        with stream:
            x[i * SIZE : (i + 1) * SIZE] = i
    one.synchronize()
    _ = x + 1
    assert faults() == ["unsynchronized_read"]


def test_kernels_of_numba_fill_an_array_together(cp, cuda, faults):
    @cuda.jit
    def fill(out, start):
        i = cuda.grid(1)
        if i < 32:
            out[start + i] = i

    x = cp.empty(SIZE, dtype="float32")
    two = [cuda.stream() for _ in range(2)]
    for i, stream in enumerate(two):
        fill[1, 32, stream](x, 32 * i)
    for stream in two:
        stream.synchronize()
    assert float(x[33]) == 1
    assert faults() == []


def test_a_result_that_nobody_waited_for_is_not_there(cp):
    device = SimulatorDevice()
    device.begin(poison=True, trace=True, operands=[])
    x = written(cp, streams(cp)[0])
    assert np.isnan(device.snapshot(x)).all()
    assert [f.kind for f in device.end().faults] == ["late_write"]


def test_a_copy_to_pinned_memory_arrives_when_the_host_waits(cp, faults):
    import cupyx

    x = cp.arange(SIZE, dtype="float32")
    out = cupyx.empty_pinned(SIZE, dtype="float32")
    (stream,) = streams(cp, 1)
    MACHINE.synchronize()
    x.get(stream=stream, out=out, blocking=False)
    assert np.isnan(out).all()
    with stream:  # ordered behind it, so that this one reads what will be there
        back = cp.asarray(out)
    assert back.get(stream=stream).tolist() == out.tolist() == list(range(SIZE))
    assert faults() == []


def test_an_array_that_numba_copies_down_arrives_likewise(cp, cuda):
    import cupyx

    out = cupyx.empty_pinned(SIZE, dtype="float32")
    stream = cuda.stream()
    x = cuda.to_device(np.ones(SIZE, np.float32))
    x.copy_to_host(out, stream=stream)
    assert np.isnan(out).all()
    stream.synchronize()
    assert out.tolist() == [1.0] * SIZE


def test_what_everybody_knows_is_forgotten():
    block = SimpleNamespace(accesses=[])
    remember(block, Access(1, 1, None, writes=True), {})
    remember(block, Access(1, 2, None, writes=False), {})
    assert len(block.accesses) == 2  # who waits for the reader need not write before it
    assert conflict(block, Access(2, 1, None, writes=False), {1: 1}) is None
    assert conflict(block, Access(2, 1, None, writes=True), {1: 1}) is not None
    remember(block, Access(1, 3, None, writes=True), {})
    assert block.accesses == [Access(1, 3, None, writes=True)]
    remember(block, Access(2, 1, None, writes=False), {1: 3})
    assert block.accesses == [Access(2, 1, None, writes=False)]
    for number in range(2, 200):
        view = np.zeros(1)
        remember(block, Access(2, number, view, writes=True), {})
    assert len(block.accesses) == 32


def test_views_whose_overlap_is_hard_to_tell_are_apart(monkeypatch):
    monkeypatch.setattr(ordering, "_OVERLAP_WORK", 100)
    buffer, shape = np.zeros(10**6, np.uint8), (30, 30, 30, 30)
    a = as_strided(buffer, shape, (19, 641, 6143, 21001))
    b = as_strided(buffer[7:], shape, (23, 643, 6151, 20011))
    block = SimpleNamespace(accesses=[Access(1, 1, a, writes=True)])
    assert conflict(block, Access(2, 1, b, writes=True), {}) is None
    monkeypatch.setattr(ordering, "_OVERLAP_WORK", 10_000)
    assert conflict(block, Access(2, 1, b, writes=True), {}) is not None
