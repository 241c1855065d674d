"""Exercise multiple_rhs: from coordinates to the solutions of many systems at once."""

import cupy as cp
import scipy.sparse as sp


def solve(a_coo: sp.coo_matrix, b: cp.ndarray) -> cp.ndarray:
    """
    Solve ``A x = b`` for every column of ``b``, with cuDSS on the GPU.

    Args:
        a_coo: SciPy matrix in coordinate (COO) format, shape ``(n, n)``, float32 or
            float64. Its entries come in any order, and a place may come more than once:
            its value is then the sum. It must not be changed.

        b: CuPy array on the GPU, shape ``(n, r)``, of the dtype of ``a_coo``, in any memory
            order. It must not be changed.

    Returns:
        The solutions, one column for each column of ``b``: a CuPy array on the GPU, shape
        ``(n, r)``, of the dtype of ``b``, in any memory order.

    Raises:
        ValueError: ``A`` is singular. ``numpy.linalg.LinAlgError``, which is a ValueError,
            is as good; so is a result that has a NaN or an infinity in each column.

    It is done when
        - ``A x`` is ``b`` but for rounding, to the precision of the dtype. The matrices are
          symmetric positive definite, or unsymmetric with a dominant diagonal;
        - nvmath's direct sparse solver, which is cuDSS, solves for all columns, with the
          matrix and the right-hand sides in GPU memory;
        - a singular matrix never gets an answer that looks like one.
    """
    # TODO: Bring the matrix to the GPU as CSR, solve for all columns, look at the result.
    raise NotImplementedError
