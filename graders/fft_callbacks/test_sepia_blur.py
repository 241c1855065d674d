"""The checks of ``sepia_blur``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from graders.fft_callbacks.fusion import (
    expect_no_hazard,
    expect_no_other_kernel,
    expect_on_device,
    expect_parity,
    expect_transforms,
)
from graders.fft_callbacks.pictures import Case, Draw, colour_cases
from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_unchanged,
    gpu,
    require_evidence,
)


def test_values(
    learner: Learner, draw: Draw, oracles: ModuleType, limits: Mapping[str, float]
) -> None:
    """The image is in sepia and blurred, for every size and sigma, bright and dark."""
    for case in colour_cases(draw):
        observation = _blur(learner, case)
        expect_parity(observation, case)
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
        expect_close(
            result,
            oracles.sepia_blur(case.image, case.sigma),
            relative_error=limits["relative_error"],
            name="the result, as (3, H, W)",
            where=case.where,
            mistakes=oracles.sepia_blur_mistakes(case.image, case.sigma),
        )
        expect_no_hazard(observation, case)


def test_memory_space(learner: Learner, draw: Draw) -> None:
    """The image, its spectrum and the result stay on the GPU."""
    for case in colour_cases(draw):
        expect_on_device(_blur(learner, case), case)


def test_inputs_unchanged(learner: Learner, draw: Draw) -> None:
    """The image is the same after the call as before."""
    for case in colour_cases(draw):
        expect_unchanged(_blur(learner, case), names=["image", "sigma"])


def test_fused(learner: Learner, draw: Draw) -> None:
    """Sepia and response are applied inside the transforms, and by no other kernel."""
    for case in colour_cases(draw):
        evidence = require_evidence(_blur(learner, case).evidence)
        expect_transforms(evidence, case, sepia=True)
        expect_no_other_kernel(evidence, case)


def _blur(learner: Learner, case: Case) -> Observation:
    return learner.call("sepia_blur", gpu(case.image), case.sigma)
