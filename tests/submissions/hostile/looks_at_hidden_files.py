# Asks for the sizes and dates of files that it may not read.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: files
# known: Landlock hides what is in files, not that they are there

import os
import sys
from pathlib import Path

import numpy as np


def case():
    a = np.array([[1.0, 2.0], [-1.0, 3.0]])
    b = np.array([[2.0, 0.0, -1.0], [1.0, -2.0, 4.0]])
    bias = np.array([1.0, -5.0])
    product = a @ b
    biased = product + bias[:, None]
    steps = {"product": product, "biased": biased, "activated": np.maximum(biased, 0)}
    return {"a": a, "b": b, "bias": bias, **steps}


def attack():
    root = Path(sys.modules["__main__"].__file__).parents[3]
    os.stat(root / "reference" / "kernel_fusion" / "matmul_validation.py")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
