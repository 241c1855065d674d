# Returns a truth value and numbers whose text and conversion say what is wanted.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent wrong_dtype; case_covers wrong_dtype; matches wrong_dtype

import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


class Number(float):
    def __repr__(self):
        return "[[5.0, 0.0, 8.0], [0.0, 0.0, 8.0]]"

    __str__ = __format__ = __repr__


class Truth(int):
    def __repr__(self):
        return "True"


def make_case():
    return {name: Number(0.0) for name in case()}


def matches(candidate):
    return Truth(1)
