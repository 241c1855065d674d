"""A callback that is compiled again and again is compiled once, unless it is another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import remembered_compiles
from graders.harness.device.simulator.machine import MACHINE

Record = Callable[[Callable[[], Any]], tuple[Any, Evidence]]
SCALE = 2.0
TABLE = np.ones(3)


@pytest.fixture
def made(device: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The functions that were really compiled."""
    from numba.cuda.codegen import CUDACodeLibrary

    made: list[Any] = []
    real = CUDACodeLibrary.get_ltoir

    def count(self: Any, cc: Any = None) -> Any:
        made.append(self)
        return real(self, cc=cc)

    monkeypatch.setattr(CUDACodeLibrary, "get_ltoir", count)
    monkeypatch.setattr(
        remembered_compiles, "_known", remembered_compiles.OrderedDict()
    )
    return made


def scaled(factor: Any) -> Any:
    def prolog(data_in: Any, offset: Any, info: Any, unused: Any) -> Any:
        return data_in[offset] * factor * SCALE

    return prolog


def result_of(device: Any, prolog: Any, dtype: str = "complex64") -> Any:
    import nvmath

    code = nvmath.fft.compile_prolog(prolog, dtype, "float32")
    x = device.to_device(np.ones((1, 4), dtype))
    done = nvmath.fft.fft(x, axes=[1], prolog={"ltoir": code})
    return device.from_device(done)[0, 0].real


def test_equal_functions_are_compiled_once(device: Any, made: list[Any]) -> None:
    assert [result_of(device, scaled(3.0)) for _ in range(4)] == [24.0] * 4
    assert len(made) == 1


@pytest.mark.parametrize("other", [5.0, 3, 1])
def test_another_value_in_the_closure(other: Any, device: Any, made: list[Any]) -> None:
    """Also one that compares equal, of another type."""
    assert result_of(device, scaled(3.0)) == 24.0
    assert result_of(device, scaled(other)) == other * 8.0
    assert len(made) == 2


def test_another_value_in_the_module(
    device: Any, made: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert result_of(device, scaled(3.0)) == 24.0
    monkeypatch.setitem(globals(), "SCALE", 1.0)
    assert result_of(device, scaled(3.0)) == 12.0
    assert len(made) == 2


def test_another_dtype(device: Any, made: list[Any]) -> None:
    assert result_of(device, scaled(3.0)) == 24.0
    assert result_of(device, scaled(3.0), "complex128") == 24.0
    assert len(made) == 2


def test_time_and_evidence_are_those_of_a_compilation(
    device: Any, made: list[Any], record: Record
) -> None:
    """A learner who measures compiling measures the same each time."""
    import nvmath

    seconds = []
    for _ in range(2):
        before = MACHINE.host_time
        _, seen = record(
            lambda: nvmath.fft.compile_prolog(scaled(7.0), "complex64", "float32")
        )
        seconds.append(MACHINE.host_time - before)
        assert [(o.library, o.phase) for o in seen.operations] == [
            ("callback", "compile")
        ]
    assert seconds[0] == pytest.approx(seconds[1])
    assert len(made) == 1


def test_what_cannot_be_told_apart_is_compiled(device: Any, made: list[Any]) -> None:
    """Arrays, functions and defaults may change: nothing is remembered of those."""

    def array(data_in: Any, offset: Any, info: Any, unused: Any) -> Any:
        return data_in[offset] * TABLE[0]

    def called(data_in: Any, offset: Any, info: Any, unused: Any) -> Any:
        return data_in[offset] * math.sqrt(4.0)

    for _ in range(2):
        assert result_of(device, array) == 4.0
        assert result_of(device, called) == 8.0
    assert len(made) == 3  # the module math stays what it is


def test_errors_are_raised_each_time(device: Any, made: list[Any]) -> None:
    def wrong(data_in: Any, offset: Any, info: Any, unused: Any) -> Any:
        return data_in[offset].nothing

    for _ in range(2):
        with pytest.raises(Exception, match="nothing"):
            result_of(device, wrong)


def test_only_so_many_are_kept(made: list[Any]) -> None:
    assert isinstance(made, list)

    def function() -> int:
        return 1

    for n in range(200):
        kept = remembered_compiles.remembered(function, n, {}, object)
        again = remembered_compiles.remembered(function, n, {}, object)
        assert kept is again
    assert len(remembered_compiles._known) == 64  # noqa: SLF001
