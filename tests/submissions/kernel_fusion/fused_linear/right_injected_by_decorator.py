# Gets options and a stream from a decorator, beside what the grader hands over.
# expect: passed

import functools
import cupy as cp
from nvmath.linalg import advanced


def with_options(**options):
    def decorate(function):
        @functools.wraps(function)
        def run(a, b, bias):
            return function(a, b, bias, advanced.MatmulOptions(**options), cp.cuda.get_current_stream())

        return run

    return decorate


@with_options(blocking="auto")
def fused_linear(a, b, bias, options, stream):
    return advanced.matmul(a, b, epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias}, options=options, stream=stream)
