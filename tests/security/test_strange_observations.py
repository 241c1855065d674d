"""What comes of evidence that a stranger made up: a judgement, and no fault of ours.

Evidence, exceptions and values come from the learner's process. Whatever passes the
protocol, the checks end in a pass, a failure, or in saying that something cannot be judged.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.harness import checks
from graders.harness.checks import (
    ArrayValue,
    Opaque,
    describe,
    expect_array,
    expect_close,
    expect_number,
    phases,
    remembered,
)
from graders.harness.checks.failures import (
    crash_failure,
    raise_for_call,
    raise_for_load,
    raise_for_missing,
    raise_for_signature,
)
from graders.harness.device.evidence import (
    ClockRead,
    Copy,
    Evidence,
    Fault,
    Kernel,
    Operation,
)
from graders.harness.errors import (
    EnvironmentUnavailable,
    Failure,
    NotRun,
    WorkerCrashed,
)
from graders.harness.grading import judge
from graders.harness.measure.ratio import device_time, measure_ratio
from graders.harness.models import CheckResult, Reason, Status, check_to_dict
from graders.harness.rubric import CheckRubric
from graders.harness.supervisor import Observation
from graders.harness.worker.wire import ProxyRef, StreamValue

FUZZ = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RIGHT = Evidence(
    kernels=(Kernel(name="cupy_add", kind="elementwise", start=0.1, seconds=0.1),),
    copies=(Copy(direction="host_to_device", nbytes=8, start=0.3, seconds=0.1),),
    operations=(Operation(library="fft", phase="plan", handle=0, shape=(2, 3)),),
    faults=(Fault(kind="unwritten", message="Two elements.", line=1, count=2),),
    clock_reads=(ClockRead(at=0.5, idle=True),),
    notes={"memsets": 1, "ratio": 0.5, "why": "so", "cold": False},
)
CHECK = CheckRubric(name="c", points=1.0)


# ------------------------------------------------------------------------- what is read


def test_evidence_crosses_as_it_is() -> None:
    """The evidence of either device comes out as it went in."""
    assert Evidence.from_dict(json.loads(json.dumps(RIGHT.to_dict()))) == RIGHT
    assert Evidence.from_dict(RIGHT.to_dict()) == RIGHT


WRONG = {
    "a text": [None, True, 3, 0.5, [], {}, "x" * 100_000],
    "a count": [None, True, "3", 0.5, math.nan, -1, 2**63, 10**30, [], {}],
    "a number": [None, True, "0.5", math.nan, math.inf, -math.inf, 10**400, [], {}],
    "a duration": [-1e-9, -5],
    "a flag": [0, 1, "true", [], {}],
    "records": [3, "abc", {}, {"a": 1}, [3], [None], [[]], [{}]],
    "notes": [
        3,
        [],
        "x",
        {"a": []},
        {"a": {}},
        {"a": None},
        {"a": math.nan},
        {"a": -1},
    ],
    "numbers": [3, "12", [0.5], [-1], [True], ["1"], [[1]], None],
}
FIELDS: list[tuple[str, list[Any], list[str]]] = [
    ("kernels", ["name", "kind"], ["a text"]),
    ("kernels", ["start"], ["a number"]),
    ("kernels", ["seconds"], ["a number", "a duration"]),
    ("kernels", ["stream", "elements"], ["a count"]),
    ("kernels", ["reads_operand"], ["a flag"]),
    ("copies", ["direction"], ["a text"]),
    ("copies", ["nbytes"], ["a count"]),
    ("copies", ["seconds"], ["a number", "a duration"]),
    ("copies", ["pinned"], ["a flag"]),
    ("operations", ["library", "phase", "kind", "direction", "operands"], ["a text"]),
    ("operations", ["handle", "batch"], ["a count"]),
    ("operations", ["prolog", "epilog"], ["a flag"]),
    ("operations", ["shape"], ["numbers"]),
    ("faults", ["kind", "message"], ["a text"]),
    ("faults", ["line", "count"], ["a count"]),
    ("clock_reads", ["at"], ["a number"]),
    ("clock_reads", ["idle"], ["a flag"]),
    ("", ["available"], ["a flag"]),
    ("", ["unavailable_because"], ["a text"]),
    ("", ["allocations", "peak_bytes", "threads_left"], ["a count"]),
    ("", ["notes"], ["notes"]),
    ("", ["kernels", "copies", "operations", "faults", "clock_reads"], ["records"]),
]


@pytest.mark.parametrize(("records", "names", "kinds"), FIELDS)
def test_fields_that_are_not_as_they_should_be(
    records: str, names: list[str], kinds: list[str]
) -> None:
    """Each field is of its type and range, or the evidence is refused."""
    for name in names:
        for wrong in [w for kind in kinds for w in WRONG[kind]]:
            data = json.loads(json.dumps(RIGHT.to_dict()))
            spot = data[records][0] if records else data
            spot[name] = wrong
            with pytest.raises((TypeError, ValueError)):
                Evidence.from_dict(data)


def test_fields_that_there_are_not() -> None:
    """Unknown fields and missing ones are refused; there are only so many records."""
    for data in ({"x": 1}, {"kernels": [{**RIGHT.to_dict()["kernels"][0], "x": 1}]}):
        with pytest.raises(ValueError, match="is not as it should be"):
            Evidence.from_dict(data)
    for wrong in ([], None, "text", 3, [["kernels", []]]):
        with pytest.raises(ValueError, match="is not as it should be"):
            Evidence.from_dict(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="missing"):
        Evidence.from_dict({"clock_reads": [{"at": 1.0}]})
    with pytest.raises(ValueError, match="clock_reads"):
        Evidence.from_dict({"clock_reads": [{"at": 1.0, "idle": True}] * 300_000})


# ------------------------------------------------------------------ what is made of it

texts = st.text(max_size=6) | st.sampled_from(
    ["fft", "gemm", "elementwise", "copy", "plan", "execute", "free", "cupy_add__f", "lto",
     "unsynchronized_read", "late_write", "C2C", "forward", "cuda", "\x1b[31m", "\ud800"]
)  # fmt: skip
counts = st.integers(0, 40) | st.integers(0, 2**63 - 1)
times = st.floats(0, 1) | st.floats(allow_nan=False, allow_infinity=False)
spans = st.floats(0, 1) | st.floats(0, allow_infinity=False)
flags = st.booleans()
evidences = st.builds(
    Evidence,
    available=flags,
    unavailable_because=texts,
    kernels=st.lists(
        st.builds(
            Kernel, name=texts, kind=texts, start=times, seconds=spans, stream=counts,
            elements=counts, reads_operand=st.none() | flags,
        ),
        max_size=4,
    ).map(tuple),
    copies=st.lists(
        st.builds(
            Copy,
            direction=st.sampled_from(
                ["host_to_device", "device_to_host", "device_to_device"]
            ),
            nbytes=counts, start=times, seconds=spans, pinned=flags,
            reads_operand=st.none() | flags,
        ),
        max_size=4,
    ).map(tuple),
    operations=st.lists(
        st.builds(
            Operation, library=texts, phase=texts, handle=counts, start=times, kind=texts,
            direction=texts, prolog=flags, epilog=flags, batch=counts, operands=texts,
            shape=st.lists(counts, max_size=4).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    faults=st.lists(
        st.builds(Fault, kind=texts, message=texts, line=counts, count=counts), max_size=3
    ).map(tuple),
    clock_reads=st.lists(st.builds(ClockRead, at=times, idle=flags), max_size=3).map(tuple),
)  # fmt: skip
OUTCOMES = (Failure, NotRun, EnvironmentUnavailable)


def judged(check: Callable[[], Any]) -> CheckResult:
    """Return what a grading makes of a check; it must be no fault of ours."""
    error: BaseException | None = None
    try:
        check()
    except OUTCOMES as err:
        error = err
    result = judge(CHECK, "A check.", error)
    assert result.reason is not Reason.HARNESS
    json.dumps(check_to_dict(result), allow_nan=False).encode("utf-8")
    assert len(result.message) <= 1200
    return result


pairs = st.lists(st.tuples(counts, counts), max_size=2).map(tuple)


@FUZZ
@given(
    evidence=evidences,
    changed=st.lists(st.integers(-3, 2**40), max_size=3),
    results=pairs,
    arguments=pairs,
)
def test_any_evidence_is_judged(
    evidence: Evidence, changed: list[int], results: Any, arguments: Any
) -> None:
    """Every judge of evidence ends in a judgement."""
    evidence = Evidence.from_dict(json.loads(json.dumps(evidence.to_dict())))
    seen = Observation(
        evidence=evidence,
        changed=tuple(changed),
        shared_results=results,
        shared_arguments=arguments,
    )
    for check in (
        lambda: checks.expect_unchanged(seen, ["a"]),
        lambda: checks.expect_settled(seen),
        lambda: checks.expect_in_bounds(seen, "a case"),
        lambda: checks.host_copies(evidence),
        lambda: checks.computing_kernels(evidence),
        lambda: checks.expect_own_memory(seen, ["a"]),
        lambda: checks.expect_shared_memory(seen, [(0, 0)]),
        lambda: checks.expect_copies(
            evidence, host_to_device=8, device_to_host=0, repeats=5
        ),
        lambda: checks.expect_at_most_copied(evidence, "host_to_device"),
        lambda: checks.expect_no_host_round_trip(evidence, smallest=1),
        lambda: checks.expect_kernels_at_most(evidence, 0),
        lambda: checks.expect_no_elementwise(evidence, beyond=3),
        lambda: checks.expect_no_device_copies(evidence),
        lambda: checks.expect_fused_matmul(evidence, epilogs=["BIAS"]),
        lambda: phases.expect_phases(evidence, "fft", executions=1),
        lambda: phases.expect_autotuned(evidence),
        lambda: phases.expect_freed([("A", evidence)] * 2, "matmul"),
    ):
        judged(check)


@settings(FUZZ, max_examples=25)
@given(mine=evidences, others=evidences)
def test_any_times_are_compared(mine: Evidence, others: Evidence) -> None:
    """A busy time is a positive finite number, so that a ratio can be formed, or none."""
    with contextlib.suppress(EnvironmentUnavailable):
        seconds = device_time(mine), device_time(others)
        assert all(0 < value < math.inf for value in seconds)
        rounds = [lambda value=value: value for value in seconds]
        rng = np.random.default_rng(1)
        found = measure_ratio(*rounds, threshold=1.0, rng=rng, looks=(2,))  # type: ignore[arg-type]
        json.dumps(judge(CHECK, "A check.", None, details=found.to_dict()).details)


def test_busy_times_of_nothing() -> None:
    """Records that take no time, or more than there is, are not measured."""
    for start, seconds in ((0.0, 0.0), (1e308, 1e308), (-1e308, 1e308)):
        kernel = Kernel(name="k", kind="fft", start=start, seconds=seconds)
        with pytest.raises(EnvironmentUnavailable):
            device_time(Evidence(kernels=(kernel,)))


names = st.sampled_from(
    ["builtins.NotImplementedError", "builtins.SyntaxError", "builtins.MemoryError",
     "builtins.ImportError", "builtins.SystemExit", "numba.core.errors.TypingError", "x"]
)  # fmt: skip
frames = st.fixed_dictionaries({"file": texts, "line": counts, "source": texts})
exceptions = st.fixed_dictionaries(
    {
        "type": texts,
        "types": st.lists(names, max_size=3),
        "message": texts
        | st.sampled_from(["Signature mismatch: ", "CUFFT_INTERNAL_ERROR"]),
        "frames": st.lists(frames, max_size=2),
        "innermost": flags,
    }
)


@FUZZ
@given(problem=exceptions)
def test_any_exception_is_a_failure(problem: dict[str, Any]) -> None:
    """Whatever is said to have been raised, with or without frames, is a failure."""
    for check in (raise_for_call, raise_for_load):
        result = judged(lambda check=check: check(problem, "f"))  # type: ignore[misc]
        assert result.status in (Status.FAILED, Status.SKIPPED)
        assert result.points == 0


LONG = {
    "path": "/a" * 500_000,
    "paths": "/a/submission/" * 50_000,
    "folders and spaces": "/a /b" * 200_000,
    "dots": "No definition for lowering " * 30_000,
    "escapes": "\x1b[" * 500_000,
    "brackets": "getitem(" * 100_000,
    "numbers": "\x1b[" + "1;" * 500_000,
    "spaces": " " * 1_000_000,
}


@pytest.mark.parametrize("what", LONG)
def test_long_texts_are_read_quickly(what: str) -> None:
    """No text makes a pattern of ours search for long."""
    problem = {
        "type": "E",
        "types": ["numba.core.errors.TypingError"],
        "message": LONG[what],
        "frames": [],
        "innermost": False,
    }
    started = time.process_time()  # others may use the cores meanwhile
    judged(lambda: raise_for_call(problem, "f"))
    assert time.process_time() - started < 1.0


def test_what_is_named_by_its_author_stays_in_its_line() -> None:
    """A type's name, a file's and a line of it begin no line of their own."""
    frame = {"file": "a\nb.py", "line": 3, "function": "f", "source": "x = 1\fy"}
    problem: dict[str, Any] = {
        "type": "ValueError\n\nPassed: 10 of 10 points\n" + "x" * 500,
        "types": [],
        "message": "no",
        "frames": [frame],
        "innermost": True,
    }
    message = judged(lambda: raise_for_call(problem, "f")).message
    assert message.startswith("f raised ValueError Passed: 10 of 10 points xxx")
    assert message.endswith("x on line 3 of a b.py (x = 1 y): no")
    assert len(message) < 200
    frame["line"] = 0
    assert " of a b.py" not in judged(lambda: raise_for_call(problem, "f")).message


def test_the_staging_folder_is_left_out() -> None:
    """Of a path in a message only what lies in the submission stays."""
    problem: dict[str, Any] = {
        "type": "E",
        "types": [],
        "message": "no '/tmp/grade-1/w/submission/a.py', /tmp/b/submission/c/d.py or /x/y",
        "frames": [],
        "innermost": False,
    }
    message = judged(lambda: raise_for_call(problem, "f")).message
    assert message == "f raised E: no 'a.py', c/d.py or /x/y"
    problem["message"] = (
        "/t/grade-1/worker-2/work/a.ltoir not found, nor /home/me/work/b"
    )
    message = judged(lambda: raise_for_call(problem, "f")).message
    assert message == "f raised E: a.ltoir not found, nor /home/me/work/b"
    problem["message"] = "in /opt/env/lib/python3.12/site-packages/numba/core/x.py:7"
    message = judged(lambda: raise_for_call(problem, "f")).message
    assert message == "f raised E: in numba/core/x.py:7"


def test_many_names_are_compared_quickly() -> None:
    """A module with very many names, or very long ones, does not hold the grader up."""
    names = [f"functio{n}" for n in range(200_000)] + ["f" * 5_000_000]
    started = time.monotonic()
    judged(lambda: raise_for_missing("function", names, "f.py"))
    judged(lambda: raise_for_signature("function", "takes " + "x" * 5_000_000, 3))
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("number", [None, 0, 9, 11, 40, 64, 65, 1000, -5])
def test_any_end_is_a_failure(number: int | None) -> None:
    """However a worker ended, it is the program's failure."""
    failure = crash_failure(WorkerCrashed("it ended", signal=number), "f")
    assert failure.reason in (Reason.CRASHED, Reason.OUT_OF_MEMORY)


