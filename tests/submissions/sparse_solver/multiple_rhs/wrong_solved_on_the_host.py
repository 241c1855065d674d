# Takes b to the host and lets SciPy solve.
# expect: failed solver wrong_phases

import cupy as cp
import cupyx.scipy.sparse as csp
import numpy as np
from scipy.sparse.linalg import splu


def checked(a, x, b):
    rest = cp.linalg.norm(a @ x - b, axis=0)
    limit = np.sqrt(np.finfo(b.dtype).eps) * cp.linalg.norm(b, axis=0)
    if not cp.all(rest <= limit):
        msg = "singular"
        raise np.linalg.LinAlgError(msg)
    return x


def solve(a_coo, b):
    a = a_coo.tocsc()
    try:
        x = splu(a).solve(np.asfortranarray(b.get()))
    except RuntimeError as err:
        raise np.linalg.LinAlgError(str(err)) from err
    return checked(csp.csr_matrix(a), cp.asarray(x), b)
