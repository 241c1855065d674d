"""nvmath's autotuning over the simulated machine, and what it leaves in the evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence

Record = Callable[..., tuple[Any, Evidence]]
CACHE = 50 * 2**20


def pair(device: Any, seed: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((40, 30), dtype=np.float32)
    b = rng.standard_normal((30, 20), dtype=np.float32)
    return device.to_device(a), device.to_device(b)


@pytest.mark.parametrize("iterations", [2, 5])
def test_each_sample_clears_the_cache(
    device: Any, record: Record, iterations: int
) -> None:
    from nvmath.linalg.advanced import Matmul

    a, b = pair(device)

    def run() -> Any:
        with Matmul(a, b) as product:
            algorithms = product.plan()
            product.autotune(iterations=iterations)
            return product.execute(), len(algorithms)

    (result, algorithms), evidence = record(run, a, b)
    samples = iterations * algorithms
    assert [c.nbytes for c in evidence.copies] == [CACHE] * samples
    assert not any(c.reads_operand for c in evidence.copies)
    assert len([k for k in evidence.kernels if k.kind == "gemm"]) == samples + 1
    phases = [op.phase for op in evidence.operations]
    assert phases == ["plan", "autotune", "execute", "free"]
    wide = device.from_device(a).astype(np.float64) @ device.from_device(b)
    assert np.allclose(device.from_device(result), wide, atol=1e-4)


def test_host_operands_still_travel_while_tuning(device: Any, record: Record) -> None:
    from nvmath.linalg.advanced import Matmul

    a, b = (device.from_device(x) for x in pair(device, seed=4))

    def run() -> Any:
        with Matmul(a, b) as product:
            product.plan()
            product.autotune(iterations=1)
            return product.execute()

    result, evidence = record(run, a, b)
    assert np.allclose(result, a @ b, atol=1e-4)
    small = [c for c in evidence.copies if c.nbytes < CACHE]
    up = sorted(c.nbytes for c in small if c.direction == "host_to_device")
    assert up == sorted([a.nbytes, b.nbytes])


def test_pruning_keeps_the_fastest(device: Any) -> None:
    from nvmath.linalg.advanced import Matmul

    with Matmul(*pair(device)) as product:
        product.plan()
        product.autotune(iterations=1, prune=1)
        assert len(product.algorithms) == 1


@pytest.mark.parametrize("inplace", [False, True])
def test_tuning_with_c_leaves_c_alone(
    device: Any, record: Record, inplace: bool
) -> None:
    from nvmath.linalg.advanced import Matmul

    a, b = pair(device)
    c = device.to_device(np.ones((40, 20), np.float32))

    def run() -> Any:
        options = {"inplace": inplace}
        with Matmul(a, b, c=c, beta=1.0, options=options) as product:
            product.plan()
            product.autotune(iterations=2)
            untouched = device.from_device(c)
            return untouched, product.execute()

    (untouched, result), evidence = record(run, a, b, c)
    assert (untouched == 1).all()
    wide = device.from_device(a) @ device.from_device(b) + 1
    assert np.allclose(device.from_device(result), wide, atol=1e-4)
    assert [op.compute for op in evidence.operations] == ["COMPUTE_32F"] * 4
