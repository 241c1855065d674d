# Keeps one planned product for each shape, and frees it when the program ends.
# expect: passed

import atexit

import cupy as cp
from nvmath.linalg.advanced import Matmul, MatmulEpilog

PLANNED = {}


def planned(a, b, bias):
    key = (a.shape, b.shape)
    if key not in PLANNED:
        mm = PLANNED[key] = Matmul(a, b)
        mm.plan(epilog=MatmulEpilog.RELU_BIAS, epilog_inputs={"bias": bias})
        atexit.register(mm.free)
    mm = PLANNED[key]
    mm.reset_operands(a=a, b=b, epilog_inputs={"bias": bias})
    return mm


def batched(a, b, bias):
    return planned(a, b, bias).execute()


def sequence(a, b, bias):
    return cp.stack([planned(*each).execute() for each in zip(a, b, bias, strict=True)])
