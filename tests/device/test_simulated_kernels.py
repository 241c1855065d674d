"""Kernels of numba-cuda on the simulated device: threads, arrays, memory, launches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture
def cp(device: Any) -> Any:
    import cupy

    return cupy


def test_threads_find_their_place(cp: Any, record: Record) -> None:
    from numba import cuda

    @cuda.jit
    def places(out: Any) -> None:
        x, y = cuda.grid(2)
        if x < out.shape[0] and y < out.shape[1]:
            out[x, y] = (
                cuda.threadIdx.x
                + 10 * cuda.blockIdx.x
                + 100 * cuda.threadIdx.y
                + 1000 * cuda.blockIdx.y
            )

    out = cp.empty((7, 5), dtype=np.int64, order="F")
    _, evidence = record(lambda: places[(3, 2), (3, 4)](out))
    x, y = np.indices((7, 5))
    expected = x % 3 + 10 * (x // 3) + 100 * (y % 4) + 1000 * (y // 4)
    np.testing.assert_array_equal(out.get(), expected)
    assert [kernel.elements for kernel in evidence.kernels] == [3 * 2 * 3 * 4]
    launch = evidence.operations[0]
    assert (launch.library, launch.phase, launch.kind) == ("numba", "execute", "")


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int32", "bool"])
def test_arrays_and_numbers_of_every_kind(cp: Any, dtype: str) -> None:
    from numba import cuda

    @cuda.jit
    def copy(source: Any, scale: Any, pair: Any, out: Any) -> None:
        i = cuda.grid(1)
        if i < out.size:
            out[i] = source[i]
            if i == 0 and pair[0] + pair[1] + scale > 0:
                out[i] = source[out.size - 1]

    source = np.arange(6).astype(dtype)
    out = cp.zeros(6, dtype)
    copy[1, 8](cp.asarray(source), np.float32(0.5), (1, 2.0), out[:])
    np.testing.assert_array_equal(out.get(), source[[5, 1, 2, 3, 4, 5]])


def test_views_keep_their_strides(cp: Any) -> None:
    from numba import cuda

    @cuda.jit
    def double(x: Any) -> None:
        i, j = cuda.grid(2)
        if i < x.shape[0] and j < x.shape[1]:
            x[i, j] *= 2

    x = cp.asarray(np.arange(24.0).reshape(4, 6))
    double[1, (8, 8)](x[::2, 1::2].T)
    expected = np.arange(24.0).reshape(4, 6)
    expected[::2, 1::2] *= 2
    np.testing.assert_array_equal(x.get(), expected)


def test_accesses_beyond_an_array_are_reported(cp: Any, record: Record) -> None:
    from numba import cuda

    @cuda.jit
    def fill(out: Any) -> None:
        out[cuda.grid(1)] = 1

    @cuda.jit
    def look(x: Any, out: Any) -> None:
        out[0] = x[x.size + 2]

    out = cp.zeros(100, np.float32)
    _, evidence = record(lambda: fill[1, 128](out))
    assert out.get().sum() == 100
    fault = evidence.faults[0]
    assert (fault.kind, fault.count) == ("out_of_bounds_write", 28)
    assert "Thread 100 of block 0" in fault.message
    assert "right behind the end of out" in fault.message

    _, evidence = record(lambda: look[1, 1](out, cp.zeros(1, np.float32)))
    assert evidence.faults[0].kind == "out_of_bounds_read"
    assert "8 bytes behind the end of x" in evidence.faults[0].message


def test_neighbouring_arrays_are_no_refuge(cp: Any, record: Record) -> None:
    from numba import cuda

    @cuda.jit
    def fill(a: Any, b: Any, n: Any) -> None:
        a[cuda.grid(1)] = b[0] + n

    a, b = cp.zeros(8, np.float32), cp.zeros(8, np.float32)
    for far in range(0, 2048, 64):
        _, evidence = record(lambda far=far: fill[1 + far, 8](a, b, far))
        assert bool(evidence.faults) == (far > 0)
    assert not b.get().any()


def test_threads_of_a_block_wait_for_each_other(cp: Any) -> None:
    from numba import cuda

    @cuda.jit
    def backwards(x: Any, out: Any) -> None:
        shared = cuda.shared.array(64, np.float32)
        dynamic = cuda.shared.array(0, np.float32)
        i = cuda.threadIdx.x
        shared[i] = x[cuda.grid(1)]
        dynamic[i] = 2 * shared[i]
        cuda.syncthreads()
        out[cuda.grid(1)] = shared[63 - i] + dynamic[63 - i]

    x = np.arange(192, dtype=np.float32)
    out = cp.zeros(192, np.float32)
    backwards[3, 64, 0, 256](cp.asarray(x), out)
    expected = 3 * x.reshape(3, 64)[:, ::-1]
    np.testing.assert_array_equal(out.get().reshape(3, 64), expected)


def test_atomic_sums(cp: Any) -> None:
    from numba import cuda

    @cuda.jit
    def count(x: Any, bins: Any) -> None:
        i = cuda.grid(1)
        if i < x.size:
            cuda.atomic.add(bins, x[i], 1)

    x = np.random.default_rng(1).integers(0, 10, 1000)
    bins = cp.zeros(10, np.int64)
    count.forall(x.size)(cp.asarray(x), bins)
    np.testing.assert_array_equal(bins.get(), np.bincount(x, minlength=10))


def test_arrays_of_numba(cp: Any, record: Record) -> None:
    from numba import cuda

    @cuda.jit
    def add(x: Any, y: Any, out: Any) -> None:
        i = cuda.grid(1)
        if i < out.size:
            out[i] = x[i] + y[i]

    host = np.arange(10.0)
    back = np.zeros(10)

    def run() -> Any:
        x, out = cuda.to_device(host), cuda.device_array(10)
        add[1, 32](x, host, out)
        add[1, 32](x, x, back)
        return out.copy_to_host(), cp.asarray(out) + 1

    (down, shared), evidence = record(run)
    np.testing.assert_array_equal(down, 2 * host)
    np.testing.assert_array_equal(back, 2 * host)
    np.testing.assert_array_equal(shared.get(), 2 * host + 1)
    ways = [copy.direction for copy in evidence.copies]
    assert ways.count("device_to_host") >= 2


def test_fresh_arrays_of_numba_are_poisoned(record: Record) -> None:
    from numba import cuda

    fresh, _ = record(lambda: cuda.device_array((3, 4), np.float32).copy_to_host())
    assert np.isnan(fresh).all()


def test_a_launch_that_the_driver_refuses(cp: Any) -> None:
    from cuda.core._utils.cuda_utils import CUDAError
    from numba import cuda

    @cuda.jit
    def nothing(out: Any) -> None:
        out[0] = 1

    out = cp.zeros(1)
    for grid, block, shared in ((1, 1025, 0), (0, 32, 0), (1, 32, 65536)):
        with pytest.raises(CUDAError, match="CUDA_ERROR_INVALID_VALUE"):
            nothing[grid, block, 0, shared](out)
    with pytest.raises(ValueError, match="launch configuration was not specified"):
        nothing(out)
    with pytest.raises(TypeError, match="too many arguments: expected 1, got 2"):
        nothing[1, 1](out, out)
    with pytest.raises(TypeError, match="missing argument 'out'"):
        nothing[1, 1]()


def test_types_are_those_of_a_gpu(cp: Any) -> None:
    from numba import cuda
    from numba.core.errors import TypingError

    @cuda.jit
    def wrong(out: Any) -> None:
        out[0.5] = 1

    with pytest.raises(TypingError, match="setitem"):
        wrong[1, 1](cp.zeros(1))


def test_what_is_missing_is_named(cp: Any) -> None:
    from numba import cuda

    @cuda.jit
    def shuffle(out: Any) -> None:
        out[0] = cuda.shfl_sync(0xFFFFFFFF, out[0], 1)

    with pytest.raises(NotModelled, match="in a kernel is not modelled"):
        shuffle[1, 32](cp.zeros(1, np.int32))
    with pytest.raises(NotModelled, match="What numba-cuda asks the CUDA driver for"):
        cuda.mapped_array(3)
    with pytest.raises(NotModelled, match="Indexing an array of numba-cuda"):
        _ = cuda.device_array(3)[[0]]


def test_warps_wait_for_themselves_and_blocks_for_all(cp: Any, record: Record) -> None:
    """A warp adds up in turns of its own; the others wait until the block's next one."""
    from numba import cuda, float32

    @cuda.jit
    def total(out: Any, x: Any) -> None:
        parts = cuda.shared.array(96, float32)
        i = cuda.threadIdx.x
        parts[i] = x[i]
        cuda.syncthreads()
        if i < 32:
            parts[i] += parts[i + 32] + parts[i + 64]
            for k in (16, 8, 4, 2, 1):
                cuda.syncwarp()
                here = parts[i + k] if i < k else float32(0)
                cuda.syncwarp()
                parts[i] += here
        cuda.syncthreads()
        out[i] = parts[0]

    x, out = cp.arange(96, dtype=cp.float32), cp.zeros(96, cp.float32)

    def run() -> None:
        total[1, 96](out, x)

    _, seen = record(run)
    assert set(out.get()) == {96 * 95 / 2}
    assert not seen.faults


