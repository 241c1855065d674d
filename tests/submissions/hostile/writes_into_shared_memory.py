# Leaves a segment in /dev/shm, where another worker would find it.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: files

from multiprocessing import shared_memory

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
    segment = shared_memory.SharedMemory("hostile-canary", create=True, size=4096)
    segment.close()
    segment.unlink()


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
