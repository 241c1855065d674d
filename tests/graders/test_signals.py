"""The signals that transforms are tried on: each known mistake shows in them."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from graders.kernel_fusion.signals import (
    BATCHES,
    EVEN,
    LARGE,
    ODD,
    POWERS,
    Filtering,
    filterings,
    operands,
    remembered,
    remembered_operands,
    round_trips,
)

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"complex64": 5e-6, "complex128": 1e-12}
LENGTHS = (*EVEN, *ODD, *BATCHES, *LARGE)


def draw(name: str) -> np.random.Generator:
    return np.random.default_rng([11, *name.encode()])


@pytest.fixture(scope="module")
def oracles() -> Iterator[ModuleType]:
    path = ROOT / "reference" / "kernel_fusion" / "oracles.py"
    spec = importlib.util.spec_from_file_location("signal_oracles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def off(values: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(values - expected) / np.linalg.norm(expected))


def largest_prime(n: int) -> int:
    largest, factor = 1, 2
    while n > 1:
        while n % factor == 0:
            largest, n = factor, n // factor
        factor += 1
    return largest


@pytest.mark.parametrize("n", [*LENGTHS, *POWERS])
def test_cufft_takes_callbacks_for_every_length(n: int) -> None:
    assert largest_prime(n) <= 127


@pytest.mark.parametrize("n", LENGTHS)
def test_a_coarse_factor_shows_at_every_length(n: int) -> None:
    for factor in (1 / n, n**-0.5):
        assert abs(float(np.float16(factor)) / factor - 1) > 20 * LIMITS["complex64"]
        coarse = abs(float(np.float32(factor)) / factor - 1)
        assert coarse > 1000 * LIMITS["complex128"]


@pytest.mark.parametrize("n", POWERS)
def test_no_power_of_four_hides_a_coarse_root(n: int) -> None:
    assert math.isqrt(n) ** 2 != n


def test_a_filter_by_the_convolution_theorem(oracles: ModuleType) -> None:
    """A filter that is the spectrum of a shifted impulse shifts the signal."""
    signal = np.arange(10.0).reshape(2, 5) + 1j
    impulse = np.zeros((2, 5))
    impulse[0, 2], impulse[1, 1] = 1, 3
    result = oracles.fft_filter(signal, np.fft.fft(impulse))
    assert np.allclose(result[0], np.roll(signal[0], 2))
    assert np.allclose(result[1], 3 * np.roll(signal[1], 1))


def test_unitary_transforms_by_their_definition(oracles: ModuleType) -> None:
    k = np.arange(6)
    matrix = np.exp(-2j * np.pi * np.outer(k, k) / 6) / math.sqrt(6)
    x = np.arange(12.0).reshape(2, 6) + 2j
    assert np.allclose(oracles.unitary_fft(x), x @ matrix)
    assert np.allclose(oracles.unitary_ifft(x), x @ matrix.conj())


def test_every_mistake_in_a_filter_shows(oracles: ModuleType) -> None:
    """Some case is changed far beyond the tolerance by each of them, and no two agree."""
    shown: dict[str, float] = {}
    for case in filterings(draw):
        expected = oracles.fft_filter(case.signal, case.filter_data)
        limit = LIMITS[case.signal.dtype.name]
        for name, wrong in oracles.fft_filter_mistakes(
            case.signal, case.filter_data
        ).items():
            key = "".join(c for c in name if not c.isdigit())
            shown[key] = max(shown.get(key, 0), off(wrong(), expected) / limit)
    assert len(shown) > 20
    assert min(shown.values()) > 100


@pytest.mark.parametrize("function", ["unitary_fft", "unitary_ifft"])
def test_every_mistake_in_a_scaling_shows(oracles: ModuleType, function: str) -> None:
    shown: dict[str, float] = {}
    for case in operands(draw, function):
        expected = getattr(oracles, function)(case.x)
        limit = LIMITS[case.x.dtype.name]
        inverse = function == "unitary_ifft"
        mistakes = oracles.unitary_mistakes(case.x, inverse=inverse)
        for name, wrong in mistakes.items():
            key = "".join(c for c in name if not c.isdigit())
            shown[key] = max(shown.get(key, 0), off(wrong(), expected) / limit)
    assert len(shown) > 10
    assert min(shown.values()) > 20


def test_filters_cover_orders_parities_and_precisions() -> None:
    cases = filterings(draw)
    seen = {
        (x.signal.flags.c_contiguous, x.filter_data.flags.c_contiguous)
        for x in cases
        if 1 not in x.signal.shape
    }
    assert seen == {(True, True), (True, False), (False, True), (False, False)}
    for dtype in LIMITS:
        lengths = {c.signal.shape[1] % 2 for c in cases if c.signal.dtype.name == dtype}
        assert lengths == {0, 1}
    batch, n = cases[0].signal.shape
    assert batch != n
    assert any(c.signal.shape == (n, batch) for c in cases)


def test_one_extent_of_a_filter_in_fortran_order_comes_back_alone() -> None:
    """By the length or by the number of rows alone, nothing of a filter may be kept."""
    cases = filterings(draw)
    start = next(c for c in cases if c.name == "a filter in Fortran order")
    batch, n = start.signal.shape
    alike = [
        c.signal.shape
        for c in cases
        if c.signal.dtype == start.signal.dtype
        and c.signal.flags.c_contiguous
        and not c.filter_data.flags.c_contiguous
    ]
    assert any(rows != batch and length == n for rows, length in alike)
    assert any(rows == batch and length != n for rows, length in alike)


def test_one_filter_has_a_band_of_zeros() -> None:
    assert sum(bool((c.filter_data == 0).any()) for c in filterings(draw)) == 1


@pytest.mark.parametrize("function", ["unitary_fft", "unitary_ifft"])
def test_the_first_length_comes_with_another_number_of_rows(function: str) -> None:
    first, *others = (c.x for c in operands(draw, function))
    rows, n = first.shape
    assert any(
        x.ndim == 2
        and x.dtype == first.dtype
        and x.flags.c_contiguous
        and x.shape[0] != rows
        and x.shape[1] == n
        for x in others
    )


def alike(cases: list[Filtering], what: Callable[[Filtering], np.ndarray]) -> int:
    """Count later cases of the first one's layout in which ``what`` is the same."""
    first = cases[0]
    return sum(
        np.array_equal(what(case), what(first))
        for case in cases[1:]
        if case.signal.shape == first.signal.shape and case.row_by_row
    )


