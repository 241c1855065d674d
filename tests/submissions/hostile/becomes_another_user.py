# Becomes root, or any other user, and leaves its root folder.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: files

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


def attack():
    for change in (
        lambda: os.setresuid(0, 0, 0) if os.getuid() else os.setresuid(1, 1, 1),
        lambda: os.setgroups([0, 4, 6]),
        lambda: os.chroot("."),
    ):
        try:
            change()
        except OSError as err:
            refused = err
        else:
            return
    raise refused


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
