"""How a learner's figures are compared with the grader's own, and with a GPU's trace."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from graders.harness.checks.absent import AbsentProgram
from graders.harness.device.evidence import Copy, Evidence, Kernel
from graders.harness.errors import WrongValue
from graders.harness.rubric import load_rubric
from graders.harness.session import import_trusted
from graders.harness.supervisor import Observation
from graders.memory_spaces import test_transfer_cost as transfer_cost
from graders.memory_spaces.own_figures import traced_figures
from graders.memory_spaces.trace import Sizes

ROOT = Path(__file__).resolve().parents[2]
M, K, N = 50, 40, 30
A, B, RESULT = 4 * M * K, 4 * K * N, 4 * M * N
PRODUCT = "nvjet_sss_128x64_64x6_2x1_v_bz_TNN"
SUM = "void cublasLt::splitKreduce_kernel<32, 16, int, float>(float)"
MS = 1e-3


def down(start: float, seconds: float = MS) -> Copy:
    return Copy(direction="device_to_host", nbytes=RESULT, start=start, seconds=seconds)


def up(nbytes: int, start: float) -> Copy:
    return Copy(direction="host_to_device", nbytes=nbytes, start=start, seconds=MS)


def product(start: float, name: str = PRODUCT) -> Kernel:
    return Kernel(name=name, kind="gemm", start=start, seconds=MS / 10)


def agree(times: float, evidence: Evidence, device: str) -> None:
    """Judge figures that are so many times those of the trace; there is no reference."""
    measured = {
        "matmul_cpu_operands": 11 * MS,
        "matmul_gpu_operands": 1 * MS,
        "host_to_device": 9 * MS,
        "device_to_host": times * MS,
    }
    measured["transfer_estimate"] = 10 * MS
    measured["transfer_measured"] = measured["host_to_device"] + times * MS
    learner = SimpleNamespace(
        hold=lambda _args: None,
        call=lambda *_, **__: Observation(value=measured, evidence=evidence),
    )
    server: Any = SimpleNamespace(device=device)
    rubric = load_rubric(ROOT / "graders" / "memory_spaces" / "rubric.toml")
    transfer_cost.test_agreement(
        learner,  # type: ignore[arg-type]
        AbsentProgram(Path("solution.py"), "solution", server, timeout=1.0),  # type: ignore[arg-type]
        transfer_cost._Operands(
            np.zeros((M, K), np.float32), np.zeros((K, N), np.float32)
        ),
        rubric.exercises["transfer_cost"].limits,
        device,
        import_trusted(ROOT / "reference" / "memory_spaces" / "oracles.py"),
    )


@pytest.mark.parametrize(
    ("times", "device", "passes"),
    [
        (1, "cuda", True),
        (
            8.3,
            "cuda",
            True,
        ),  # the host's copy into page-locked memory is not in the trace
        (13, "cuda", False),
        (0.2, "cuda", False),
        (1000, "cuda", False),
        (1, "simulator", True),
        (8, "simulator", False),
    ],
)
def test_a_trace_tells_the_least_that_copies_take(
    times: float, device: str, *, passes: bool
) -> None:
    """Other figures the trace does not tell here: they are not compared, nor exchanged."""
    evidence = Evidence(copies=tuple(down(i * 1.0) for i in range(6)))
    assert list(traced_figures(evidence, Sizes(A, B, RESULT))) == ["device_to_host"]
    if passes:
        agree(times, evidence, device)
    else:
        with pytest.raises(WrongValue):
            agree(times, evidence, device)


def test_sums_of_partial_products_are_no_products() -> None:
    """A journey with them is a journey, and the time between two products their own."""
    journeys = [
        Evidence(
            copies=(up(A, s), up(B, s + 2 * MS), down(s + 9 * MS)),
            kernels=(product(s + 4 * MS), product(s + 5 * MS, SUM)),
        )
        for s in (0.0, 1.0)
    ]
    resident = [product(2.0 + i * 3 * MS) for i in range(5)]
    sums = [product(k.start + MS / 5, SUM) for k in resident]
    evidence = Evidence(
        copies=journeys[0].copies + journeys[1].copies,
        kernels=(*journeys[0].kernels, *journeys[1].kernels, *resident, *sums),
    )
    found = traced_figures(evidence, Sizes(A, B, RESULT))
    assert found["matmul_gpu_operands"] == pytest.approx(3 * MS)
    assert found["matmul_cpu_operands"] == pytest.approx(10 * MS)
