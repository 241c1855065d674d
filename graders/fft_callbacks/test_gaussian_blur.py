"""The checks of ``gaussian_blur``."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from graders.fft_callbacks.fusion import (
    expect_no_hazard,
    expect_no_other_kernel,
    expect_on_device,
    expect_parity,
    expect_transforms,
)
from graders.fft_callbacks.pictures import Case, Draw, gray_cases
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
    """The blurred image is right, for every size and every sigma."""
    for case in gray_cases(draw):
        observation = _blur(learner, case)
        expect_parity(observation, case)
        result = expect_array(
            observation.value,
            shape=case.image.shape,
            dtype="float32",
            memory_space=None,
            name="the result",
        )
        expect_close(
            result,
            oracles.gaussian_blur(case.image, case.sigma),
            relative_error=limits["relative_error"],
            name="the result",
            where=case.where,
            mistakes=oracles.gaussian_blur_mistakes(case.image, case.sigma),
        )
        expect_no_hazard(observation, case)


def test_memory_space(learner: Learner, draw: Draw) -> None:
    """The image, its spectrum and the result stay on the GPU."""
    for case in gray_cases(draw):
        expect_on_device(_blur(learner, case), case)


def test_inputs_unchanged(learner: Learner, draw: Draw) -> None:
    """The image is the same after the call as before."""
    for case in gray_cases(draw):
        expect_unchanged(_blur(learner, case), names=["image", "sigma"])


def test_fused(learner: Learner, draw: Draw) -> None:
    """The response is applied inside a transform, and by no other kernel."""
    for case in gray_cases(draw):
        evidence = require_evidence(_blur(learner, case).evidence)
        expect_transforms(evidence, case, sepia=False)
        expect_no_other_kernel(evidence, case)


def _blur(learner: Learner, case: Case) -> Observation:
    return learner.call("gaussian_blur", gpu(case.image), case.sigma)
