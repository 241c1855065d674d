"""What learners are told of payoffs, of their draws, and of what was launched."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.device_api import launches, paths, verdicts
from graders.device_api.groups import group_deviations
from graders.device_api.launches import (
    expect_device_calls,
    expect_in_bounds,
    expect_no_other_draws,
    listed,
    short,
)
from graders.device_api.paths import Case, draw_cases, main_case, read_payoffs
from graders.device_api.randomness import law_deviations, relations
from graders.device_api.repetitions import Repetition, repetitions
from graders.device_api.test_option_payoffs import seeds_near
from graders.harness.checks import Observation, gpu
from graders.harness.device.evidence import Evidence, Fault, Kernel, Operation
from graders.harness.errors import NotFused, WrongDtype, WrongValue

Array = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def oracles() -> ModuleType:
    path = ROOT / "reference" / "device_api" / "oracles.py"
    spec = importlib.util.spec_from_file_location("device_api_oracles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def case() -> Case:
    """A case whose drift is not a multiple of half the variance."""
    return replace(main_case(np.random.default_rng(1), 5003, 42), mu=0.011, sigma=0.06)


@pytest.fixture(scope="module")
def z(case: Case) -> Array:
    shape = (case.n_paths, case.n_steps - 1)
    return np.random.default_rng(2).standard_normal(shape)


def told(action: Callable[[], Any]) -> str:
    """Return what a learner is told, the hint included."""
    with pytest.raises((WrongValue, WrongDtype, NotFused)) as caught:
        action()
    return f"{caught.value.message} {caught.value.hint}"


def judged(call: Array, put: Array, case: Case) -> None:
    """Judge payoffs as the check does."""
    tolerance = 1e-6 * (case.s0 + case.strike + case.premium)
    paths.expect_written(call, put, case)
    paths.expect_first_price(call, put, case, tolerance)
    paths.expect_floor(call, put, case, tolerance)


def test_seeds_differ_in_one_way_each() -> None:
    """In one bit of 31, or by a multiple of a million, of a thousand, or of 2**23."""
    for seed in (1, 123_456_789, 2**30 - 1):
        one, *others = seeds_near(seed)
        assert {one ^ other for other in others} >= {2**bit for bit in range(31)}
        assert any(other % 10**6 == one % 10**6 for other in others)
        assert any(other % 2**23 == one % 2**23 for other in others)
        assert np.float32(one) == np.float32(one ^ 1)
        assert len({one, *others}) == len(others) + 1
        assert min(one, *others) >= 0
        assert max(one, *others) < 2**31


def test_shapes_leave_every_remainder() -> None:
    """All remainders by four, one step, one path, and no power of two."""
    cases = draw_cases(np.random.default_rng(1))
    assert {(c.n_steps - 1) % 4 for c in cases} == {0, 1, 2, 3}
    assert 1 in {c.n_steps for c in cases}
    assert 1 in {c.n_paths for c in cases}
    assert all(c.n_paths % 32 for c in cases if c.n_paths != 1)
    assert {c.strike < c.s0 for c in cases} == {True, False}
    one_step = [c for c in cases if c.n_steps == 1]
    assert {c.strike < c.s0 for c in one_step} == {True, False}
    for c in cases:
        assert abs(c.strike - c.s0) > 0.02 * c.s0
        assert 0 <= c.seed < c.other_seed < 2**31


def test_float32_payoffs_pass(case: Case, z: Array, oracles: ModuleType) -> None:
    """The oracle's payoffs pass, rounded to float32 as well."""
    price = oracles.prices(z, case.s0, case.mu, case.sigma)
    call, put = oracles.payoffs(price, case.strike, case.premium)
    judged(call, put, case)
    judged(call.astype(np.float32).astype(float), put.astype(np.float32), case)
    rounded = price.astype(np.float32)
    k, p = np.float32(case.strike), np.float32(case.premium)
    judged(
        (np.maximum(rounded - k, 0) - p).astype(float),
        (np.maximum(k - rounded, 0) - p).astype(float),
        case,
    )


