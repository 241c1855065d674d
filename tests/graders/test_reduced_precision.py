"""When products in single precision are told as such: not where tuning chose them."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graders.harness.catalog import Catalog
from graders.harness.checks import ArrayValue, Evidence, Observation
from graders.harness.device.evidence import Operation
from graders.harness.errors import WrongValue
from graders.harness.session import import_trusted
from graders.stateful_api import test_autotuned_matmul as autotuned

(EXERCISE,) = Catalog().select(["autotuned_matmul"])
LIMITS = {**EXERCISE.rubric.limits, "shape_clear": (128, 64, 96)}
#: What rounding both factors to the 11 significant bits of TF32 leaves of a float32.
_KEPT = np.uint32(0xFFFFE000)

Multiply = Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], Any]


def single(a: Any, b: Any) -> Any:
    return a @ b


def reduced(a: Any, b: Any) -> Any:
    return (a.view(np.uint32) & _KEPT).view(np.float32) @ b


class Program:
    """Multiplies in one precision beside others, and in another alone on the GPU."""

    def __init__(
        self, beside: Multiply, alone: Multiply, compute: str = "COMPUTE_32F_FAST_TF32"
    ) -> None:
        self._how = {False: beside, True: alone}
        self._compute = compute
        self.calls: list[tuple[bool, tuple[int, ...]]] = []

    def call(self, function: str, items: Any, *, alone: bool = False) -> Observation:
        assert function == "tuned_matmul"
        pairs = [(a.array, b.array) for a, b in items]
        self.calls.append((alone, pairs[0][0].shape))
        step = Operation(
            library="matmul",
            phase="execute",
            handle=0,
            start=1.0,
            compute=self._compute,
        )
        return Observation(
            value=[ArrayValue(self._how[alone](a, b)) for a, b in pairs],
            evidence=Evidence(operations=(step,)),
        )


@pytest.fixture(scope="module")
def oracles() -> ModuleType:
    return import_trusted(EXERCISE.oracles)


def judge(program: Program, oracles: ModuleType, device: str = "cuda") -> None:
    rng = np.random.default_rng(5)
    autotuned.test_reduced_precision(
        program,  # type: ignore[arg-type]
        [],
        autotuned.drawn(rng, (64, 48, 32), 2),
        lambda _: rng,
        oracles,
        LIMITS,
        device,
    )


def test_reduced_precision_is_seen_at_once(oracles: ModuleType) -> None:
    """One call tells, beside others' work."""
    program = Program(reduced, single)
    judge(program, oracles)
    assert program.calls == [(False, (64, 48))]


def test_tuning_may_choose_single_precision_beside_others_work(
    oracles: ModuleType,
) -> None:
    """Alone, with larger matrices, it shows what the compute type gives."""
    program = Program(single, reduced)
    judge(program, oracles)
    assert program.calls == [(False, (64, 48)), (True, (128, 64))]


def test_single_precision_in_both_is_told(oracles: ModuleType) -> None:
    """So it is where the product with that compute type is not what is returned."""
    with pytest.raises(WrongValue, match=r"128 x 64 times 64 x 96.*: single precision"):
        judge(Program(single, single), oracles)


def test_the_simulator_tunes_alike_at_any_load(oracles: ModuleType) -> None:
    """One call tells there."""
    program = Program(single, reduced)
    with pytest.raises(WrongValue, match="single precision"):
        judge(program, oracles, "simulator")
    assert len(program.calls) == 1


def test_another_compute_type_is_no_matter_of_luck(oracles: ModuleType) -> None:
    """It is told by its name, whatever the results are."""
    with pytest.raises(WrongValue, match="executed with COMPUTE_32F "):
        judge(Program(single, reduced, "COMPUTE_32F"), oracles)
