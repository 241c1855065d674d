# Returns before its own stream has finished.
# expect: failed values wrong_value
# devices: simulator

import cupy as cp
from nvmath.linalg import advanced

STREAM = None


def fused_linear(a, b, bias):
    global STREAM
    if STREAM is None:
        STREAM = cp.cuda.Stream(non_blocking=True)
    STREAM.wait_event(cp.cuda.get_current_stream().record())
    return advanced.matmul(
        a,
        b,
        epilog=advanced.MatmulEpilog.RELU_BIAS,
        epilog_inputs={"bias": bias},
        stream=STREAM,
    )
