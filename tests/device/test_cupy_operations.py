"""What is compiled ahead of CuPy's kernels: that CuPy has these operations."""

from __future__ import annotations

from typing import Any

import pytest

from graders.harness.device import cupy_code

PARTS = [part for group in cupy_code.GROUPS for part in cupy_code.parts_of(group)]


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_each_operation_can_be_called(cp: Any, part: tuple[str, int]) -> None:
    del cp  # it puts the simulated CuPy in the place of the real one
    group, number = part
    results = list(cupy_code.GROUPS[group][number]())
    assert len(results) >= 1