PAYOFFS: dict[str, tuple[Callable[[Array, Array, Case], tuple[Array, Array]], str]] = {
    "exchanged": (lambda c, p, _: (p, c), "Call and put are exchanged"),
    "no premium": (lambda c, p, k: (c, p + k.premium), "not subtracted from put"),
    "premium added": (lambda c, p, k: (c + 2 * k.premium, p), "added to call"),
    "first draw": (
        lambda c, p, _: (np.roll(c, -1, 1), np.roll(p, -1, 1)),
        "differ in the first column",
    ),
    "no max": (
        lambda c, p, k: (c, k.strike - (k.strike + c - p) - k.premium),
        "at path 0, step",
    ),
    "another step": (
        lambda c, p, _: (c, np.hstack([p[:, :2], p[:, 1:-1]])),
        "different steps",
    ),
    "last steps": (
        lambda c, p, _: (np.where(np.arange(42) >= 41, np.nan, c), p),
        "in groups of four, 1 is left over",
    ),
    "last paths": (
        lambda c, p, _: (np.where(np.arange(5003)[:, None] > 4990, np.nan, c), p),
        "enough blocks",
    ),
    "first column": (
        lambda c, p, _: (np.where(np.arange(42) == 0, np.nan, c), p),
        "needs no draw",
    ),
    "nothing": (lambda c, p, _: (np.full_like(c, np.nan), p), "Nothing was written"),
    "one element": (
        lambda c, p, _: (c, np.where(p == p[7, 9], np.nan, p)),
        "Which thread writes that element",
    ),
}


@pytest.mark.parametrize("name", PAYOFFS)
def test_payoffs_are_explained(
    name: str, case: Case, z: Array, oracles: ModuleType
) -> None:
    change, text = PAYOFFS[name]
    price = oracles.prices(z, case.s0, case.mu, case.sigma)
    call, put = oracles.payoffs(price, case.strike, case.premium)
    seen = told(lambda: judged(*change(call, put, case), case))
    assert text.lower() in seen.lower()


