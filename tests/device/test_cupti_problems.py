"""What CUPTI refuses, over a CUPTI made up here: said in words, and never the program's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from graders.harness.checks.conduct import require_evidence
from graders.harness.device.cupti import ActivityCollector
from graders.harness.device.cupti_problems import meaning
from graders.harness.device.evidence import Evidence
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.grading import judge
from graders.harness.rubric import CheckRubric
from tests.device.test_cuda_records import FakeCupti, a_copy, a_kernel


class CuptiError(Exception):
    """As cupti-python raises it: the number is its ``status``, and in its text."""

    def __init__(self, status: int, name: str) -> None:
        self.status = status
        super().__init__(f"ERROR_{name} ({status})")


PROFILER = CuptiError(39, "MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED")


class Refusing(FakeCupti):
    """
    Refuses one of its functions, from one of its calls on.

    Args:
        function: Its name.

        error: What it raises.

        after: How often it works before that.
    """

    def __init__(self, function: str, error: Exception, after: int = 0) -> None:
        super().__init__()
        plain, calls = getattr(self, function), iter(range(10**6))

        def refusing(*args: Any) -> Any:
            if next(calls) >= after:
                raise error
            return plain(*args)

        setattr(self, function, refusing)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], ActivityCollector]:
    """Start a collector over a CUPTI, or over none: an exception of its import."""

    def start(cupti: Any) -> ActivityCollector:
        def find(name: str) -> Any:
            if name == "cuda.pathfinder":
                raise ImportError
            if name != "cupti.cupti":
                return __import__(name)
            if isinstance(cupti, Exception):
                raise cupti
            return cupti

        monkeypatch.setattr("importlib.import_module", find)
        collector = ActivityCollector()

        def probe() -> None:
            cupti.pending += [a_copy(), a_kernel(), a_copy(copy_kind=2)]

        collector.start(probe, lambda: None)
        return collector

    return start


def _is_ungraded(collector: ActivityCollector, said: str) -> None:
    """A check that needs evidence is an error of the machine's, with these words."""
    assert not collector.available
    because = collector.unavailable_because
    evidence = Evidence(
        available=False, unavailable_because=because, recorded_on="cuda"
    )
    with pytest.raises(EnvironmentUnavailable, match=said) as caught:
        require_evidence(evidence)
    result = judge(CheckRubric(name="fused", points=3), "It is fused.", caught.value)
    assert (result.status, result.reason, result.points) == ("error", "environment", 0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PROFILER, "another profiler records this process: end it"),
        (CuptiError(23, "DISABLED"), "another profiler records this process"),
        (CuptiError(15, "NOT_INITIALIZED"), "the NVIDIA driver is too old"),
        (CuptiError(27, "NOT_SUPPORTED"), "the NVIDIA driver is too old"),
        (CuptiError(35, "INSUFFICIENT_PRIVILEGES"), "lets this user record nothing"),
        (CuptiError(43, "MIG_DEVICE_NOT_SUPPORTED"), "cannot be recorded: it is virt"),
        (CuptiError(999, "UNKNOWN"), r"does not work here: CuptiError: .* \(999\)"),
        (RuntimeError("libcupti.so.13 was not found"), "libcupti.so.13 was not found"),
    ],
)
@pytest.mark.parametrize(
    "function", ["activity_register_callbacks", "activity_enable", "activity_flush_all"]
)
def test_a_refusal_at_the_start(
    function: str, error: Exception, said: str, started: Any
) -> None:
    """Whichever call it is, the text names the cause and keeps CUPTI's own words."""
    cupti = Refusing(function, error)
    collector = started(cupti)
    _is_ungraded(collector, said)
    assert str(error) in collector.unavailable_because
    assert not cupti.enabled  # nothing goes on being recorded
    assert 0 <= collector.now() < 60


def test_no_cupti_at_all(started: Any) -> None:
    """The package is missing, or its library cannot be loaded."""
    for error in (ModuleNotFoundError("No module named 'cupti'"), OSError("libcupti")):
        _is_ungraded(started(error), r"cupti-python cannot be imported \(.*doctor")


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "0 kernels and 0 copies"),
        ([a_kernel()], "1 kernels and 0 copies"),
        ([a_copy(), a_copy(copy_kind=2)], "0 kernels and 2 copies"),
        ([a_kernel(), a_copy()], "1 kernels and 1 copies"),
    ],
    ids=["nothing", "no copy", "no kernel", "no copy down"],
)
def test_the_first_look_must_see_all(
    records: list[Any], said: str, started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cupti = FakeCupti()
    plain = cupti.activity_flush_all

    def flush(flag: int) -> None:
        cupti.pending[:] = records
        plain(flag)

    monkeypatch.setattr(cupti, "activity_flush_all", flush)
    _is_ungraded(started(cupti), said)


@pytest.mark.parametrize(
    ("function", "after"), [("activity_enable", 6), ("activity_flush_all", 2)]
)
def test_a_profiler_that_comes_later(function: str, after: int, started: Any) -> None:
    """Opening or closing a window does not raise; from then on there is no evidence."""
    cupti = Refusing(function, PROFILER, after)
    collector = started(cupti)
    assert collector.available
    before = collector.now()
    collector.open()
    cupti.pending += [a_kernel()]
    if collector.available:
        assert collector.close().kernels == []
    _is_ungraded(collector, "another profiler records this process")
    assert not cupti.enabled
    assert before <= collector.now() < before + 60


def test_a_clock_that_fails_as_well(started: Any) -> None:
    """Nothing that CUPTI does takes the worker down."""
    cupti = Refusing("activity_enable", PROFILER, 6)
    collector = started(cupti)
    cupti.get_timestamp = Refusing("get_timestamp", PROFILER).get_timestamp
    collector.open()
    assert not collector.available
    assert collector.now() >= 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED (39)", "another profiler"),
        (
            "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA "
            "runtime version",
            "driver is too old",
        ),
        ("ERROR_OUT_OF_MEMORY (8)", "^RuntimeError: ERROR_OUT_OF_MEMORY"),
        ("ERROR_NO_SUCH (12345)", "^RuntimeError: ERROR_NO_SUCH"),
        ("", "^RuntimeError$"),
    ],
)
def test_a_text_alone_is_enough(text: str, said: str) -> None:
    """An exception of another class has no status."""
    assert re.search(said, meaning(RuntimeError(text)))
