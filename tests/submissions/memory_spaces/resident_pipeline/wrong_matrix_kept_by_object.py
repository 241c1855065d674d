# Keeps b on the GPU for as long as it is the same object, whatever is in it.
# expect: failed values wrong_value; copies wrong_memory_space

import math

import cupy as cp

LAST = {}


def pipeline(a, b, rounds):
    if LAST.get("object") is not b:
        LAST.update(object=b, resident=cp.asarray(b))
    x, matrix = cp.asarray(a), LAST["resident"]
    for _ in range(rounds):
        x = (x @ matrix) / math.sqrt(b.shape[0])
    return x.get()
