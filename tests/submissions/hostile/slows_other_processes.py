# Gives the server the lowest priority and a single core.
# exercise: kernel_fusion/matmul_validation
# expect: failed case_consistent crashed; case_covers crashed; matches wrong_value
# needs: other processes

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
    server = os.getppid()
    for change in (
        lambda: os.setpriority(os.PRIO_PROCESS, server, os.getpriority(os.PRIO_PROCESS, server)),
        lambda: os.sched_setaffinity(server, os.sched_getaffinity(server)),
        lambda: os.sched_setscheduler(server, os.SCHED_OTHER, os.sched_param(0)),
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
