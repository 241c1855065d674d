"""Whether arguments hold what they held before a call: every bit, wherever it lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graders.harness.worker.unchanged import Contents

LARGE = 5 * 2**20 // 4 + 3  # more than one chunk, and no whole number of them


class OnDevice:
    """Stands for a device array: its values come as a copy."""

    def __init__(self, host: npt.NDArray[Any]) -> None:
        self.host = host
        self.strides = host.strides


def download(value: Any) -> npt.NDArray[Any] | None:
    return value.host.copy() if isinstance(value, OnDevice) else None


CONTENTS = Contents(download)


@pytest.mark.parametrize("device", [False, True])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(LARGE, dtype=np.float32),
        np.full((3, 4), np.nan),
        np.arange(12, dtype=np.complex64).reshape(3, 4).T,
        np.arange(24, dtype=np.int16)[::-2],
        np.array(True),
    ],
    ids=["large", "nan", "transposed", "strided", "scalar"],
)
def test_each_bit_counts(array: npt.NDArray[Any], *, device: bool) -> None:
    """Also that of a NaN, and that of the last element; what is the same is no change."""
    array = array.copy(order="A")
    arg = OnDevice(array) if device else array
    before = CONTENTS.of([arg, 3])
    assert not CONTENTS.differ([arg, 3], before)
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)
    assert np.shares_memory(flat, array)
    last = flat[-1:].view(np.uint8)
    last[0] ^= 1
    assert CONTENTS.differ([arg, 3], before)
    last[0] ^= 1
    assert not CONTENTS.differ([arg, 3], before)


def test_other_sizes_and_kinds_differ() -> None:
    """A list that lost an item, and an array in the place of none."""
    before = CONTENTS.of([np.zeros(3), np.zeros(0)])
    assert not CONTENTS.differ([np.zeros(3), np.zeros((0, 4))], before)
    assert CONTENTS.differ([np.zeros(3)], before)
    assert CONTENTS.differ([np.zeros(4), np.zeros(0)], before)
    assert CONTENTS.differ([None, np.zeros(0)], before)


def test_what_is_no_array_is_not_looked_at() -> None:
    """Numbers and texts cannot be changed."""
    assert CONTENTS.of(3) is None
    assert not CONTENTS.differ("text", CONTENTS.of("text"))
