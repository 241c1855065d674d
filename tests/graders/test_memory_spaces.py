"""The oracles of execution_spaces and resident_pipeline, and how evidence is read."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import expect_close
from graders.harness.device.evidence import Evidence, Kernel, Operation
from graders.harness.device.interface import load_device
from graders.harness.errors import WrongValue
from graders.memory_spaces.products import products_on_gpu
from graders.memory_spaces.transforms import spaces_of

ROOT = Path(__file__).parents[2]


def load_oracles() -> ModuleType:
    path = ROOT / "reference" / "memory_spaces" / "oracles.py"
    spec = importlib.util.spec_from_file_location("memory_spaces_oracles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


ORACLES = load_oracles()


@pytest.fixture(scope="module")
def device() -> Any:
    device = load_device("simulator")
    device.preload()
    return device


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Collect what nvmath logs."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root = logging.getLogger()
    handler, level = Collector(), root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.parametrize(("call", "space"), list(ORACLES.EXECUTION))
def test_nvmath_logs_what_the_oracle_says(
    device: Any, log: list[str], call: str, space: str
) -> None:
    import nvmath
    import nvmath.linalg.advanced

    calls: dict[str, Callable[[Any], Any]] = {
        "fft": nvmath.fft.fft,
        "matmul": lambda x: nvmath.linalg.matmul(x, x),
        "advanced.matmul": lambda x: nvmath.linalg.advanced.matmul(x, x),
    }
    operand: Any = np.ones((8, 8), np.complex64)
    if space == "cuda":
        operand = device.to_device(operand)
    result = calls[call](operand)
    assert ORACLES.log_line(call, space) in log
    home = "cpu" if isinstance(result, np.ndarray) else "cuda"
    assert home == ORACLES.where_does_it_run(call, space)[1]


def _ran(library: str) -> Operation:
    return Operation(library=library, phase="execute", handle=0)


def test_spaces_are_read_from_the_libraries_that_ran() -> None:
    ran = (_ran("matmul"), _ran("cpu_fft"), _ran("fft"), _ran("cpu_fft"))
    assert spaces_of(Evidence(operations=ran)) == ["cpu", "cuda"]
    planned = Operation(library="fft", phase="plan", handle=0)
    assert spaces_of(Evidence(operations=(planned,))) == []


def test_products_are_counted_without_a_librarys_helpers() -> None:
    names = ("sm90_xmma_gemm_f32f32", "splitKreduce_kernel", "gemv2T_kernel_val")
    kernels = tuple(
        Kernel(name=name, kind="gemm", start=0.0, seconds=1e-6) for name in names
    )
    assert products_on_gpu(Evidence(kernels=kernels)) == 2
    own = Kernel(name="my_step", kind="elementwise", start=0.0, seconds=1e-6)
    cupys = Kernel(
        name="cupy_true_divide__f", kind="elementwise", start=0.0, seconds=1e-6
    )
    assert products_on_gpu(Evidence(kernels=(own, cupys, own))) == 2
    # Beside a library's products a kernel of the program's own is some other step.
    gemm = kernels[0]
    assert products_on_gpu(Evidence(kernels=(gemm, own, gemm))) == 2
    assert products_on_gpu(Evidence(kernels=(own,), operations=(_ran("matmul"),))) == 1
    # What autotuning tries out is no product of the program's.
    tuned = Operation(library="matmul", phase="autotune", handle=0)
    trials = Evidence(kernels=kernels * 20, operations=(tuned, *(_ran("matmul"),) * 4))
    assert products_on_gpu(trials) == 4
    # A product of nvmath whose kernel goes by a name that nobody knows.
    assert products_on_gpu(Evidence(operations=(_ran("matmul"),) * 3)) == 3


def test_mistakes_are_far_from_the_truth() -> None:
    rng = np.random.default_rng(3)
    # With one round, or with m == k, some of the mistakes change nothing.
    for m, rounds, count in ((70, 6, 10), (70, 1, 7), (130, 2, 9)):
        a, b = rng.standard_normal((m, 130)), rng.standard_normal((130, 130))
        right = ORACLES.pipeline(a, b, rounds)
        mistakes = ORACLES.pipeline_mistakes(a, b, rounds)
        assert len(mistakes) == count
        for sentence, wrong in list(mistakes.items())[:-1]:
            distance = np.linalg.norm(wrong() - right)
            assert distance > 0.1 * np.linalg.norm(right), sentence


def test_coarse_products_are_told_as_such_in_one_round() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((70, 130)), rng.standard_normal((130, 130))
    right = ORACLES.pipeline(a, b, 1)
    coarse = right + 3e-4 * rng.standard_normal(right.shape)
    with pytest.raises(WrongValue) as caught:
        expect_close(
            coarse,
            right,
            relative_error=2e-5,
            mistakes=ORACLES.pipeline_mistakes(a, b, 1),
        )
    assert "right to some digits only" in caught.value.hint
    assert "TF32" in caught.value.hint


def test_spectrum_mistakes_are_far_from_the_truth() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal(101) + 0.5 + 1j * rng.standard_normal(101)
    spectrum = ORACLES.spectrum_on(x)
    for sentence, wrong in list(ORACLES.spectrum_mistakes(x).items())[:-1]:
        distance = np.linalg.norm(wrong() - spectrum)
        assert distance > 0.1 * np.linalg.norm(spectrum), sentence


def test_forty_rounds_without_division_overflow_single_precision() -> None:
    rng = np.random.default_rng(4)
    b = rng.standard_normal((151, 151)).astype(np.float32)
    x = rng.standard_normal((40, 151)).astype(np.float32)
    with np.errstate(all="ignore"):
        for _ in range(40):
            x = x @ b
    assert not np.isfinite(x).all()