_LATER = np.arange(41) > 0
LAWS: dict[str, tuple[Callable[[Array, Case], Array], str]] = {
    "half the variance off": (lambda z, c: z - c.sigma / 2, "sigma**2 / 2"),
    "half the variance on": (lambda z, c: z + c.sigma / 2, "high by sigma**2 / 2"),
    "no drift": (lambda z, c: z - c.mu / c.sigma, "seems to be missing"),
    "drift twice": (lambda z, c: z + c.mu / c.sigma, "there twice"),
    "drift down": (lambda z, c: z - 2 * c.mu / c.sigma, "wrong sign"),
    "sigma squared": (lambda z, c: z * c.sigma, "neither twice nor not at all"),
    "no sigma": (lambda z, c: z / c.sigma, "neither twice nor not at all"),
    "no draw": (lambda z, c: 0 * z, "go straight"),
    "uniform": (
        lambda z, c: np.random.default_rng(3).random(z.shape),
        "uniform draw",
    ),
    "uniform, scaled": (
        lambda z, c: np.random.default_rng(3).uniform(-(3**0.5), 3**0.5, z.shape),
        "Mean and spread are right",
    ),
    "one of four": (
        lambda z, c: z + 0.06 * (np.arange(41) % 4 == 2),
        "every fourth step from step 3 on. What becomes of each number",
    ),
    "one step": (lambda z, c: z + 0.3 * (np.arange(41) == 4), "z at step 5"),
    "all prices too high": (
        lambda z, c: z + math.log(1.08) / c.sigma * (np.arange(41) == 0),
        "Only the step from s0 is off, by a factor of about 1.08",
    ),
    "first drift": (
        lambda z, c: z - c.mu / c.sigma * (np.arange(41) == 0),
        "Only the step from s0 is off: its drift mu",
    ),
    "each price from s0": (
        lambda z, c: np.diff(z, axis=1, prepend=0.0) - c.mu / c.sigma * _LATER,
        "at s0 again",
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_laws_are_explained(name: str, case: Case, z: Array) -> None:
    change, text = LAWS[name]
    found = law_deviations(change(z, case))
    assert text in told(lambda: verdicts.raise_for_law(found, case))


def test_prices_that_nothing_drawn_moves_are_explained(case: Case, z: Array) -> None:
    verdicts.expect_moving(z, case)
    verdicts.expect_moving(z * case.sigma, case)
    straight = np.full_like(z, 0.2)
    message = told(lambda: verdicts.expect_moving(straight, case))
    assert "1.02327 times the one before" in message
    assert "The paths go straight" in message
    still = straight * 0 - case.mu / case.sigma
    assert "stays at s0" in told(lambda: verdicts.expect_moving(still, case))


def test_relations_are_explained(case: Case, z: Array) -> None:
    rows = np.arange(len(z))
    overlapping = np.random.default_rng(4).standard_normal(len(z) + 41)
    for change, text in (
        (z[rows % 256], "thread's place in its block"),
        (z[:, np.arange(41) // 4], "Is each number of a draw used once"),
        (np.diff(z, axis=1, prepend=0.0), "at the one before, or at s0 again"),
        (np.where(rows % 2, -1, 1)[:, None] * z[rows // 2], "mirror image"),
        (overlapping[rows[:, None] + np.arange(41)], "paths overlap"),
    ):
        found = relations(change)
        again = repetitions(change)
        message = told(lambda: verdicts.raise_for_relation(found, again, case))  # noqa: B023
        assert text in message
    z = z.copy()
    z[4000] = z[3]
    again = repetitions(z)
    assert again is not None
    message = told(lambda: verdicts.raise_for_repetition(again, case))
    assert "path 3 from step 1 occur again in path 4000" in message


def test_dependence_by_fours_is_explained(case: Case, z: Array) -> None:
    signs = z.copy()
    signs[:, 2::4] = np.abs(z[:, 2::4]) * np.sign(z[:, 0:39:4] * z[:, 1:39:4])
    found = group_deviations(signs)
    message = told(lambda: verdicts.raise_for_group(found, case))
    assert (
        "the mean product of the signs of z at steps 1, 2, 3 and every four" in message
    )
    assert "Does one number of a draw decide" in message
    shared = np.random.default_rng(7).standard_normal((20, 41))
    found = group_deviations(z + 0.2 * shared[np.arange(len(z)) // 256])
    message = told(lambda: verdicts.raise_for_group(found, case))
    assert "neighbouring paths, by that of one, is" in message
    assert "of one block" in message


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ((9, 0), "which paths share one"),
        ((5, 64), "meets its own draws again"),
        ((6, 64), "one goes where the other was"),
    ],
)
def test_repetitions_are_explained(
    case: Case, second: tuple[int, int], text: str
) -> None:
    again = Repetition((5, 0), second, 12)
    assert text in told(lambda: verdicts.raise_for_repetition(again, case))


def test_repeated_paths_are_explained(case: Case) -> None:
    again = Repetition((0, 0), (16384, 0), 23625)
    message = told(lambda: verdicts.raise_for_repeated_path(again, case))
    assert "Path 0 and path 16384 are the same, to the last digit" in message
    assert "23,625 paths repeat another" in message
    assert "They are 16,384 paths apart" in message


def test_seeds_are_explained(case: Case, z: Array) -> None:
    other = np.random.default_rng(9).standard_normal(z.shape)
    verdicts.raise_for_seed(relations(z, other), repetitions(z, other), case)
    moved = np.roll(z, 3, axis=0)
    message = told(lambda: verdicts.raise_for_seed(relations(z, moved), None, case))
    assert "draws in common" in message
    apart = abs(case.other_seed - case.seed)
    for shift, text in (
        ((apart, 0), f"the same {apart} places on"),
        ((0, apart), "moves along one sequence"),
        ((1, 1), "What does the seed change"),
    ):
        moved = np.roll(z, shift, axis=(0, 1))
        message = told(lambda: verdicts.raise_for_seed(relations(z, moved), None, case))  # noqa: B023
        assert text in message
    other[5] = z[2000]
    again = repetitions(z, other)
    message = told(lambda: verdicts.raise_for_seed([], again, case))
    assert "path 2000 of the one and path 5 of the other" in message
    assert "the seed reach" in told(lambda: verdicts.raise_for_same_paths(case)).lower()
    common = told(lambda: verdicts.raise_for_common_paths(1700, case))
    assert "give paths of which 1,700 are the same, to the last digit" in common
    told_of = verdicts.raise_for_other_paths
    assert "more than half of them differ" in told(lambda: told_of(0.7, case))
    assert "about one in 100 differs" in told(lambda: told_of(0.01, case))


def test_two_arrays_come_in_several_forms(case: Case) -> None:
    call = np.zeros((case.n_paths, case.n_steps), np.float32)
    both = np.stack([call, call + 1])
    for value in ((gpu(call), gpu(call + 1)), [gpu(call), gpu(call + 1)], gpu(both)):
        found = read_payoffs(value, case)
        assert found.call.shape == found.put.shape == call.shape
        assert found.put.array[0, 0] == 1
        assert found.put.strides == call.strides
    for value in (gpu(call), None, (gpu(call),), {"call": 1}):
        assert "Expected were two" in told(lambda: read_payoffs(value, case))  # noqa: B023


# ------------------------------------------------- what ran, also as CUPTI reports it

NUMBA = "cudapy::exercise::make::_3clocals_3e::kernel[abi:v2][abi:cw51](Array<...>)"


def kernel(name: str, kind: str = "elementwise") -> Kernel:
    return Kernel(name=name, kind=kind, start=0.0, seconds=1e-5)


def observed(*kernels: Kernel, calls: tuple[str, ...] = (), **more: Any) -> Observation:
    operations = tuple(
        Operation(library="numba", phase="execute", handle=k, kind=kind)
        for k, kind in enumerate(calls)
    )
    evidence = Evidence(kernels=kernels, operations=operations, **more)
    return Observation(
        value=None,
        evidence=evidence,
        exception=None,
        seconds=0.0,
        changed=(),
        late_write=False,
    )


def test_names_are_short() -> None:
    assert short(kernel(NUMBA)) == "kernel"
    assert short(kernel("cupy_multiply__float32_float32")).startswith("cupy_multiply")
    assert short(
        kernel("void regular_fft<256u, 4u>(kernel_arguments_t<unsigned>)")
    ) == ("regular_fft")
    assert listed([]) == "no kernel ran at all"
    assert listed([kernel(f"k{i}") for i in range(7)]).endswith("k4 and 2 more")


def test_a_launch_must_call_the_device_api() -> None:
    def judge(seen: Observation) -> None:
        expect_device_calls(seen, "random", "a generator", "3 paths")

    judge(observed(kernel(NUMBA), calls=("random",)))
    judge(observed(kernel(NUMBA), calls=("", "random mathdx")))
    seen = told(lambda: judge(observed(kernel(NUMBA), calls=("mathdx",))))
    assert "launched a kernel, but none that calls a generator" in seen
    seen = told(lambda: judge(observed(kernel("cupy_exp__float32_float32"))))
    assert "launched no kernel; what ran was cupy_exp" in seen


def test_numbers_that_cupy_draws_are_counted() -> None:
    drawn = replace(kernel("cupy_normal__float32", "random"), elements=1200)

    def judge(seen: Observation) -> None:
        expect_no_other_draws(seen, 1000, "200 paths of 6 steps")

    judge(observed(kernel(NUMBA), recorded_on="simulator"))
    judge(observed(replace(drawn, elements=999), recorded_on="simulator"))
    # cuRAND's kernels draw more numbers than they have work items, or fewer.
    judge(observed(drawn, recorded_on="cuda"))
    seen = told(lambda: judge(observed(drawn, recorded_on="simulator")))
    assert "cupy.random drew 1,200 numbers; the paths need 1,000" in seen


def test_faults_are_explained() -> None:
    launches.expect_in_bounds(observed(), "3 rows")
    fault = Fault(kind="out_of_bounds_write", message="Thread 3 writes somewhere.")
    seen = told(lambda: expect_in_bounds(observed(faults=(fault,)), "3 rows"))
    assert "somewhere; 3 rows." in seen
    assert "The last block" in seen
    fault = replace(fault, message="It needs 8 bytes of shared memory.")
    seen = told(lambda: expect_in_bounds(observed(faults=(fault,)), "3 rows"))
    assert "after grid, block and stream" in seen


# ------------------------------------------------------------------------ the oracles


def test_prices_follow_the_formula(oracles: ModuleType) -> None:
    z = np.array([[1.0, -2.0], [0.0, 0.5]])
    price = oracles.prices(z, 100.0, 0.01, 0.1)
    assert price.shape == (2, 3)
    assert price[0, 2] == pytest.approx(100 * math.exp(0.11) * math.exp(0.01 - 0.2))
    np.testing.assert_allclose(oracles.normals(price, 0.01, 0.1), z, atol=1e-12)
    call, put = oracles.payoffs(price, 100.0, 3.0)
    assert call[0, 0] == put[0, 0] == -3
    np.testing.assert_allclose(call - put, price - 100)


def test_simulated_prices_have_the_closed_form_mean(oracles: ModuleType) -> None:
    """The mean of S after j steps is s0 exp(j (mu + sigma**2 / 2))."""
    call, put = oracles.simulate(40000, 20, 100.0, 0.01, 0.05, 100.0, 2.0, 7)
    price = 100 + call - put
    for j in (1, 10, 19):
        expected = 100 * math.exp(j * (0.01 + 0.05**2 / 2))
        spread = expected * math.sqrt(math.expm1(j * 0.05**2))
        assert abs(price[:, j].mean() - expected) < 5 * spread / math.sqrt(40000)


def test_a_convolution_is_a_circular_sum(oracles: ModuleType) -> None:
    rng = np.random.default_rng(5)
    x, taps = rng.standard_normal((2, 3, 8)) + 1j * rng.standard_normal((2, 3, 8))
    j = np.arange(8)
    expected = [
        [sum(x[b, i] * taps[b, (k - i) % 8] for i in j) for k in j] for b in range(3)
    ]
    seen = oracles.convolve(x, np.fft.fft(taps))
    np.testing.assert_allclose(seen, expected, atol=1e-12)


def test_the_mistakes_of_a_convolution_differ(oracles: ModuleType) -> None:
    """Each is far from the truth, and from every other."""
    rng = np.random.default_rng(6)
    x, h = rng.standard_normal((2, 3, 16)) + 1j * rng.standard_normal((2, 3, 16))
    made = [oracles.convolve(x, h)]
    made += [make() for make in oracles.convolve_mistakes(x, h).values()]
    for k, one in enumerate(made):
        for two in made[:k]:
            assert np.linalg.norm(one - two) > 1e-2 * np.linalg.norm(one)
