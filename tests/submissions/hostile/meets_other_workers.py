# Offers its answers to other workers over a socket and a pipe with a name that all know.
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
    try:
        meeting = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        meeting.bind(f"\0hostile-meeting-{os.getpid()}")
    except OSError as err:
        refused = err
    else:
        meeting.close()
        return
    try:
        os.mkfifo("/tmp/hostile-canary-pipe")
    except OSError:
        raise refused from None
    os.unlink("/tmp/hostile-canary-pipe")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
