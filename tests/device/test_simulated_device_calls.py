"""nvmath's device API in simulated kernels: random numbers, and transforms of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.simulator import device_random
from graders.harness.device.simulator.not_modelled import NotModelled

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture
def cp(device: Any) -> Any:
    import cupy

    return cupy


# ------------------------------------------------------------------ random numbers


def philox(seed: int, subsequence: int, block: int) -> list[int]:
    """Return four numbers of Philox 4x32-10, as its authors define it."""
    mask = 2**32 - 1
    counter = [block & mask, block >> 32, subsequence & mask, subsequence >> 32]
    key = [seed & mask, seed >> 32]
    for _ in range(10):
        high0, low0 = divmod(counter[0] * 0xD2511F53, 2**32)
        high1, low1 = divmod(counter[2] * 0xCD9E8D57, 2**32)
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


def drawn(
    cp: Any,
    name: str,
    count: int,
    *,
    states: str = "StatesPhilox4_32_10",
    start: tuple[int, int, int] = (7, 3, 0),
    dtype: str = "float32",
) -> npt.NDArray[Any]:
    """Return what one generator draws, one number after the other."""
    from numba import cuda
    from nvmath.device import random

    compiled = random.Compile()
    sampler = getattr(random, name)
    seed, subsequence, offset = start

    @cuda.jit(link=compiled.files, extensions=compiled.extension)
    def draw(states: Any, out: Any) -> None:
        random.init(seed, subsequence, offset, states[0])
        for i in range(out.size):
            out[i] = sampler(states[0])

    out = cp.zeros(count, dtype)
    draw[1, 1](getattr(random, states)(1), out)
    result: npt.NDArray[Any] = out.get()
    return result


def test_bits_are_those_of_philox(cp: Any) -> None:
    seed, subsequence = 2**40 + 5, 2**33 + 1
    start = (seed, subsequence, 4 * 2**20 + 2)
    seen = drawn(cp, "rand", 6, start=start, dtype="uint32")
    blocks = [philox(seed, subsequence, 2**20 + k) for k in (0, 1)]
    assert list(seen) == (blocks[0] + blocks[1])[2:]


def test_known_answer_of_philox() -> None:
    """The authors' known answer for a counter and a key of zeros."""
    assert philox(0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def test_offsets_go_along_one_sequence_and_subsequences_do_not(cp: Any) -> None:
    whole = drawn(cp, "rand", 20, dtype="uint32")
    later = drawn(cp, "rand", 10, start=(7, 3, 5), dtype="uint32")
    np.testing.assert_array_equal(later, whole[5:15])
    other = drawn(cp, "rand", 20, start=(7, 4, 0), dtype="uint32")
    assert not set(other) & set(whole)


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("normal", "StatesPhilox4_32_10"),
        ("normal", "StatesXORWOW"),
        ("normal_double", "StatesMRG32k3a"),
    ],
)
def test_normal_numbers(cp: Any, name: str, states: str) -> None:
    z = drawn(cp, name, 20000, states=states, dtype="float64")
    assert abs(z.mean()) < 5 / math.sqrt(z.size)
    assert abs(z.std() - 1) < 5 / math.sqrt(2 * z.size)
    assert abs(np.mean(z**4) - 3) < 5 * math.sqrt(96 / z.size)


def test_uniform_numbers(cp: Any) -> None:
    for name in ("uniform", "uniform_double"):
        u = drawn(cp, name, 20000, dtype="float64")
        assert 0 < u.min() < u.max() <= 1
        assert abs(u.mean() - 0.5) < 5 * math.sqrt(1 / 12 / u.size)


def test_four_at_once_and_log_normal(cp: Any) -> None:
    from numba import cuda
    from nvmath.device import random

    compiled = random.Compile()

    @cuda.jit(link=compiled.files, extensions=compiled.extension)
    def draw(states: Any, out: Any) -> None:
        i = cuda.grid(1)
        random.init(1, i, 0, states[i])
        z = random.normal4(states[i])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = z.x, z.y, z.z, z.w
        random.init(1, i, 0, states[i])
        y = random.log_normal4(states[i], np.float32(0.5), np.float32(2))
        out[i, 4], out[i, 5], out[i, 6], out[i, 7] = y.x, y.y, y.z, y.w
        random.init(1, i, 0, states[i])
        random.skipahead(2, states[i])
        pair = random.normal2(states[i])
        out[i, 8], out[i, 9] = pair.x, pair.y

    out = cp.zeros((64, 10), np.float32)
    draw[1, 64](random.StatesPhilox4_32_10(64), out)
    found = out.get()
    z = found[:, :4]
    assert np.unique(z).size == z.size
    np.testing.assert_allclose(found[:, 4:8], np.exp(0.5 + 2 * z), rtol=1e-5)
    np.testing.assert_array_equal(found[:, 8:], z[:, 2:])


def test_every_name_has_a_definition() -> None:
    text = device_random.definitions(set(device_random.NAMES))
    for name in device_random.NAMES:
        assert f"define i32 @{name}(ptr %ret" in text


def test_states_beyond_the_last_are_found(cp: Any, record: Record) -> None:
    from numba import cuda
    from nvmath.device import random

    compiled = random.Compile()

    @cuda.jit(link=compiled.files, extensions=compiled.extension)
    def start(states: Any) -> None:
        i = cuda.grid(1)
        random.init(1, i, 0, states[i])

    _, evidence = record(lambda: start[1, 32](random.StatesXORWOW(30)))
    assert evidence.faults[0].kind == "out_of_bounds_write"
    assert evidence.operations[0].kind == "random"


