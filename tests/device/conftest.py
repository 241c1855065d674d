"""What the tests of the simulated device share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.interface import load_device

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture(scope="module")
def device() -> Any:
    device = load_device("simulator")
    device.preload()
    return device


@pytest.fixture
def record(device: Any) -> Record:
    def run(function: Callable[[], Any], *operands: Any) -> tuple[Any, Evidence]:
        device.begin(poison=True, trace=True, operands=list(operands))
        try:
            result = function()
        finally:
            evidence = device.end()
        return result, evidence

    return run
