"""The checks of ``gaussian_blur``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from graders.fft_callbacks.fusion import (
    expect_in_bounds,
    expect_no_other_kernel,
    expect_on_device,
    expect_parity,
    expect_transforms,
)
from graders.fft_callbacks.pictures import Case, Draw, gray_cases, remembered
from graders.harness.checks import (
    Learner,
    Observation,
    Pictures,
    expect_array,
    expect_close,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
    require_evidence,
)


@pytest.fixture(scope="module")
def cases(draw: Draw, data_folder: Path) -> list[Case]:
    """Return the images, drawn once: calls with equal arguments are made once."""
    return gray_cases(draw, data_folder)


def test_values(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
    pictures: Pictures,
) -> None:
    """The blurred image is right, for every size and every sigma."""
    for number, case in enumerate(cases):
        observation = _blur(learner, case)
        expect_parity(observation, case)
        expect_in_bounds(observation, case)
        expect_ready(observation)
        result = expect_array(
            observation.value,
            shape=case.image.shape,
            dtype="float32",
            memory_space=None,
            name="the result",
        )
        expected = oracles.gaussian_blur(case.image, case.sigma)
        pictures.save(case.slug, source=case.image, result=result, expected=expected)
        expect_close(
            result,
            expected,
            relative_error=limits["relative_error"],
            name="the result",
            where=case.where,
            mistakes=remembered(oracles.gaussian_blur, case, expected, cases[:number])
            | oracles.gaussian_blur_mistakes(case.image, case.sigma),
        )
        expect_settled(observation)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The image, its spectrum and the result stay on the GPU."""
    for case in cases:
        expect_on_device(_blur(learner, case), case)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The image is the same after the call as before."""
    for case in cases:
        expect_unchanged(_blur(learner, case), names=["image", "sigma"])


def test_fused(learner: Learner, cases: list[Case]) -> None:
    """The response is applied inside a transform, and by no other kernel."""
    for case in cases:
        evidence = require_evidence(_blur(learner, case).evidence)
        expect_transforms(evidence, case, sepia=False)
        expect_no_other_kernel(evidence, case)


def _blur(learner: Learner, case: Case) -> Observation:
    return learner.call("gaussian_blur", gpu(case.image), case.sigma)
