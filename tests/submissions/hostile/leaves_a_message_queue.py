# Makes System V and POSIX message queues and semaphores, which outlive it, to hand answers on.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: files

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
    kept = []
    queue = libc.msgget(0x0BAD5EED, 0o1666)
    if queue >= 0:
        kept.append("a System V queue")
        libc.msgctl(queue, 0, None)
    semaphores = libc.semget(0x0BAD5EED, 1, 0o1666)
    if semaphores >= 0:
        kept.append("System V semaphores")
        libc.semctl(semaphores, 0, 0)
    posix = libc.mq_open(b"/hostile-canary", os.O_CREAT | os.O_RDWR, 0o600, None)
    if posix >= 0:
        kept.append("a POSIX queue")
        libc.mq_unlink(b"/hostile-canary")
    if not kept:
        raise PermissionError(ctypes.get_errno(), "no queue can be made")


def make_case():
    attack()
    return case()


def matches(candidate):
    return True