def test_what_a_program_remembers_is_wrong_for_a_later_case(
    oracles: ModuleType,
) -> None:
    cases = filterings(draw)
    assert alike(cases, lambda case: case.signal) == 1
    assert alike(cases, lambda case: case.filter_data) == 1
    last = cases[4]
    mistakes = remembered(oracles.fft_filter, last, cases[:4])
    assert len(mistakes) > 6
    expected = oracles.fft_filter(last.signal, last.filter_data)
    same = [name for name, wrong in mistakes.items() if off(wrong(), expected) < 0.01]
    # This signal and this filter were there before, each with another partner.
    assert len(same) == 2


def test_unitary_operands_of_either_direction_share_no_shape() -> None:
    shapes = [
        {(c.x.shape[-1], c.x.dtype) for c in operands(draw, name)}
        for name in ("unitary_fft", "unitary_ifft")
    ]
    large = {c.x.shape for c in round_trips(draw)}
    one, other = ({n for n, _ in s if n >= 39} for s in shapes)
    assert not one & other
    assert not large & {c.x.shape for c in operands(draw, "unitary_fft")}


def test_remembered_factors_are_wrong(oracles: ModuleType) -> None:
    cases = operands(draw, "unitary_fft")
    case = cases[3]
    mistakes = remembered_operands(oracles.unitary_fft, case, cases[:3])
    expected = oracles.unitary_fft(case.x)
    assert mistakes
    assert all(off(wrong(), expected) > 0.01 for wrong in mistakes.values())
