"""The phases of library objects, judged from made-up evidence."""

from __future__ import annotations

import pytest

from graders.harness.checks import (
    expect_autotuned,
    expect_freed,
    expect_operands_used,
    expect_phases,
    phases_of,
)
from graders.harness.device.evidence import Copy, Evidence, Kernel, Operation
from graders.harness.errors import EnvironmentUnavailable, WrongPhases
from graders.stateful_api.test_autotuned_matmul import execution_time

WORDS = {"p": "plan", "t": "autotune", "x": "execute", "f": "free"}


def evidence(script: str, library: str = "matmul") -> Evidence:
    """Build evidence from words such as ``p0 x0 x0 f0``: a phase and its object."""
    return Evidence(
        operations=tuple(
            Operation(library=library, phase=WORDS[word[0]], handle=int(word[1:]))
            for word in script.split()
        )
    )


def test_phases_are_counted_for_one_library() -> None:
    mixed = evidence("p0 t0 x0 x0 f0 p1 x1")
    other = evidence("p0 x0", "fft")
    both = Evidence(operations=mixed.operations + other.operations)
    found = phases_of(both, "matmul")
    assert (found.plans, found.autotunes, found.executions) == (2, 1, 3)
    assert (found.frees, found.left) == (1, 1)
    assert phases_of(both, "fft").plans == 1


@pytest.mark.parametrize("script", ["p0 x0 x0 x0 f0", "x0 x0 x0", "p0 t0 x0 x0 x0"])
def test_one_plan_or_one_kept_is_right(script: str) -> None:
    expect_phases(evidence(script), "matmul", executions=3)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("", "executed no matrix product"),
        ("p0 f0", "executed no matrix product"),
        ("p0 x0 f0 p1 x1 f1 p2 x2 f2", "planned 3 times and executed 3 times"),
        ("p0 x0 p0 x0 p0 x0 f0", "planned 3 times"),
        ("p0 x0 x0 f0", "planned once and executed twice"),
        ("p0 x0 x0 x0 x0 f0", "executed 4 times .case.. Expected were 3"),
    ],
)
def test_other_numbers_are_told(script: str, text: str) -> None:
    with pytest.raises(WrongPhases, match=text):
        expect_phases(evidence(script), "matmul", executions=3, where="case")


def test_more_plans_may_be_allowed() -> None:
    expect_phases(evidence("p0 p1 x0 x1", "fft"), "fft", executions=2, plans=2)


@pytest.mark.parametrize("script", ["p0 t0 x0 x0 f0", "x0 x0", "t0 x0 x0"])
def test_tuned_once_and_first_is_right(script: str) -> None:
    expect_autotuned(evidence(script))


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("p0 x0 f0", "never autotuned"),
        ("p0 t0 x0 t0 x0 f0", "autotuned twice"),
        ("p0 x0 x0 t0 x0 f0", "2 of 3 executions ran before"),
    ],
)
def test_other_tuning_is_told(script: str, text: str) -> None:
    with pytest.raises(WrongPhases, match=text):
        expect_autotuned(evidence(script))


def freed(*calls: str) -> None:
    """Judge calls, each a shape's name and what was done."""
    made = [call.split(" ", 1) for call in calls]
    expect_freed([(shape, evidence(what)) for shape, what in made], "matmul")


def test_one_object_may_be_kept_and_none_may_pile_up() -> None:
    freed("A p0 x0", "A x0", "A x0")
    freed(*["A p0 x0 f0"] * 3)
    freed(*["A p0 x0 p0 x0 f0"] * 3)  # planned anew, freed
    with pytest.raises(WrongPhases, match=r"one object with .* stays behind"):
        freed("A p0 x0 x0 f0", "A p1 x1")
    with pytest.raises(WrongPhases, match="2 objects with workspace"):
        freed("A p0 x0", "A p1 x1")
    with pytest.raises(WrongPhases, match="planned 3 times, and 2 objects with"):
        freed("A p0 x0 f0 p1 x1 p2 x2", "A ")


def test_an_object_may_be_freed_by_the_call_that_replaces_it() -> None:
    freed("A p0 x0", "B f0 p1 x1", "A f1 p2 x2", "A x2")
    freed("A p0 x0", "B p1 x1", "A x0", "B x1")  # one for each shape
    with pytest.raises(
        WrongPhases, match=r"2 calls \(A\) planned twice, and 2 objects"
    ):
        freed("A p0 x0", "B p1 x1", "A p2 x2")


def test_without_evidence_nothing_is_judged() -> None:
    nothing = Evidence(available=False, unavailable_because="no CUPTI")
    with pytest.raises(EnvironmentUnavailable, match="no CUPTI"):
        expect_phases(nothing, "matmul", executions=1)
    with pytest.raises(EnvironmentUnavailable, match="no CUPTI"):
        expect_freed([("A", nothing)], "matmul")


def test_execution_time_leaves_autotuning_out() -> None:
    """As on CUDA: samples and cache flushes first, then products with a helper each."""
    steps = (("plan", 0.0), ("autotune", 1.0), ("execute", 5.0), ("execute", 6.0))
    seen = Evidence(
        operations=tuple(
            Operation(library="matmul", phase=phase, handle=0, start=start)
            for phase, start in steps
        ),
        copies=(
            Copy(direction="host_to_device", nbytes=50 * 2**20, start=1.5, seconds=2),
        ),
        kernels=(
            Kernel(name="nvjet_tst_128x64", kind="gemm", start=1.2, seconds=0.25),
            Kernel(name="nvjet_tst_128x64", kind="gemm", start=5.1, seconds=0.25),
            Kernel(name="splitKreduce_kernel", kind="gemm", start=5.4, seconds=0.125),
            Kernel(name="cupy_copy__f_f", kind="copy", start=5.6, seconds=0.1),
            Kernel(name="nvjet_tst_128x64", kind="gemm", start=6.1, seconds=0.25),
        ),
    )
    assert execution_time(seen) == pytest.approx(0.625)


def executed(*reads_operand: bool | None) -> tuple[Operation, ...]:
    return tuple(
        Operation(
            library="fft", phase="execute", handle=0, start=2.0, reads_operand=reads
        )
        for reads in reads_operand
    )


def upload(start: float, nbytes: int, *, of_operand: bool = False) -> Copy:
    return Copy(
        direction="host_to_device",
        nbytes=nbytes,
        start=start,
        seconds=1e-6,
        reads_operand=of_operand,
    )


def used(seen: Evidence) -> None:
    expect_operands_used(
        seen, "fft", sizes={800}, what="the batches", where="2 batches"
    )


@pytest.mark.parametrize(
    "seen",
    [
        Evidence(operations=executed(True, True)),
        Evidence(operations=executed(None, None)),  # CUDA does not tell
        # What came up from the host may be an operand that went down before.
        Evidence(operations=executed(False), copies=(upload(1.0, 800),)),
    ],
    ids=["read", "unknown", "through the host"],
)
def test_operands_that_are_read_or_may_be(seen: Evidence) -> None:
    used(seen)


@pytest.mark.parametrize(
    "copies",
    [(), (upload(1.0, 64),), (upload(3.0, 800),), (upload(1.0, 800, of_operand=True),)],
    ids=["none", "small", "later", "operand"],
)
def test_a_step_on_other_numbers_is_none(copies: tuple[Copy, ...]) -> None:
    seen = Evidence(operations=executed(True, False), copies=copies)
    with pytest.raises(WrongPhases, match="1 of 2 times nvmath's execute read nothing"):
        used(seen)
