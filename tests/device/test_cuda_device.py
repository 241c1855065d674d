"""How the CUDA device puts its evidence together, over a stand-in for CuPy."""

from __future__ import annotations

import ctypes
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from graders.harness.device.activities import Activities
from graders.harness.device.cuda import CudaDevice
from graders.harness.device.evidence import Copy, Evidence
from graders.harness.device.poison import PoisoningAllocator


class _Block:
    """Memory of the stand-in's pool."""

    def __init__(self, nbytes: int) -> None:
        self._buffer = np.zeros(max(nbytes, 1), np.uint8)
        self.ptr = self._buffer.ctypes.data

    def memset_async(self, value: int, nbytes: int) -> None:
        ctypes.memset(self.ptr, value, nbytes)


class _Array:
    """The stand-in's ``cupy.ndarray``."""

    def __init__(
        self, shape: Any, *, dtype: Any, memptr: Any = None, strides: Any = None
    ) -> None:
        plain = np.empty(shape, dtype)
        self.shape, self.dtype, self.nbytes = plain.shape, plain.dtype, plain.nbytes
        self.strides = plain.strides if strides is None else strides
        self.data = memptr or _Block(plain.nbytes)


def _fake_cupy(allocators: list[Any]) -> ModuleType:
    runtime = SimpleNamespace(
        deviceSynchronize=lambda: None,
        streamSynchronize=lambda _: None,
        memcpy=lambda dst, src, n, _: ctypes.memmove(dst, src, n),
        memcpyAsync=lambda dst, src, n, _, __: ctypes.memmove(dst, src, n),
    )
    stream = SimpleNamespace(ptr=0, done=True, synchronize=lambda: None)
    cupy: Any = ModuleType("cupy")
    cupy.ndarray = _Array
    cupy.empty = _Array
    cupy.cuda = SimpleNamespace(
        runtime=runtime,
        alloc=lambda nbytes: allocators[-1](nbytes),
        set_allocator=allocators.append,
        get_current_stream=lambda: stream,
        Stream=SimpleNamespace(null=stream),
    )
    module: ModuleType = cupy
    return module


class _Collector:
    """A collector that saw what the test says."""

    def __init__(self) -> None:
        self.available = True
        self.unavailable_because = ""
        self.found = Activities()
        self.time = 0.0

    def now(self) -> float:
        self.time += 0.01
        return self.time

    def start(self, probe: Any, synchronize: Any) -> None:
        del probe, synchronize

    def open(self) -> None: ...

    def close(self) -> Activities:
        return self.found


@pytest.fixture
def collector() -> _Collector:
    return _Collector()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, collector: _Collector) -> CudaDevice:
    allocators: list[Any] = []
    cupy: Any = _fake_cupy(allocators)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    made = CudaDevice()
    pool = SimpleNamespace(used_bytes=lambda: 0, malloc=_Block)
    made._cupy = cupy
    made._allocator = PoisoningAllocator(pool)
    made._collector = collector  # type: ignore[assignment]
    allocators.append(made._allocator.malloc)
    return made


def _begin(device: CudaDevice, *, trace: bool = True) -> None:
    device.begin(poison=True, trace=trace, operands=[])


@pytest.mark.parametrize(
    "host",
    [
        np.arange(24, dtype=np.float32).reshape(4, 6),
        np.arange(24, dtype=np.complex64).reshape(4, 6).T,
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(24, dtype=np.int16).reshape(4, 6)[::-1, ::2],
        np.zeros((0, 3), np.float32),
        np.array(2.5),
    ],
)
def test_arrays_go_up_and_come_back(
    device: CudaDevice, host: np.ndarray[Any, Any]
) -> None:
    array = device.to_device(host)
    back = device.from_device(array)
    assert back is not None
    np.testing.assert_array_equal(back, host)
    assert array.strides == back.strides == np.array(host, order="K").strides
    assert np.array_equal(device.snapshot(array), host)


def test_a_view_comes_back_dense_in_its_order(device: CudaDevice) -> None:
    array = device.to_device(np.arange(24, dtype=np.float32).reshape(4, 6))
    view = _Array((6, 2), dtype=np.float32, memptr=array.data, strides=(4, 48))
    back = device.from_device(view)
    assert back is not None
    expected = np.arange(24, dtype=np.float32).reshape(4, 6)[::2].T
    np.testing.assert_array_equal(back, expected)
    assert back.strides == (4, 24)


def test_what_is_no_cupy_array(device: CudaDevice) -> None:
    assert device.from_device(np.zeros(3)) is None
    with pytest.raises(TypeError, match="must be a CuPy array"):
        device.snapshot(np.zeros(3))


def test_the_graders_own_copies_are_no_evidence(
    device: CudaDevice, collector: _Collector
) -> None:
    array = device.to_device(np.zeros(16, np.float32))
    _begin(device)
    before = collector.time
    device.snapshot(array)
    device.to_device(np.zeros(8, np.float32))
    collector.found.copies = [
        _copy("device_to_host", 64, before + 0.015),
        _copy("host_to_device", 32, before + 0.035),
        _copy("host_to_device", 32, before + 0.2),
    ]
    collector.time += 1
    evidence = device.end()
    assert [(c.direction, c.nbytes) for c in evidence.copies] == [
        ("host_to_device", 32)
    ]
    assert evidence.allocations == 0
    assert evidence.available


def _copy(direction: Any, nbytes: int, start: float) -> Copy:
    return Copy(direction=direction, nbytes=nbytes, start=start, seconds=1e-6)


def test_an_untraced_call_has_no_evidence(device: CudaDevice) -> None:
    _begin(device, trace=False)
    evidence = device.end()
    assert not evidence.available
    assert "not recorded" in evidence.unavailable_because


def test_without_a_collector_the_rest_is_still_seen(
    device: CudaDevice, collector: _Collector
) -> None:
    collector.available = False
    collector.unavailable_because = "CUPTI does not work here."
    _begin(device)
    device._cupy.cuda.alloc(100)
    evidence = device.end()
    assert evidence.unavailable_because == "CUPTI does not work here."
    assert evidence.allocations == 1
    assert Evidence.from_dict(evidence.to_dict()) == evidence


def test_a_window_that_does_not_open_is_not_closed(
    device: CudaDevice, collector: _Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call goes on, and the evidence says why there is none: also for later calls."""

    def refuse() -> None:
        collector.available = False
        collector.unavailable_because = "Another profiler records this process."

    def close() -> Activities:
        msg = "it was never opened"
        raise AssertionError(msg)

    monkeypatch.setattr(collector, "open", refuse)
    monkeypatch.setattr(collector, "close", close)
    for _ in range(2):
        _begin(device)
        evidence = device.end()
        assert not evidence.available
        assert evidence.unavailable_because == "Another profiler records this process."


def test_dropped_records_are_no_evidence(
    device: CudaDevice, collector: _Collector
) -> None:
    _begin(device)
    collector.found.dropped = 3
    assert "dropped 3 records" in device.end().unavailable_because


def test_threads_left_running_are_counted(device: CudaDevice) -> None:
    stop = threading.Event()
    _begin(device)
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert device.end().threads_left == 1
    finally:
        stop.set()
        thread.join()


def test_clock_readings_tell_whether_the_streams_were_done(device: CudaDevice) -> None:
    device.is_learner_file = lambda name: name == "learner.py"
    assert device.is_learner_file("learner.py")
    _begin(device)
    device._clock_was_read()
    device._cupy.cuda.Stream.null.done = False
    device._clock_was_read()
    assert [read.idle for read in device.end().clock_reads] == [True, False]
