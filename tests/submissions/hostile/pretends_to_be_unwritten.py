# Raises what a stub raises, but only for candidates that it cannot judge.
# exercise: kernel_fusion/matmul_validation
# expect: failed matches unimplemented

import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


def make_case():
    return case()


def matches(candidate):
    raise NotImplementedError
