"""The oracles of the blurs agree with formulas that share no code with them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from graders.fft_callbacks.limits import limited
from graders.fft_callbacks.pictures import (
    AGAIN,
    Case,
    colour_cases,
    gray_cases,
    photograph,
)

ROOT = Path(__file__).parents[2]
DATA = ROOT / "assignments" / "fft_callbacks" / "data"


def load_oracles() -> ModuleType:
    path = ROOT / "reference" / "fft_callbacks" / "oracles.py"
    spec = importlib.util.spec_from_file_location("fft_callbacks_oracles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORACLES = load_oracles()


def drawn(seed: int) -> Callable[[str], np.random.Generator]:
    return lambda name: np.random.default_rng([seed, *name.encode()])


def relative(actual: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(actual - right) / np.linalg.norm(right))


@pytest.mark.parametrize(
    ("shape", "sigma"), [((54, 77), 1.5), ((77, 54), 2.3), ((61, 45), 4.0)]
)
def test_blur_is_that_of_scipy(shape: tuple[int, int], sigma: float) -> None:
    image = np.random.default_rng(1).random(shape)
    expected = ndimage.gaussian_filter(image, sigma, mode="wrap", truncate=8.0)
    # SciPy samples the Gaussian, which differs from the response by exp(-pi^2 sigma^2 /
    # 2) at the highest frequency: 1.5e-5 at sigma 1.5.
    assert relative(ORACLES.gaussian_blur(image, sigma), expected) < 1e-5


def test_blur_away_from_the_borders_is_that_of_scipy_with_other_borders() -> None:
    image = photograph(DATA).mean(axis=-1, dtype=np.float64)
    ours = ORACLES.gaussian_blur(image, 2.0)[16:-16, 16:-16]
    expected = ndimage.gaussian_filter(image, 2.0, mode="reflect", truncate=8.0)
    assert relative(ours, expected[16:-16, 16:-16]) < 1e-6


def test_blur_is_a_convolution_with_the_sampled_gaussian() -> None:
    height, width, sigma = 20, 33, 1.7
    image = np.random.default_rng(2).random((height, width))
    expected = np.zeros_like(image)
    for dy in range(-12, 13):
        for dx in range(-12, 13):
            weight = np.exp(-(dy**2 + dx**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
            expected += weight * np.roll(image, (dy, dx), axis=(0, 1))
    assert relative(ORACLES.gaussian_blur(image, sigma), expected) < 1e-5


def test_blur_of_one_wave_is_the_wave_times_its_response() -> None:
    height, width, sigma = 48, 35, 0.8
    y, x = np.mgrid[:height, :width]
    wave = np.cos(2 * np.pi * (5 * y / height + 3 * x / width))
    frequency = (5 / height) ** 2 + (3 / width) ** 2
    expected = wave * np.exp(-2 * np.pi**2 * sigma**2 * frequency)
    np.testing.assert_allclose(ORACLES.gaussian_blur(wave, sigma), expected, atol=1e-13)


def test_blur_keeps_the_mean() -> None:
    image = np.random.default_rng(3).random((31, 64))
    assert ORACLES.gaussian_blur(image, 7.0).mean() == pytest.approx(image.mean())


def test_sepia_by_hand() -> None:
    image = np.array([[[0.1, 0.2, 0.4], [1.0, 1.0, 0.0], [1.0, 0.5, 0.5]]])
    expected = [
        [0.0393 + 0.1538 + 0.0756, 1.0, 0.393 + 0.3845 + 0.0945],
        [0.0349 + 0.1372 + 0.0672, 1.0, 0.349 + 0.343 + 0.084],
        [0.0272 + 0.1068 + 0.0524, 0.806, 0.272 + 0.267 + 0.0655],
    ]
    assert ORACLES.sepia(image).shape == (3, 1, 3)
    np.testing.assert_allclose(ORACLES.sepia(image)[:, 0], expected, rtol=1e-14)


def test_sepia_blur_blurs_each_channel_of_sepia() -> None:
    image = np.random.default_rng(4).random((40, 27, 3))
    toned = np.minimum(1.0, np.einsum("ck,yxk->cyx", ORACLES.SEPIA, image))
    expected = np.stack(
        [ndimage.gaussian_filter(c, 1.8, mode="wrap", truncate=8.0) for c in toned]
    )
    assert relative(ORACLES.sepia_blur(image, 1.8), expected) < 1e-5


CASES = {
    "gaussian_blur": (gray_cases, ORACLES.gaussian_blur_mistakes),
    "sepia_blur": (colour_cases, ORACLES.sepia_blur_mistakes),
}
TRUTH = {"gaussian_blur": ORACLES.gaussian_blur, "sepia_blur": ORACLES.sepia_blur}


@pytest.mark.parametrize("exercise", list(CASES))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_mistake_is_far_beyond_the_limit(exercise: str, seed: int) -> None:
    make, mistakes_of = CASES[exercise]
    largest: dict[str, float] = {}
    for case in make(drawn(seed), DATA):
        right = TRUTH[exercise](case.image, case.sigma)
        for sentence, mistake in mistakes_of(case.image, case.sigma).items():
            if largest.get(sentence, 0.0) > 1e-3:
                continue  # one case that shows it is enough
            wrong = mistake()
            assert wrong.shape == right.shape, sentence
            error = relative(wrong, right)
            largest[sentence] = max(error, largest.get(sentence, 0.0))
    # One frequency of the image alone, as one mistake has it wrong, changes little.
    assert min(largest.values()) > 2e-4, min(largest.items(), key=lambda item: item[1])


def test_scipys_filter_is_recognised() -> None:
    image = np.random.default_rng(5).random((50, 63))
    mistakes = ORACLES.gaussian_blur_mistakes(image, 1.8)
    for mode, words in (("wrap", "off at 4 sigma"), ("reflect", "mirrored")):
        mistake = next(m for sentence, m in mistakes.items() if words in sentence)
        expected = ndimage.gaussian_filter(image, 1.8, mode=mode)
        assert relative(mistake(), expected) < 1e-12, mode


@pytest.mark.parametrize("seed", range(5))
def test_drawn_cases_cover_what_they_must(seed: int) -> None:
    for make, _ in CASES.values():
        cases = make(drawn(seed), DATA)
        sides = {(case.height % 2, case.width % 2) for case in cases}
        assert sides == {(0, 0), (0, 1), (1, 0), (1, 1)}
        close = [c for c in cases if "a sigma close to the first" in c.name]
        first, second, third, fourth, fifth, swapped = [
            c for c in cases if all(c is not x for x in close)
        ][:6]
        for other in (second, third, fourth, fifth):
            assert other.image.shape == first.image.shape
            assert not np.array_equal(other.image, first.image)
        assert first.sigma != second.sigma
        assert first.sigma == third.sigma == fourth.sigma == fifth.sigma
        assert first.sigma == swapped.sigma
        assert (swapped.height, swapped.width) == (first.width, first.height)
        assert sum(case.height == case.width for case in cases) == 1
        assert any(case.width > 2048 for case in cases)
        assert any(case.sigma < 0.2 for case in cases)
        beyond = sum("beyond 0 and 1" in case.name for case in cases)
        assert beyond == (make is gray_cases)  # sepia's images are shades
        assert any(min(c.height, c.width) >= 512 and c.sigma == 20 for c in cases)
        assert any(c.pixels < 450 for c in cases)
        beyond_height = [c for c in cases if c.sigma > c.height]
        beyond_width = [c for c in cases if c.sigma > c.width]
        for narrow in (beyond_height, beyond_width):
            assert len(narrow) == 1
            assert max(narrow[0].height, narrow[0].width) >= 512
        for case in cases:
            assert case.image.dtype == np.float32
            assert case.image.flags.c_contiguous
            if "beyond 0 and 1" in case.name:
                assert case.image.min() < -0.5
                assert case.image.max() > 1.5
            else:
                assert case.image.min() >= 0
                assert case.image.max() <= 1
            for side in (case.height, case.width):
                assert side != 3
                assert largest_prime_factor(side) <= 127


@pytest.mark.parametrize("exercise", list(CASES))
@pytest.mark.parametrize("seed", range(3))
def test_a_limited_sigma_is_far_beyond_the_limit(exercise: str, seed: int) -> None:
    blur, shown = TRUTH[exercise], 0
    for case in CASES[exercise][0](drawn(seed), DATA):
        right = blur(case.image, case.sigma)
        found = limited(blur, case.image, case.sigma)
        for sentence, mistake in found.items():
            assert relative(mistake(), right) > 2e-4, sentence
        means = [each for sentence, each in found.items() if "mean" in sentence]
        assert bool(means) == (case.sigma > min(case.height, case.width))
        for mean in means:
            assert np.ptp(mean(), axis=(-2, -1)).max() < 1e-12
        shown += len(found)
    assert shown > 20


@pytest.mark.parametrize("seed", range(20))
def test_neighbours_of_the_first_image_share_one_side_and_sigma(seed: int) -> None:
    for make, _ in CASES.values():
        cases = make(drawn(seed), DATA)
        names = [case.name for case in cases]
        at = names.index("the first shape and sigma again")
        first, swapped, wider, higher = cases[at : at + 4]
        assert first.sigma == swapped.sigma == wider.sigma == higher.sigma
        assert first.image.shape == cases[0].image.shape
        assert (swapped.height, swapped.width) == (first.width, first.height)
        assert (wider.height, wider.width) == (swapped.height, swapped.width + 1)
        assert wider.width // 2 == swapped.width // 2
        assert (higher.height, higher.width) == (wider.height + 1, wider.width)
        before, again = cases[names.index(AGAIN) - 1 :][:2]
        assert again.image.shape[:2] == first.image.shape[:2] != before.image.shape[:2]
        assert again.sigma == before.sigma != first.sigma


@pytest.mark.parametrize("exercise", list(CASES))
def test_close_sigmas_round_alike_and_blur_apart(exercise: str) -> None:
    for seed in range(20):
        cases = CASES[exercise][0](drawn(seed), DATA)
        (close,) = [c for c in cases if "a sigma close to the first" in c.name]
        first = cases[0].sigma
        assert close.sigma != first
        for digits in range(3):
            assert round(close.sigma, digits) == round(first, digits)
        assert int(close.sigma) == int(first)
        right = TRUTH[exercise](close.image, close.sigma)
        assert relative(TRUTH[exercise](close.image, first), right) > 20 * 5e-6


@pytest.mark.parametrize("seed", range(5))
def test_bright_cases_saturate_and_dark_ones_do_not(seed: int) -> None:
    shares = {
        case.name: saturated_share(case) for case in colour_cases(drawn(seed), DATA)
    }
    assert shares["a bright image"] > 1 / 3
    assert shares["a bright image with odd sides"] > 1 / 3
    assert shares["a dark image, height and width swapped"] == 0
    assert shares["the photograph"] > 0.05


def test_cases_are_fresh_for_each_seed_and_the_same_for_one() -> None:
    one, again, other = (gray_cases(drawn(seed), DATA)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.image, again.image)
    assert one.sigma == again.sigma
    assert one.sigma != other.sigma


def saturated_share(case: Case) -> float:
    sums = case.image.astype(np.float64) @ ORACLES.SEPIA.T
    return float((sums > 1).any(axis=-1).mean())


def largest_prime_factor(number: int) -> int:
    factor = 2
    while factor * factor <= number:
        if number % factor:
            factor += 1
        else:
            number //= factor
    return number
