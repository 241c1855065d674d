"""What the tests of the simulated device share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graders.harness.device.evidence import Evidence
from graders.harness.device.interface import load_device
from graders.harness.device.simulator.cupy_package import modules
from graders.harness.device.simulator.machine import MACHINE

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture(scope="module")
def device() -> Any:
    device = load_device("simulator")
    device.preload()
    return device


def _put_back() -> None:
    MACHINE.synchronize()
    MACHINE.ledger, MACHINE.poison, MACHINE.host_operands = None, True, []


@pytest.fixture(autouse=True)
def _as_started() -> Iterator[None]:
    """Every test finds the one machine of this process as started, and leaves it so."""
    _put_back()
    yield
    _put_back()


@pytest.fixture
def cp() -> Iterator[Any]:
    """The simulated CuPy as the program imports it, with its own memory pool."""
    with modules.installed() as cupy:
        yield cupy
        cupy.cuda.set_allocator(cupy.get_default_memory_pool().malloc)


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
