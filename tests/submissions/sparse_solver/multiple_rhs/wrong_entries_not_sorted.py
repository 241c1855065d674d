# Counts the rows right but leaves the entries in the order they came in.
# expect: failed values wrong_value
# devices: simulator

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def solve(a_coo, b):
    counts = np.bincount(a_coo.row, minlength=a_coo.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    parts = a_coo.data, a_coo.col, starts
    a = csp.csr_matrix(tuple(map(cp.asarray, parts)), shape=a_coo.shape)
    columns = cp.asfortranarray(b)
    return direct_solver(a, columns)
