# Named for Nsight with the ranges of cupy.cuda.nvtx, which name a stretch of time.
# expect: passed

import cupy as cp
from cupy.cuda import nvtx, profiler
from nvmath.linalg.advanced import MatmulEpilog, matmul


def fused_linear(a, b, bias):
    profiler.start()
    nvtx.Mark("begun", id_color=1)
    cp.cuda.nvtx.RangePush("fused_linear")
    try:
        return matmul(a, b, epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
    finally:
        cp.cuda.nvtx.RangePop()
        profiler.stop()
