"""The checks of ``scale``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from graders.harness.checks import (
    Learner,
    Observation,
    expect_array,
    expect_close,
    expect_unchanged,
    gpu,
)

Draw = Callable[[str], np.random.Generator]


def test_values(learner: Learner, draw: Draw, limits: Mapping[str, float]) -> None:
    """Each element is scaled."""
    image = draw("image").random((5, 7), dtype=np.float32)
    result = expect_array(
        _scale(learner, draw).value, shape=(5, 7), dtype="float32", memory_space="cuda"
    )
    expected = image.astype(np.float64) * 2.0
    expect_close(
        result, expected, relative_error=limits["relative_error"], where="5 x 7"
    )


def test_later(learner: Learner, draw: Draw) -> None:
    """The array is the same after the call as before."""
    expect_unchanged(_scale(learner, draw), names=["image", "factor"])


def test_faster(learner: Learner) -> None:
    """The scaling is as fast as the memory."""


def _scale(learner: Learner, draw: Draw) -> Observation:
    image = draw("image").random((5, 7), dtype=np.float32)
    return learner.call("scale", gpu(image), 2.0)
