# Works on a stream of its own and does not wait for it.
# expect: failed values wrong_value
# devices: simulator

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from nvmath.sparse.advanced import direct_solver


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


STREAM = cp.cuda.Stream(non_blocking=True)


def solve(a_coo, b):
    cp.cuda.get_current_stream().synchronize()
    with STREAM:
        a = csp.coo_matrix(a_coo).tocsr()
        columns = cp.asfortranarray(b)
        x = direct_solver(a, columns)
        checked(a, x, columns)
        return (x * 2) / 2
