"""The public API that graders import: call the program, compare arrays, judge evidence."""

from graders.harness.checks.comparison import (
    describe,
    expect_array,
    expect_close,
    expect_number,
    raise_memory_space,
)
from graders.harness.checks.conduct import (
    COMPUTING,
    computing_kernels,
    expect_settled,
    expect_unchanged,
    fault_message,
    host_copies,
    require_evidence,
)
from graders.harness.checks.learner import Learner, gpu, proxy
from graders.harness.checks.pictures import Pictures
from graders.harness.checks.speed import expect_faster
from graders.harness.device.evidence import (
    ClockRead,
    Copy,
    Evidence,
    Fault,
    Kernel,
    Operation,
)
from graders.harness.supervisor import Observation
from graders.harness.worker.wire import ArrayValue, Opaque

__all__ = [
    "COMPUTING",
    "ArrayValue",
    "ClockRead",
    "Copy",
    "Evidence",
    "Fault",
    "Kernel",
    "Learner",
    "Observation",
    "Opaque",
    "Operation",
    "Pictures",
    "computing_kernels",
    "describe",
    "expect_array",
    "expect_close",
    "expect_faster",
    "expect_number",
    "expect_settled",
    "expect_unchanged",
    "fault_message",
    "gpu",
    "host_copies",
    "proxy",
    "raise_memory_space",
    "require_evidence",
]
