# Reads the server's memory with process_vm_readv, at addresses of its own.
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


class Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.process_vm_readv.restype = ctypes.c_ssize_t
    here = ctypes.create_string_buffer(8)
    # It was forked from the server, so what lies here lies there as well.
    ours = Span(ctypes.addressof(here), 8)
    theirs = Span(id(None), 8)
    got = libc.process_vm_readv(
        os.getppid(), ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0
    )
    if got != 8:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
