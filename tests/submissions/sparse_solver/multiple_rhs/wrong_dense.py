# Fills in the zeros and solves a dense system.
# expect: failed solver wrong_phases

import cupy as cp
import numpy as np


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    a = cp.asarray(a_coo.toarray())
    return checked(a, cp.linalg.solve(a, b), b)