def test_quasi_random_numbers_are_not_modelled(cp: Any) -> None:
    with pytest.raises(NotModelled, match=r"nvmath\.device\.random behind curand"):
        drawn(cp, "uniform", 1, states="StatesTest")


# ----------------------------------------------------------------------- transforms


def transformed(
    cp: Any, rows: npt.NDArray[Any], *, direction: str = "forward", **options: Any
) -> npt.NDArray[Any]:
    """Return the transforms of rows, a block for each ``ffts_per_block`` of them."""
    from numba import cuda
    from nvmath.device import FFT

    precision = np.float32 if rows.dtype == np.complex64 else np.float64
    fft = FFT(
        size=rows.shape[1],
        precision=precision,
        fft_type="c2c",
        execution="Block",
        direction=direction,
        **options,
    )
    share, stride, per_block = fft.elements_per_thread, fft.stride, fft.ffts_per_block
    storage, value_type = fft.storage_size, fft.value_type

    @cuda.jit
    def kernel(x: Any, out: Any) -> None:
        mine = cuda.local.array(shape=(storage,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        row = per_block * cuda.blockIdx.x + cuda.threadIdx.y
        if row < x.shape[0]:
            for i in range(share):
                mine[i] = x[row, cuda.threadIdx.x + i * stride]
        fft.execute(mine, shared)
        if row < x.shape[0]:
            for i in range(share):
                out[row, cuda.threadIdx.x + i * stride] = mine[i]

    out = cp.zeros_like(cp.asarray(rows))
    blocks = -(-len(rows) // per_block)
    kernel[blocks, fft.block_dim, 0, fft.shared_memory_size](cp.asarray(rows), out)
    result: npt.NDArray[Any] = out.get()
    return result


@pytest.mark.parametrize(
    ("size", "dtype", "options"),
    [
        (16, "complex64", {}),
        (243, "complex128", {}),
        (128, "complex64", {"ffts_per_block": 2}),
        (128, "complex64", {"elements_per_thread": 2}),
        (96, "complex64", {"ffts_per_block": "suggested"}),
    ],
)
def test_transforms_of_blocks(
    cp: Any, size: int, dtype: str, options: dict[str, Any]
) -> None:
    parts = np.random.default_rng(size).standard_normal((2, 5, size))
    rows = (parts[0] + 1j * parts[1]).astype(dtype)
    limit = 1e-6 if dtype == "complex64" else 1e-14
    for direction, expected in (
        ("forward", np.fft.fft(rows)),
        ("inverse", np.fft.ifft(rows) * size),
    ):
        seen = transformed(cp, rows, direction=direction, **options)
        assert np.linalg.norm(seen - expected) < limit * np.linalg.norm(expected)


def test_transforms_of_single_threads(cp: Any) -> None:
    from numba import cuda
    from nvmath.device import FFT

    fft = FFT(8, np.float32, "c2c", "Thread", direction="forward")
    value_type = fft.value_type

    @cuda.jit
    def kernel(x: Any, out: Any) -> None:
        mine = cuda.local.array(shape=(8,), dtype=value_type)
        row = cuda.grid(1)
        if row < x.shape[0]:
            for i in range(8):
                mine[i] = x[row, i]
            fft.execute(mine)
            for i in range(8):
                out[row, i] = mine[i]

    rows = np.random.default_rng(2).standard_normal((5, 8)).astype(np.complex64)
    out = cp.zeros((5, 8), np.complex64)
    kernel[1, 8](cp.asarray(rows), out)
    np.testing.assert_allclose(out.get(), np.fft.fft(rows), atol=1e-5)


def test_too_little_shared_memory_is_reported(cp: Any, record: Record) -> None:
    from numba import cuda
    from nvmath.device import FFT

    fft = FFT(64, np.float32, "c2c", "Block", direction="forward")
    storage, value_type = fft.storage_size, fft.value_type

    @cuda.jit
    def kernel(out: Any) -> None:
        mine = cuda.local.array(shape=(storage,), dtype=value_type)
        shared = cuda.shared.array(shape=(0,), dtype=value_type)
        fft.execute(mine, shared)
        out[0] = mine[0]

    out = cp.zeros(1, np.complex64)
    _, evidence = record(lambda: kernel[1, fft.block_dim](out))
    assert "needs 512 bytes of shared memory" in evidence.faults[0].message
    assert evidence.operations[0].kind == "mathdx"


def test_knobs_and_refusals(cp: Any) -> None:
    from nvmath.device import FFT

    fft = FFT(128, np.float32, "c2c", "Block", direction="forward")
    assert (2, 1) in fft.valid("elements_per_thread", "ffts_per_block")
    with pytest.raises(NotModelled, match="size 131 in a block"):
        _ = FFT(131, np.float32, "c2c", "Block", direction="forward").stride
    with pytest.raises(NotModelled, match="real signals"):
        _ = FFT(128, np.float32, "r2c", "Block").stride
    with pytest.raises(NotModelled, match="half precision"):
        _ = FFT(128, np.float16, "c2c", "Block", direction="forward").stride


def test_old_forms_fail_as_in_nvmath(cp: Any) -> None:
    from numba import cuda
    from numba.cuda.core.errors import TypingError
    from nvmath.device import FFT

    fft = FFT(64, np.float32, "c2c", "Block", direction="forward")

    @cuda.jit
    def kernel(out: Any) -> None:
        mine = cuda.local.array(shape=(8,), dtype=np.complex64)
        fft(mine, mine)
        out[0] = mine[0]

    with pytest.raises(TypingError):
        kernel[1, fft.block_dim](cp.zeros(1, np.complex64))
    with pytest.raises(ImportError, match="cannot import name 'fft'"):
        from nvmath.device import fft as _  # noqa: F401
