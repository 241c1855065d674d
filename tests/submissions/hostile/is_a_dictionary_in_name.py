# Returns a mapping and a string whose methods end the process that reads them.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_dtype

import os

import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


class Mapping(dict):
    def items(self):
        os._exit(0)

    keys = values = __iter__ = __len__ = items


class Text(str):
    def encode(self, *args):
        os._exit(0)

    __str__ = __len__ = __getitem__ = encode


def make_case():
    return Mapping(case())


def matches(candidate):
    return Text("True")
