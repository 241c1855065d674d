"""The checks of ``sepia_blur``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from graders.fft_callbacks.blurs import (
    expect_blurred,
    expect_fused,
    expect_only_read,
    expect_resident,
)
from graders.fft_callbacks.pictures import Case, Draw, colour_cases, colour_picture
from graders.harness.checks import Learner, Pictures, agreeing, expect_faster, gpu

BLUR = "sepia_blur"


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
    expect_blurred(learner, BLUR, cases, oracles, limits, pictures)


def test_memory_space(learner: Learner, cases: list[Case]) -> None:
    """The image, its spectrum and the result stay on the GPU."""
    expect_resident(learner, BLUR, cases)


def test_inputs_unchanged(learner: Learner, cases: list[Case]) -> None:
    """The image is the same after the call as before."""
    expect_only_read(learner, BLUR, cases)


def test_fused(learner: Learner, cases: list[Case]) -> None:
    """Sepia and response are applied inside the transforms, and by no other kernel."""
    expect_fused(learner, BLUR, cases, sepia=True)


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
        BLUR,
        (gpu(colour_picture(rng, (2160, 3840))), 20.0),
        threshold=limits["speedup"],
        rng=rng,
        note=note,
        verify=agreeing(2 * limits["relative_error"]),  # each may be off by as much
        channels=3,
    )
