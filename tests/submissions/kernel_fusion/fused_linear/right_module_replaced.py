# Puts an object in the place of its module.
# expect: passed

import sys
import cupy as cp
from nvmath.linalg import advanced


class Api:
    def fused_linear(self, a, b, bias):
        return advanced.matmul(a, b, epilog=advanced.MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})


sys.modules[__name__] = Api()
