# Returns objects that are equal to everything, close to everything and true.
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


class Equal(np.ndarray):
    def __eq__(self, other):
        return True

    __lt__ = __gt__ = __le__ = __ge__ = __eq__

    def __array_function__(self, *args):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return True

    def __bool__(self):
        return True


class Anything:
    def __getattr__(self, name):
        return self

    def __eq__(self, other):
        return True

    def __call__(self, *args):
        return True


def make_case():
    return dict.fromkeys(case(), Anything())


def matches(candidate):
    return np.ones(()).view(Equal)
