"""Where a result lies, what came down to the host, and what lay outside its array."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graders.harness.checks import (
    ArrayValue,
    Copy,
    Evidence,
    Fault,
    Kernel,
    Observation,
    Operation,
    expect_in_bounds,
    expect_on_gpu,
    expect_stays_on_gpu,
    launched,
    transform_names,
    transforms_begun,
)
from graders.harness.errors import (
    Crashed,
    EnvironmentUnavailable,
    ExtraCopies,
    WrongMemorySpace,
    WrongValue,
)

RESULT = np.zeros((4, 5), np.float32)
ON_GPU = ArrayValue(RESULT, "cuda", RESULT.strides, "cupy.ndarray")
ON_HOST = ArrayValue(RESULT, "cpu", RESULT.strides, "numpy.ndarray")
DOWN = Copy(direction="device_to_host", nbytes=8, start=0.0, seconds=1e-6)
FORWARD = Operation(
    library="fft", phase="execute", handle=0, kind="C2C", direction="forward"
)
BLIND = Evidence(available=False, unavailable_because="no CUPTI")


def observed(*copies: Copy, value: Any = ON_GPU) -> Observation:
    return Observation(value=value, evidence=Evidence(copies=copies))


@pytest.mark.parametrize(
    ("value", "seen"),
    [(ON_HOST, "numpy.ndarray"), (None, "None"), ([ON_GPU], "a list of 1 items")],
)
def test_a_result_elsewhere_is_described(value: Any, seen: str) -> None:
    with pytest.raises(WrongMemorySpace, match=f"^Result 3 is .*{seen}") as caught:
        expect_on_gpu(value, where="a case", name="result 3", hint="Keep it.")
    assert caught.value.hint == "Keep it."
    with pytest.raises(WrongMemorySpace, match=seen) as caught:
        expect_stays_on_gpu(observed(value=value), smallest=1, where="a case")
    assert ("return statement" in caught.value.hint) is (value is None)


def test_downloads_are_taken_together() -> None:
    expect_stays_on_gpu(observed(*[DOWN] * 9), smallest=73, where="a case")
    with pytest.raises(ExtraCopies, match="72 bytes"):
        expect_stays_on_gpu(observed(*[DOWN] * 9), smallest=72, where="a case")
    up = replace(DOWN, direction="host_to_device", nbytes=8000)
    other = replace(DOWN, nbytes=8000, reads_operand=False)
    expect_stays_on_gpu(observed(up, other), smallest=1, where="a case")


def test_single_numbers_may_be_free() -> None:
    expect_stays_on_gpu(observed(*[DOWN] * 9), smallest=1, free=8, where="a case")
    larger = replace(DOWN, nbytes=9)
    with pytest.raises(ExtraCopies, match="9 bytes"):
        expect_stays_on_gpu(observed(DOWN, larger), smallest=1, free=8, where="a case")


def test_without_evidence_nobody_is_judged() -> None:
    with pytest.raises(EnvironmentUnavailable):
        expect_stays_on_gpu(
            Observation(value=ON_GPU, evidence=BLIND), smallest=1, where="a case"
        )
    with pytest.raises(EnvironmentUnavailable):
        transforms_begun(BLIND)


def test_the_simulator_always_has_a_record() -> None:
    """It needs nothing of the machine: a hole is the program's doing, and no excuse."""
    disturbed = replace(BLIND, recorded_on="simulator")
    seen = Observation(value=ON_GPU, evidence=disturbed)
    with pytest.raises(Crashed, match="record of the call is incomplete"):
        expect_stays_on_gpu(seen, smallest=1, where="a case")
    unseen = Evidence(operations=(FORWARD,), recorded_on="simulator")
    with pytest.raises(Crashed, match="no kernel of a transform"):
        transforms_begun(unseen)
    elsewhere = replace(unseen, recorded_on="cuda")
    with pytest.raises(EnvironmentUnavailable, match="no kernel of a transform"):
        transforms_begun(elsewhere)


@pytest.mark.parametrize("kind", ["out_of_bounds_read", "out_of_bounds_write"])
def test_what_lay_outside_is_told_with_its_line(kind: str) -> None:
    fault = Fault(kind=kind, message="It read element 7 of 6.", line=12, count=1)
    expect_in_bounds(observed(), "a case")
    seen = Observation(evidence=Evidence(faults=(fault,)))
    with pytest.raises(WrongValue, match=r"7 of 6 \(line 12\); a case\.") as caught:
        expect_in_bounds(seen, "a case")
    assert "offset" in caught.value.hint
    with pytest.raises(WrongValue) as caught:
        expect_in_bounds(seen, "a case", "How many threads are there?")
    assert caught.value.hint == "How many threads are there?"


def test_other_faults_are_not_out_of_bounds() -> None:
    fault = Fault(kind="unsynchronized_read", message="Early.", line=0, count=1)
    expect_in_bounds(Observation(evidence=Evidence(faults=(fault,))), "a case")


def test_transforms_begin_with_their_first_kernel() -> None:
    kernels = tuple(
        Kernel(name=kind, kind=kind, start=start, seconds=1e-6)
        for kind, start in (("elementwise", 1.0), ("fft", 3.0), ("fft", 2.0))
    )
    seen = Evidence(kernels=kernels, operations=(FORWARD,))
    assert transforms_begun(seen) == 2.0
    assert transforms_begun(Evidence(kernels=kernels[:1])) == float("inf")
    planned = replace(seen, kernels=(), operations=(replace(FORWARD, phase="plan"),))
    assert transforms_begun(planned) == float("inf")
    with pytest.raises(EnvironmentUnavailable, match="no kernel of a transform"):
        transforms_begun(replace(seen, kernels=kernels[:1]))


def test_launches_are_whole_blocks() -> None:
    assert [launched(n) for n in (0, 1, 128, 129)] == [0, 128, 128, 256]


def test_many_transforms_are_cut_short() -> None:
    assert transform_names([FORWARD]) == "C2C forward"
    assert transform_names([FORWARD] * 8).endswith("C2C forward and 2 more")
