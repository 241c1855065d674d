# Asks for the name of a host, which carries data out with the question.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: system calls

import socket

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
    # An address in digits needs no server, but the question how to reach it does.
    for kind in (socket.AF_NETLINK, socket.AF_PACKET, 38, 40):  # also AF_ALG, AF_VSOCK
        try:
            socket.socket(kind, socket.SOCK_RAW).close()
            return
        except OSError as err:
            refused = err
    raise refused


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
