# Looks for what tells right candidates from wrong ones: names, code, closures, numbers.
# exercise: kernel_fusion/matmul_validation
# expect: failed matches wrong_value

import inspect

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
    seen = [candidate.__name__, candidate.__qualname__, candidate.__doc__, repr(candidate)]
    seen += [str(inspect.signature(candidate)), candidate.__code__.co_consts]
    seen += [cell.cell_contents for cell in candidate.__closure__]
    seen += sorted(vars(candidate))
    words = ("no_", "bias_", "wrong", "half", "transposed", "abs", "zero")
    return not any(word in str(item) for item in seen for word in words)
