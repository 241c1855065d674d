"""Streams and events of numba-cuda on the simulated clock, and host memory of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.machine import MACHINE

Record = Callable[..., tuple[Any, Evidence]]
LONG = 10**7  # elements that take a kernel some 30 microseconds


@pytest.fixture
def cuda(device: Any) -> Any:
    from numba import cuda

    return cuda


def _work(cp: Any, stream: Any, times: int = 20) -> Any:
    with cp.cuda.ExternalStream(int(stream)):
        x = cp.ones(LONG, cp.float32)
        for _ in range(times):
            x += 1
    return x


def test_events_tell_how_long_the_work_between_them_takes(cp: Any, cuda: Any) -> None:
    stream = cuda.stream()
    begin, end = cuda.event(), cuda.event(timing=True)
    begin.record(stream)
    _work(cp, stream)
    end.record(stream)
    assert not end.query()
    end.synchronize()
    took = cuda.event_elapsed_time(begin, end)
    assert took == begin.elapsed_time(end)
    assert 0.1 < took < 100.0


def test_a_time_is_told_where_it_is_known(cp: Any, cuda: Any) -> None:
    from numba.cuda.cudadrv.driver import CudaAPIError

    stream = cuda.stream()
    begin, end, never = cuda.event(), cuda.event(), cuda.event()
    begin.record(stream)
    _work(cp, stream)
    end.record(stream)
    with pytest.raises(CudaAPIError, match="CUDA_ERROR_NOT_READY"):
        cuda.event_elapsed_time(begin, end)
    for other in (never, cuda.event(timing=False)):
        with pytest.raises(CudaAPIError, match="CUDA_ERROR_INVALID_HANDLE"):
            begin.elapsed_time(other)


def test_a_stream_waits_for_an_event(cp: Any, cuda: Any, record: Record) -> None:
    def run(*, waits: bool) -> None:
        one, other = cuda.stream(), cuda.stream()
        x = _work(cp, one)
        done = cuda.event()
        done.record(one)
        if waits:
            done.wait(other)
        with cp.cuda.ExternalStream(int(other)):
            x *= 2
        cuda.synchronize()

    _, seen = record(lambda: run(waits=True))
    assert not seen.faults
    _, seen = record(lambda: run(waits=False))
    assert {fault.kind for fault in seen.faults} <= {
        "unsynchronized_read",
        "unsynchronized_write",
    }
    assert seen.faults


def test_the_host_waits_at_the_end_of_a_block(cp: Any, cuda: Any) -> None:
    stream = cuda.stream()
    with stream.auto_synchronize() as inside:
        assert inside is stream
        _work(cp, stream)
        done = cuda.event()
        done.record(stream)
        assert not done.query()
    assert done.query()


def test_a_function_is_called_after_the_work(cp: Any, cuda: Any) -> None:
    called: list[Any] = []
    stream = cuda.stream()
    _work(cp, stream)
    stream.add_callback(lambda *arguments: called.append(arguments), 7)
    assert called == [(stream, 0, 7)]
    with pytest.warns(UserWarning, match="Exception in stream callback: no"):
        stream.add_callback(lambda *_: (_ for _ in ()).throw(ValueError("no")))

    async def wait() -> Any:
        return await stream.async_done()

    assert asyncio.run(wait()) is stream


@pytest.mark.parametrize("how", ["pinned_array", "pinned_array_like", "pinned"])
def test_page_locked_memory_of_numba_is_copied_faster(cuda: Any, how: str) -> None:
    plain = np.ones((512, 1024), np.float32, order="F")

    def seconds(array: Any) -> float:
        cuda.to_device(array)
        started = MACHINE.host_time
        cuda.to_device(array)
        cuda.synchronize()
        return float(MACHINE.host_time - started)

    usual = seconds(plain)
    if how == "pinned":
        with cuda.pinned(plain):
            assert seconds(plain) < 0.8 * usual
        assert seconds(plain) > 0.9 * usual
        return
    if how == "pinned_array":
        array = cuda.pinned_array(plain.shape, plain.dtype, order="F")
    else:
        array = cuda.pinned_array_like(plain)
    assert (array.shape, array.dtype, array.strides) == (
        plain.shape, plain.dtype, plain.strides,
    )  # fmt: skip
    array[...] = plain
    assert seconds(array) < 0.8 * usual
