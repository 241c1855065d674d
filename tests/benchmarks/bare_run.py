"""The least that running the references takes: import, run each once, and its oracle.

    python tests/benchmarks/bare_run.py simulator
    python tests/benchmarks/bare_run.py cuda --exercises fft_callbacks sepia_blur

It is what ``grading_speed.py`` compares a whole grading with: one process, one case an
exercise, no checks but that the reference agrees with its oracle. The default is all
exercises; assignments and exercises are named as for ``grade.py``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.harness.catalog import Catalog, Exercise  # noqa: E402


class Case:
    """
    What a case draws from, and where its arrays go.

    Args:
        exercise: The exercise.

        device: ``"cuda"`` or ``"simulator"``.
    """

    def __init__(self, exercise: Exercise, device: str) -> None:
        import cupy as cp  # the simulator's, once that has started

        self.cp: Any = cp
        self.device = device
        self.limits: Any = exercise.rubric.limits
        self.oracles = load(exercise.oracles)
        self._rng = np.random.default_rng(1)

    def draw(self, *shape: int, dtype: str = "float32") -> Any:
        """Return an array in CPU memory: normal numbers, complex ones for such dtypes."""
        numbers = self._rng.standard_normal(shape)
        if np.dtype(dtype).kind == "c":
            numbers = numbers + 1j * self._rng.standard_normal(shape)
        return numbers.astype(dtype)

    def image(self, *shape: int) -> Any:
        """Return an image in CPU memory, values in [0, 1)."""
        return self._rng.random(shape, dtype=np.float32)

    def up(self, array: Any) -> Any:
        """Return the array on the GPU."""
        return self.cp.asarray(np.ascontiguousarray(array))

    def same(self, result: Any, expected: Any, tolerance: float = 1e-4) -> None:
        """Expect a result, wherever it is, to be near the oracle's: L2, relative."""
        found = result.get() if isinstance(result, self.cp.ndarray) else result
        assert found.shape == expected.shape
        apart = np.linalg.norm(found - expected)
        assert apart <= tolerance * np.linalg.norm(expected), apart


def load(path: Path) -> ModuleType:
    """Import a file of the reference tree."""
    name = f"{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------ fft_callbacks


def gaussian_blur(case: Case, program: Any) -> None:
    image = case.image(528, 539)
    result = program.gaussian_blur(case.up(image), 20.0)
    case.same(result, case.oracles.gaussian_blur(image, 20.0))


def sepia_blur(case: Case, program: Any) -> None:
    image = case.image(528, 539, 3)
    result = program.sepia_blur(case.up(image), 20.0).get()
    expected = case.oracles.sepia_blur(image, 20.0)
    if result.shape != expected.shape:
        expected = np.moveaxis(expected, 0, -1)
    case.same(result, expected)


def batch_blur(case: Case, program: Any) -> None:
    images = [case.image(128, 129) for _ in range(5)]
    results = program.blur_batch([case.up(image) for image in images], 3.0)
    expected = case.oracles.blur_batch(images, 3.0)
    for result, right in zip(results, expected, strict=True):
        case.same(result, right)


# ------------------------------------------------------------------------ kernel_fusion


def matmul_validation(case: Case, program: Any) -> None:
    cp = case.cp
    program.make_case()
    assert program.matches(
        lambda a, b, bias: cp.maximum(cp.matmul(a, b) + bias[:, None], 0)
    )


def fused_linear(case: Case, program: Any) -> None:
    a, b, bias = case.draw(300, 200), case.draw(200, 100), case.draw(300)
    result = program.fused_linear(case.up(a), case.up(b), case.up(bias))
    case.same(result, case.oracles.linear_relu(a, b, bias))


def gemm_fusion(case: Case, program: Any) -> None:
    a, b, c = case.draw(300, 200), case.draw(200, 100), case.draw(300, 100)
    expected = case.oracles.gemm(a, b, c, 1.5, -0.5)
    for form in (program.gemm_operator, program.gemm_matmul, program.gemm_fused):
        case.same(form(case.up(a), case.up(b), case.up(c), 1.5, -0.5), expected)


def fft_filter(case: Case, program: Any) -> None:
    signal, factors = (case.draw(30, 1000, dtype="complex64") for _ in range(2))
    result = program.fft_filter(case.up(signal), case.up(factors))
    case.same(result, case.oracles.fft_filter(signal, factors))


def unitary_fft(case: Case, program: Any) -> None:
    x = case.draw(30, 1000, dtype="complex64")
    case.same(program.unitary_fft(case.up(x)), case.oracles.unitary_fft(x))
    case.same(program.unitary_ifft(case.up(x)), case.oracles.unitary_ifft(x))


