"""The public API that graders import: call the program, compare arrays, judge evidence."""

from graders.harness.checks.cells import joined_evidence, raise_for_cells
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
    expect_in_bounds,
    expect_ready,
    expect_settled,
    expect_unchanged,
    host_copies,
    require_evidence,
)
from graders.harness.checks.copies import (
    SMALL_CHANGE,
    copied_bytes,
    copies_of,
    expect_at_most_copied,
    expect_copies,
    expect_no_host_round_trip,
    expect_own_memory,
    expect_shared_memory,
    without_autotuning,
)
from graders.harness.checks.given import gpu, proxy, sparse, stream, turned
from graders.harness.checks.kernels import (
    count_products,
    device_copies,
    elementwise_kernels,
    expect_fused_matmul,
    expect_kernels_at_most,
    expect_no_device_copies,
    expect_no_elementwise,
    matmul_runs,
    product_kernels,
    was_autotuned,
)
from graders.harness.checks.learner import Learner
from graders.harness.checks.operand_use import expect_operands_used
from graders.harness.checks.phases import (
    Phases,
    expect_autotuned,
    expect_freed,
    expect_phases,
    operations_of,
    phases_of,
)
from graders.harness.checks.pictures import Pictures
from graders.harness.checks.placement import expect_on_gpu, expect_stays_on_gpu
from graders.harness.checks.speed import expect_faster
from graders.harness.checks.timed_results import Rows, agreeing
from graders.harness.checks.transforms import (
    BLOCK,
    launched,
    transform_names,
    transforms_begun,
)
from graders.harness.device.evidence import (
    ClockRead,
    Copy,
    Evidence,
    Fault,
    Kernel,
    Operation,
)
from graders.harness.supervisor import Observation
from graders.harness.supervisor.notebook import CellRun, NotebookRun
from graders.harness.worker.wire import ArrayValue, Opaque, SparseValue, StreamValue

__all__ = [
    "BLOCK",
    "COMPUTING",
    "SMALL_CHANGE",
    "ArrayValue",
    "CellRun",
    "ClockRead",
    "Copy",
    "Evidence",
    "Fault",
    "Kernel",
    "Learner",
    "NotebookRun",
    "Observation",
    "Opaque",
    "Operation",
    "Phases",
    "Pictures",
    "Rows",
    "SparseValue",
    "StreamValue",
    "agreeing",
    "computing_kernels",
    "copied_bytes",
    "copies_of",
    "count_products",
    "describe",
    "device_copies",
    "elementwise_kernels",
    "expect_array",
    "expect_at_most_copied",
    "expect_autotuned",
    "expect_close",
    "expect_copies",
    "expect_faster",
    "expect_freed",
    "expect_fused_matmul",
    "expect_in_bounds",
    "expect_kernels_at_most",
    "expect_no_device_copies",
    "expect_no_elementwise",
    "expect_no_host_round_trip",
    "expect_number",
    "expect_on_gpu",
    "expect_operands_used",
    "expect_own_memory",
    "expect_phases",
    "expect_ready",
    "expect_settled",
    "expect_shared_memory",
    "expect_stays_on_gpu",
    "expect_unchanged",
    "gpu",
    "host_copies",
    "joined_evidence",
    "launched",
    "matmul_runs",
    "operations_of",
    "phases_of",
    "product_kernels",
    "proxy",
    "raise_for_cells",
    "raise_memory_space",
    "require_evidence",
    "sparse",
    "stream",
    "transform_names",
    "transforms_begun",
    "turned",
    "was_autotuned",
    "without_autotuning",
]
