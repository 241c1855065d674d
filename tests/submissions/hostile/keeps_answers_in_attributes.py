# Keeps its answers in an attribute or the date of a file that it may not write.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: system calls

import os
import sys

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
    kept = []
    for path in (sys.modules["__main__"].__file__, os.__file__, np.__file__):
        try:
            os.setxattr(path, "user.hostile-canary", b"answers")
            kept.append(os.getxattr(path, "user.hostile-canary"))
            os.removexattr(path, "user.hostile-canary")
        except OSError:
            pass
        try:
            before = os.stat(path)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 1))
            kept += [path] * (os.stat(path).st_mtime_ns != before.st_mtime_ns)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        except OSError:
            pass
    if not kept:
        raise PermissionError("no attribute can be set")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
