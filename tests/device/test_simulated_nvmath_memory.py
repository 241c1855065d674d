"""What lies under nvmath in the simulator: copies, streams, events, libraries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.fft

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import nvmath_bridge
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


def drawn(*shape: int) -> Any:
    return np.random.default_rng(3).random(shape).astype(np.float32)


def test_host_operand_goes_to_the_gpu_and_back(device: Any, record: Record) -> None:
    import nvmath

    x = drawn(3, 16, 10)
    result, evidence = record(
        lambda: nvmath.fft.rfft(x, axes=(1, 2), execution="cuda"), x
    )
    assert type(result) is np.ndarray
    expected = scipy.fft.rfftn(x, axes=(1, 2))
    assert np.abs(result - expected).max() < 1e-4
    assert [(c.direction, c.nbytes, c.pinned) for c in evidence.copies] == [
        ("host_to_device", x.nbytes, False),
        ("device_to_host", result.nbytes, False),
    ]
    assert all(c.reads_operand for c in evidence.copies)
    assert [k.reads_operand for k in evidence.kernels] == [True]


def test_a_copy_of_an_operand_is_none(device: Any, record: Record) -> None:
    import nvmath

    x = drawn(16, 10)
    _, evidence = record(lambda: nvmath.fft.rfft(x.copy(), execution="cuda"), x)
    assert not any(c.reads_operand for c in evidence.copies)


def test_a_strided_host_operand_is_packed_for_the_copy(
    device: Any, record: Record
) -> None:
    import nvmath

    x = drawn(16, 20)[:, ::2]
    result, evidence = record(lambda: nvmath.fft.rfft(x, execution="cuda"), x)
    assert np.abs(result - scipy.fft.rfftn(x)).max() < 1e-4
    assert evidence.copies[0].nbytes == x.size * 4
    assert evidence.copies[0].reads_operand


def test_a_device_operand_may_run_on_the_cpu(device: Any, record: Record) -> None:
    import nvmath

    x = drawn(16, 10)
    operand = device.to_device(x)
    result, evidence = record(lambda: nvmath.fft.rfft(operand, execution="cpu"))
    assert np.abs(device.from_device(result) - scipy.fft.rfftn(x)).max() < 1e-4
    directions = [c.direction for c in evidence.copies]
    assert directions == ["device_to_host", "host_to_device"]
    assert evidence.kernels == ()


def test_fresh_results_are_accounted_for(device: Any, record: Record) -> None:
    import nvmath

    x = device.to_device(drawn(16, 10))
    result, evidence = record(lambda: nvmath.fft.rfft(x))
    assert evidence.allocations == 1
    assert evidence.peak_bytes == result.nbytes


def test_events_measure_device_time(device: Any) -> None:
    from cuda.core import Device

    gpu = Device()
    stream = gpu.create_stream()
    options = {"timing_enabled": True}
    start = stream.record(options=options)
    MACHINE.submit(0.25, stream.handle)
    end = stream.record(options=options)
    assert not end.is_done
    before = MACHINE.host_time
    end.sync()
    assert MACHINE.host_time - before == pytest.approx(0.25, rel=1e-2)
    assert end - start == pytest.approx(250, rel=1e-2)
    with pytest.raises(RuntimeError, match="timing enabled"):
        _ = stream.record() - start


def test_a_stream_waits_for_another(device: Any) -> None:
    from cuda.core import Device

    gpu = Device()
    first, second = gpu.create_stream(), gpu.create_stream()
    MACHINE.submit(0.5, first.handle)
    second.wait(first)
    second.sync()
    assert MACHINE.streams[first.handle].time <= MACHINE.host_time
    assert first != second
    assert first == type(first).from_handle(first.handle)


def test_there_is_one_device(device: Any) -> None:
    from cuda.core import Device, system

    assert system.get_num_devices() == 1
    assert Device().compute_capability == (9, 0)
    with pytest.raises(ValueError, match="within"):
        Device(1)


def test_bindings_without_a_model_name_themselves(device: Any) -> None:
    import nvmath

    with pytest.raises(NotModelled, match=r"cusparse\.create is not modelled"):
        nvmath.bindings.cusparse.create()
    with pytest.raises(NotModelled, match=r"cufft\.plan1d is not modelled"):
        nvmath.bindings.cufft.plan1d(8, 0, 1)


def test_installing_again_changes_nothing(device: Any) -> None:
    import nvmath

    real = nvmath.linalg.advanced.Matmul.autotune
    nvmath_bridge.install()
    assert nvmath.linalg.advanced.Matmul.autotune is real
    assert sys.modules["nvmath"] is nvmath
    assert nvmath.bindings is sys.modules["nvmath.bindings"]
    assert nvmath.__version__.startswith("1.")


def test_ffts_on_the_cpu_are_in_the_evidence(device: Any, record: Record) -> None:
    import nvmath

    x = drawn(3, 16, 10)
    _, evidence = record(lambda: nvmath.fft.rfft(x, axes=(1, 2)), x)
    steps = [(o.library, o.phase, o.kind, o.direction) for o in evidence.operations]
    assert steps == [
        ("cpu_fft", "plan", "R2C", "forward"),
        ("cpu_fft", "execute", "R2C", "forward"),
        ("cpu_fft", "free", "R2C", "forward"),
    ]
    assert evidence.operations[1].shape == (16, 10)
    assert evidence.operations[1].batch == 3


def test_compiled_callbacks_are_in_the_evidence(device: Any, record: Record) -> None:
    import nvmath

    def load(data_in: Any, offset: Any, user_info: Any, _: Any) -> Any:
        return data_in[offset]

    def compile_it() -> None:
        nvmath.fft.compile_prolog(load, "float32", "float32")

    _, evidence = record(compile_it)
    steps = [(o.library, o.phase, o.kind) for o in evidence.operations]
    assert steps == [("callback", "compile", "prolog")]
