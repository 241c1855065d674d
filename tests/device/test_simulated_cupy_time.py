"""Streams, events, the benchmark and the clocks of the simulated CuPy."""

import datetime as dt
import threading
import time
import timeit

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import clocks
from graders.harness.device.simulator.machine import MACHINE, Machine


@pytest.fixture
def virtual():
    before = MACHINE.is_learner_file
    MACHINE.is_learner_file = lambda name: name == __file__
    clocks.install()
    yield
    clocks.uninstall()
    MACHINE.is_learner_file = before


def test_kernels_are_asynchronous_and_copies_down_block(cp):
    x = cp.ones((512, 512))
    MACHINE.synchronize()
    y = x @ x
    assert not MACHINE.idle
    assert not cp.cuda.Stream.null.done
    y.get()
    assert MACHINE.idle
    _ = x @ x
    cp.cuda.Device().synchronize()
    assert MACHINE.idle
    _ = x @ x
    cp.cuda.Stream.null.synchronize()
    assert cp.cuda.Stream.null.done


def test_a_pinned_copy_that_need_not_block_does_not(cp):
    import cupyx

    out = cupyx.empty_pinned((1 << 20,), dtype="float32")
    x = cp.ones(1 << 20, dtype="float32")
    MACHINE.synchronize()
    x.get(out=out, blocking=False)
    assert not MACHINE.idle
    x.get(out=out)
    assert MACHINE.idle


def test_streams_nest_and_work_lands_on_the_current_one(cp):
    a, b = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream()
    x = cp.ones(8)
    MACHINE.begin()
    with a:
        assert cp.cuda.get_current_stream() == a
        _ = x + 1
        with b:
            _ = x + 1
        _ = x + 1
    _ = x + 1
    assert [k.stream for k in MACHINE.end().kernels] == [a.ptr, b.ptr, a.ptr, 0]
    assert cp.cuda.get_current_stream() == cp.cuda.Stream.null
    assert len({a, b, cp.cuda.Stream.null}) == 3
    assert a.is_non_blocking
    assert not b.is_non_blocking


def test_use_changes_the_current_stream_of_this_thread_alone(cp):
    stream = cp.cuda.Stream()
    seen = []
    stream.use()
    try:
        thread = threading.Thread(
            target=lambda: seen.append(cp.cuda.get_current_stream().ptr)
        )
        thread.start()
        thread.join()
    finally:
        cp.cuda.Stream.null.use()
    assert seen == [0]


def test_no_stream_has_the_handle_of_one_of_cudas_constants():
    """Libraries take 1 and 2 for the legacy and the per-thread default stream."""
    assert Machine().new_stream().handle > 2


def test_external_streams_keep_their_handle(cp):
    stream = cp.cuda.Stream()

    class Holder:
        def __cuda_stream__(self):
            return 0, stream.ptr

    assert cp.cuda.Stream.from_external(Holder()) == stream
    assert cp.cuda.ExternalStream(stream.ptr) == stream
    with pytest.raises(TypeError, match="stream protocol"):
        cp.cuda.Stream.from_external(object())
    with pytest.raises(RuntimeError, match="cudaErrorInvalidResourceHandle"):
        cp.cuda.ExternalStream(987654)


def test_reading_what_another_stream_still_writes_is_a_fault(cp):
    a, b = cp.cuda.Stream(non_blocking=True), cp.cuda.Stream(non_blocking=True)
    x = cp.ones((512, 512))
    cp.cuda.Device().synchronize()
    MACHINE.begin()
    with a:
        y = x @ x
    with b:
        _ = y + 1
    assert [f.kind for f in MACHINE.end().faults] == ["unsynchronized_read"]
    MACHINE.begin()
    with a:
        y = x @ x
    b.wait_event(a.record())
    with b:
        _ = y + 1
    assert MACHINE.end().faults == ()


def test_events_measure_device_time(cp):
    x = cp.ones((512, 512))
    cp.cuda.Device().synchronize()
    start, stop = cp.cuda.Event(), cp.cuda.Event()
    start.record()
    for _ in range(10):
        x @ x
    stop.record()
    with pytest.raises(RuntimeError, match="cudaErrorNotReady"):
        cp.cuda.get_elapsed_time(start, stop)
    assert not stop.done
    stop.synchronize()
    assert stop.done
    expected = 10 * 2 * 512**3 / 4.0e13 * 1e3
    assert cp.cuda.get_elapsed_time(start, stop) == pytest.approx(expected, rel=0.1)
    with pytest.raises(RuntimeError, match="InvalidResourceHandle"):
        cp.cuda.get_elapsed_time(cp.cuda.Event(disable_timing=True), stop)


