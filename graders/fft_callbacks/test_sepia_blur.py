"""The checks of ``sepia_blur``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.fft_callbacks.fusion import (
    expect_in_bounds,
    expect_no_other_kernel,
    expect_on_device,
    expect_parity,
    expect_transforms,
)
from graders.fft_callbacks.pictures import (
    Case,
    Draw,
    colour_cases,
    colour_picture,
    remembered,
)
from graders.harness.checks import (
    Learner,
    Observation,
    Pictures,
    expect_array,
    expect_close,
    expect_faster,
    expect_ready,
    expect_settled,
    expect_unchanged,
    gpu,
    require_evidence,
)


@pytest.fixture(scope="module")
def cases(draw: Draw, data_folder: Path) -> list[Case]:
    """Return the images, drawn once: calls with equal arguments are made once."""
    return colour_cases(draw, data_folder)


def test_values(
    learner: Learner,
    cases: list[Case],
    oracles: ModuleType,
    limits: Mapping[str, float],
    pictures: Pictures,
) -> None:
    """The image is in sepia and blurred, for every size and sigma, bright and dark."""
    for number, case in enumerate(cases):
        observation = _blur(learner, case)
        expect_parity(observation, case)
        expect_in_bounds(observation, case)
        expect_ready(observation)
        planes = (3, case.height, case.width)
        result = expect_array(
            observation.value,
            shape=[planes, case.image.shape],
            dtype="float32",
            memory_space=None,
            name="the result",
        )
        if result.shape != planes:
            result = np.moveaxis(result, -1, 0)
        expected = oracles.sepia_blur(case.image, case.sigma)
        pictures.save(
            case.slug,
            source=case.image,
            result=np.moveaxis(result, 0, -1),
            expected=np.moveaxis(expected, 0, -1),
        )
        expect_close(
            result,
            expected,
            relative_error=limits["relative_error"],
            name="the result (as 3 x H x W)",
            where=case.where,
            mistakes=remembered(oracles.sepia_blur, case, expected, cases[:number])
            | oracles.sepia_blur_mistakes(case.image, case.sigma),
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
    """Sepia and response are applied inside the transforms, and by no other kernel."""
    for case in cases:
        evidence = require_evidence(_blur(learner, case).evidence)
        expect_transforms(evidence, case, sepia=True)
        expect_no_other_kernel(evidence, case)


def test_faster(
    learner: Learner,
    baseline: Learner,
    draw: Draw,
    limits: Mapping[str, float],
    note: Callable[[str, Any], None],
) -> None:
    """The kernels take less time than those of the plain CuPy program."""
    rng = draw("speed")
    expect_faster(
        learner,
        baseline,
        "sepia_blur",
        (gpu(colour_picture(rng, (2160, 3840))), 20.0),
        threshold=limits["speedup"],
        rng=rng,
        note=note,
    )


def _blur(learner: Learner, case: Case) -> Observation:
    return learner.call("sepia_blur", gpu(case.image), case.sigma)
