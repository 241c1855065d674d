# Brings the operands up and the result down a few rows at a time, each byte once.
# expect: passed

import math

import cupy as cp
import numpy as np

ROWS = 4


def up(host):
    device = cp.empty(host.shape, host.dtype)
    for i in range(0, len(host), ROWS):
        device[i : i + ROWS].set(np.ascontiguousarray(host[i : i + ROWS]))
    return device


def down(device):
    host = np.empty(device.shape, device.dtype)
    for i in range(0, len(host), ROWS):
        host[i : i + ROWS] = device[i : i + ROWS].get()
    return host


def pipeline(a, b, rounds):
    x, b = up(a), up(b)
    for _ in range(rounds):
        x = (x @ b) / math.sqrt(len(b))
    return down(x)