def test_benchmark_follows_cupys_algorithm(cp):
    from cupyx.profiler import benchmark

    x = cp.ones((512, 512))
    calls = []

    def product(a, scale=1):
        calls.append(scale)
        return a @ a

    result = benchmark(product, (x,), {"scale": 3}, n_repeat=7, n_warmup=2)
    assert calls == [3] * 9
    assert result.name == "product"
    assert result.gpu_times.shape == (1, 7)
    assert result.cpu_times.shape == (7,)
    seconds = 2 * 512**3 / 4.0e13
    assert np.allclose(result.gpu_times, seconds, rtol=1.2)
    assert (result.gpu_times >= seconds).all()
    assert (result.cpu_times < result.gpu_times[0]).all()
    text = str(result)
    assert text.startswith("product             :    CPU: ")
    assert "GPU-0:" in text
    assert "+/-" in text
    short = benchmark(product, (x,), n_repeat=1000, max_duration=5 * seconds)
    assert short.cpu_times.size < 10


def test_repeats_of_a_benchmark_are_recorded_without_its_warm_ups(cp):
    from cupyx.profiler import benchmark

    x = cp.ones((512, 512))
    MACHINE.begin()
    benchmark(lambda: x @ x, n_repeat=4, n_warmup=3)
    evidence = MACHINE.end()
    (seen,) = evidence.benchmarks
    assert (seen.repeats, seen.warm_ups) == (4, 3)
    starts = [kernel.start for kernel in evidence.kernels]
    during = [s for s in starts if seen.start <= s <= seen.start + seen.seconds]
    assert (len(starts), len(during)) == (7, 4)
    assert Evidence.from_dict(evidence.to_dict()) == evidence


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"args": [1]}, "`args` should be of tuple type"),
        ({"n_repeat": 2.5}, "`n_repeat` should be an integer"),
        ({"n_warmup": None}, "`n_warmup` should be an integer"),
        ({"devices": [0]}, "`devices` should be of tuple type"),
        ({"name": 3}, "`name` should be a string"),
        ({"kwargs": ()}, "`kwargs` should be of dict type"),
    ],
)
def test_benchmark_checks_its_arguments(cp, options, message):
    from cupyx.profiler import benchmark

    with pytest.raises(ValueError, match=message):
        benchmark(lambda: None, **{"name": "f", **options})


def test_clocks_of_the_program_show_virtual_time(cp, virtual):
    x = cp.ones((1024, 1024))
    cp.cuda.Device().synchronize()
    MACHINE.begin()
    start = time.perf_counter()
    y = x @ x
    launched = time.perf_counter()
    y.get()
    done = time.perf_counter()
    assert launched - start < 1e-4 < done - launched
    assert [r.idle for r in MACHINE.end().clock_reads] == [True, False, True]
    first = time.monotonic()
    time.sleep(2.5)
    assert time.monotonic() - first == pytest.approx(2.5, abs=1e-3)
    assert time.perf_counter_ns() == pytest.approx(time.perf_counter() * 1e9, rel=1e-3)
    assert abs(time.time() - clocks.real("time")()) < 3600
    assert timeit.timeit(lambda: time.sleep(1), number=3) == pytest.approx(3, abs=1e-3)


def test_clocks_that_are_asked_by_number_and_dates_show_it_too(virtual):
    clock = time.clock_gettime(time.CLOCK_MONOTONIC)
    date, utc = dt.datetime.now(), dt.datetime.now(dt.UTC)
    MACHINE.sleep(2.5)
    assert time.clock_gettime(time.CLOCK_MONOTONIC) - clock == pytest.approx(
        2.5, abs=1e-3
    )
    nanoseconds = time.clock_gettime_ns(time.CLOCK_PROCESS_CPUTIME_ID)
    assert nanoseconds == pytest.approx(time.perf_counter_ns(), rel=1e-3)
    assert time.clock_gettime(time.CLOCK_REALTIME) == pytest.approx(
        time.time(), abs=0.1
    )
    assert (dt.datetime.now() - date).total_seconds() == pytest.approx(2.5, abs=1e-3)
    assert abs(dt.datetime.utcnow() - utc.replace(tzinfo=None)).total_seconds() < 3
    assert isinstance(dt.datetime(2026, 1, 2), dt.date)
    assert type(date).__name__ == "datetime"


def test_virtual_time_is_deterministic(cp, virtual):
    x = cp.ones((256, 256))

    def once():
        cp.cuda.Device().synchronize()
        start = time.perf_counter()
        (x @ x).get()
        return time.perf_counter() - start

    first, second = once(), once()
    assert first == pytest.approx(second, rel=1e-6)


def test_other_code_keeps_real_time(virtual):
    MACHINE.is_learner_file = lambda name: False
    start = time.perf_counter()
    time.sleep(0.02)
    assert time.perf_counter() - start >= 0.02
    done = threading.Event()
    assert done.wait(0.01) is False


def test_clocks_come_back():
    before = time.perf_counter, time.sleep, timeit.default_timer
    dates, asked = dt.datetime, time.clock_gettime
    clocks.install()
    assert time.perf_counter is not before[0]
    clocks.uninstall()
    assert (time.perf_counter, time.sleep, timeit.default_timer) == before
    assert (dt.datetime, time.clock_gettime) == (dates, asked)
