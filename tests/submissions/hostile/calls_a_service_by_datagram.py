# Sends a datagram to a service of this machine from a pair of sockets that may be made.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: system calls

import os
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
    ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    folder = os.environ.get("CUPY_HOSTILE_CANARY", "/nonexistent")
    for service in (f"{folder}/service", "\0gpu-exercise-grader-hostile-service", "/dev/log"):
        try:
            ours.sendto(b"orders", service)
            return
        except OSError as err:
            refused = err
    raise refused


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
