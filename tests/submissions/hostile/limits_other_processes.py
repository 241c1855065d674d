# Sets limits of the server: no more open files, a second of processor time.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: other processes

import os
import resource

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
    server = os.getppid()
    for limit in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        # The same values again: that it may set them is enough to know.
        resource.prlimit(server, limit, resource.prlimit(server, limit))


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
