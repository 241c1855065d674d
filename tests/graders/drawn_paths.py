"""Draws of NumPy's, as many as those of the paths that ``option_payoffs`` looks at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graders.harness.catalog import Catalog

Paths = npt.NDArray[np.float64]
LIMITS = Catalog().select(["option_payoffs"])[0].rubric.limits
PATHS, STEPS = int(LIMITS["paths"]), int(LIMITS["steps"]) - 1


def draw(seed: int, paths: int = PATHS, steps: int = STEPS) -> Paths:
    """Return independent standard normal numbers."""
    return np.random.default_rng(seed).standard_normal((paths, steps))


def sequence(seed: int, count: int) -> Paths:
    """Return numbers of one sequence."""
    return np.random.default_rng(seed).standard_normal(count)
