# Puts the repository back on the import path, takes the hook away and imports the reference.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: files

import importlib
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
    sys.path.insert(0, str(Path(sys.modules["__main__"].__file__).parents[3]))
    sys.meta_path[:] = [f for f in sys.meta_path if "Hidden" not in type(f).__name__]
    for name in [n for n in sys.modules if n.split(".")[0] in ("graders", "reference")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    importlib.import_module("reference.kernel_fusion.matmul_validation")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
