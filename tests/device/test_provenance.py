"""What the simulator knows of the contents of a block of device memory."""

from __future__ import annotations

import numpy as np
import pytest

from graders.harness.device.simulator.machine import MACHINE

FILLED = {
    "zeros": (np.zeros(64), True),
    "one value": (np.full((8, 9), 2.5, "float32"), True),
    "one complex value": (np.full(50, 1 + 2j), True),
    "NaN": (np.full(300, np.nan), True),
    "one other at the end": (np.append(np.zeros(1000), 1.0), False),
    "a ramp": (np.arange(64.0), False),
    # Elements sent one by one are each of one value.
    "a single element": (np.ones(1), False),
    "too few elements": (np.ones(31), False),
    "as many bytes as a result may have": (np.zeros(2**21), True),
    "a cache's": (np.zeros(2**21 + 1), False),
}


@pytest.mark.parametrize("what", FILLED)
def test_uploads_of_one_value_are_known(cp, what):
    host, uniform = FILLED[what]
    MACHINE.begin()
    there = cp.asarray(host)
    (copy,) = MACHINE.end().copies
    assert copy.uniform is uniform
    MACHINE.begin()
    cp.asnumpy(there)
    assert not MACHINE.end().copies[0].uniform
