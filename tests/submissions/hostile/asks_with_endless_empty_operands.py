# Gives the function operands without elements whose product the grader would go through for hours.
# exercise: kernel_fusion/matmul_validation
# expect: failed matches wrong_value

import cupy as cp
import numpy as np


def make_case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


def matches(candidate):
    flat, tall = cp.empty((0, 2**40)), cp.empty((2**40, 0))
    candidate(flat, tall, cp.empty(0))
    return True
