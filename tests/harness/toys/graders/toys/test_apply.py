"""The check of ``apply``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.checks import Learner, expect_array, expect_close, gpu, proxy
from graders.harness.errors import WrongValue

Array = npt.NDArray[Any]


def test_result(learner: Learner) -> None:
    """The function is called once with both arrays, and its result is returned."""
    calls = []

    def add(arrays: list[Array]) -> Array:
        calls.append(len(arrays))
        first, second = arrays
        if first.shape != second.shape:
            msg = "the shapes differ"
            raise ValueError(msg)
        total: Array = first + second
        first += 100  # what it changes, the caller sees
        return total

    a = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    b = np.ones((2, 3), np.float32)
    seen = learner.call("apply", proxy(add, parameters=("a", "b")), gpu(a), gpu(b))
    result = expect_array(
        seen.value, shape=(2, 3), dtype="float32", memory_space="cuda"
    )
    expect_close(result, (a + b).astype(np.float64), relative_error=1e-6)
    if len(calls) != 1 or seen.changed != (1,):
        msg = (
            f"There were {len(calls)} calls, changing {seen.changed}. Expected was one."
        )
        raise WrongValue(msg)