# ------------------------------------------------------------------------ memory_spaces


def transfer_cost(case: Case, program: Any) -> None:
    m, k, n = case.limits[f"shape_{case.device}"]
    a, b = case.draw(m, k), case.draw(k, n)
    costs = program.measure(a, b, case.up(a), case.up(b))
    assert set(costs) >= {"transfer_estimate", "transfer_measured"}


def execution_spaces(case: Case, program: Any) -> None:
    x = case.draw(4096, dtype="complex64")
    expected = case.oracles.spectrum_on(x)
    case.same(program.spectrum_on(x, "cuda"), expected)
    case.same(program.spectrum_on(case.up(x), "cuda"), expected)


def resident_pipeline(case: Case, program: Any) -> None:
    a, b = case.draw(300, 200), case.draw(200, 200)
    case.same(program.pipeline(a, b, 5), case.oracles.pipeline(a, b, 5))


# ------------------------------------------------------------------------- stateful_api


def batched_matmul(case: Case, program: Any) -> None:
    a, b = case.draw(6, 64, 48), case.draw(6, 48, 32)
    bias = case.draw(6, 64, 1)
    expected = case.oracles.batched_relu(a, b, bias)
    for form in (program.batched, program.sequence):
        case.same(form(case.up(a), case.up(b), case.up(bias)), expected)


def autotuned_matmul(case: Case, program: Any) -> None:
    pairs = [(case.draw(128, 96), case.draw(96, 64)) for _ in range(4)]
    results = program.tuned_matmul([(case.up(a), case.up(b)) for a, b in pairs])
    for (a, b), result in zip(pairs, results, strict=True):
        case.same(result, case.oracles.product(a, b), 4e-3)


def inplace_fft(case: Case, program: Any) -> None:
    batches = [case.draw(30, 512, dtype="complex64") for _ in range(4)]
    results = program.transform_batches([case.up(batch) for batch in batches])
    for batch, result in zip(batches, results, strict=True):
        case.same(result, case.oracles.spectra(batch))


# ------------------------------------------------------------------------ sparse_solver


def laplacian(side: int) -> Any:
    """Return the five-point matrix of a square grid, plus 1 on its diagonal."""
    line = sp.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(side, side))
    return sp.kronsum(line, line) + sp.identity(side**2)


def multiple_rhs(case: Case, program: Any) -> None:
    matrix = laplacian(20).tocoo()
    b = case.draw(400, 5, dtype="float64")
    case.same(program.solve(matrix, case.up(b)), case.oracles.solve(matrix, b), 1e-9)


def reuse_factorization(case: Case, program: Any) -> None:
    import cupyx.scipy.sparse as csp

    matrix = laplacian(20).tocsr()
    columns = [case.draw(400, dtype="float64") for _ in range(5)]
    stream = iter([case.up(b) for b in columns])
    results = program.solve_stream(csp.csr_matrix(matrix), stream)
    for b, result in zip(columns, results, strict=True):
        case.same(result, case.oracles.solve(matrix, b), 1e-9)


# --------------------------------------------------------------------------- device_api


def option_payoffs(case: Case, program: Any) -> None:
    rules = (100.0, 0.001, 0.02, 101.0, 2.0, 7)
    results = program.simulate(1000, 42, *rules)
    expected = case.oracles.simulate(1000, 42, *rules)
    for result, right in zip(results, expected, strict=True):  # one law, other numbers
        assert abs(float(result.mean()) - right.mean()) < 1


def device_convolution(case: Case, program: Any) -> None:
    signal, factors = (case.draw(20, 512, dtype="complex64") for _ in range(2))
    result = program.convolve(case.up(signal), case.up(factors))
    case.same(result, case.oracles.convolve(signal, factors))


CASES: dict[str, Callable[[Case, Any], None]] = {
    f.__name__: f
    for f in (
        gaussian_blur, sepia_blur, batch_blur,
        matmul_validation, fused_linear, gemm_fusion, fft_filter, unitary_fft,
        transfer_cost, execution_spaces, resident_pipeline,
        batched_matmul, autotuned_matmul, inplace_fft,
        multiple_rhs, reuse_factorization,
        option_payoffs, device_convolution,
    )
}  # fmt: skip


def main() -> None:
    """Run each reference and its oracle on one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", choices=("cuda", "simulator"))
    parser.add_argument("--exercises", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    exercises = Catalog().select(options.exercises)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if options.device == "simulator":
        from graders.harness.device.simulator import SimulatorDevice

        simulator = SimulatorDevice()
        simulator.preload()
        simulator.start()
    for exercise in exercises:
        case = Case(exercise, options.device)
        CASES[exercise.slug](case, load(exercise.reference))


if __name__ == "__main__":
    main()