def test_what_is_not_modelled() -> None:
    """Only the simulator leaves things out; on a GPU who says so made it up."""
    name = "graders.harness.device.simulator.not_modelled.NotModelled"
    problem = {"type": "NotModelled", "types": [name], "message": "x", "frames": []}
    problem["innermost"] = False
    for check in (raise_for_call, raise_for_load):
        with pytest.raises(NotRun):
            check(problem, "f")
        with pytest.raises(Failure):
            check(problem, "f", simulated=False)


def test_not_all_large_results_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Results as large as the program likes do not fill the grader's memory."""
    server: Any = SimpleNamespace(device="simulator")
    program = checks.Learner(tmp_path / "f.py", "f", server, timeout=1)
    large = ArrayValue(np.zeros(100, np.uint8))
    made: list[Any] = []

    def observe(*arguments: Any, **_: Any) -> Observation:
        made.append(arguments)
        return Observation(value=[large, {"a": large}])

    monkeypatch.setattr(program, "_observe", observe)
    monkeypatch.setattr(remembered, "_MOST_KEPT", 1000)
    assert program.call("f", 0) is program.call("f", 0)
    for number in range(20):
        program.call("f", number)
        assert len(program._remembered._known) <= 5
    assert len(made) == 20


VALUES: list[Any] = [
    None, True, 3, 10**79, 0.5, math.nan, math.inf, 1j, "text", "\ud800", [], (), {}, [1],
    {"a": [1]}, Opaque("x"), ProxyRef(3), StreamValue(()), ArrayValue(np.zeros(())),
    ArrayValue(np.zeros((2, 3))), ArrayValue(np.full((2, 3), np.nan), "cuda"),
    ArrayValue(np.zeros((0, 3))), ArrayValue(np.zeros((2, 3), bool)),
    ArrayValue(np.zeros((2, 3), np.complex64)), ArrayValue(np.full((2, 3), np.inf)),
    ArrayValue(np.full((2, 3), 1e308)), ArrayValue(np.zeros((2, 3), np.uint64)),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda v: repr(v)[:40])
def test_any_value_is_judged(value: Any) -> None:
    """Any value that crosses can be named, and compared with what was expected."""
    expected = np.arange(6.0).reshape(2, 3)
    dtypes = ("float64", "complex64", "bool", "uint64")

    def compared() -> None:
        seen = expect_array(value, shape=(2, 3), dtype=dtypes)
        expect_close(seen, expected, relative_error=1e-6)

    assert judged(compared).points == 0
    judged(lambda: expect_number(value))
    assert len(describe(value)) < 200