def test_what_numba_makes_kernels_of_runs(cp: Any) -> None:
    """Its ufuncs and its reductions."""
    from numba import cuda, vectorize

    @vectorize(["float32(float32, float32)"], target="cuda")
    def scaled(a: Any, b: Any) -> Any:
        return a + 2 * b

    x = cp.arange(10, dtype=cp.float32)
    np.testing.assert_array_equal(
        scaled(x, x).copy_to_host(), 3 * np.arange(10, dtype=np.float32)
    )
    add = cuda.reduce(lambda a, b: a + b)
    assert add(cuda.to_device(np.arange(1000.0))) == 999 * 500


def test_arrays_from_around_the_kernel(cp: Any, record: Record) -> None:
    from numba import cuda

    table, numbers = np.array([1.0, 2.0, 3.0]), np.arange(6).reshape(2, 3)

    @cuda.jit(cache=True)
    def look(out: Any, column: Any) -> None:
        constant = cuda.const.array_like(table)
        i = cuda.grid(1)
        out[i] = constant[i] + 10 * table[i] + 100 * numbers[1, column + i]

    out = cp.zeros(3)
    _, evidence = record(lambda: look[1, 3](out, 0))
    np.testing.assert_array_equal(out.get(), 11 * table + 100 * numbers[1])
    assert not evidence.faults
    _, evidence = record(lambda: look[1, 3](out, 2**20))
    assert evidence.faults[0].kind == "out_of_bounds_read"
