"""The checks of ``gaussian_blur``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from graders.fft_callbacks.blurs import (
    expect_blurred,
    expect_fused,
    expect_only_read,
    expect_resident,
)
from graders.fft_callbacks.pictures import Case, Draw, gray_cases
from graders.harness.checks import Learner, Pictures

BLUR = "gaussian_blur"


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
    expect_blurred(learner, BLUR, cases, oracles, limits, pictures)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The image, its spectrum and the result stay on the GPU."""
    expect_resident(learner, BLUR, cases)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The image is the same after the call as before."""
    expect_only_read(learner, BLUR, cases)


def test_fused(learner: Learner, cases: list[Case]) -> None:
    """The response is applied inside a transform, and by no other kernel."""
    expect_fused(learner, BLUR, cases, sepia=False)
