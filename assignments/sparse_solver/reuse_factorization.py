"""Exercise reuse_factorization: one factorisation, a stream of right-hand sides."""

from collections.abc import Iterable, Iterator

import cupy as cp
import cupyx.scipy.sparse as csp


def solve_stream(
    a: csp.csr_matrix, rhs_stream: Iterable[cp.ndarray]
) -> list[cp.ndarray] | Iterator[cp.ndarray]:
    """
    Solve ``A x = b`` for one right-hand side after the other, as they come.

    Args:
        a: CuPy sparse matrix on the GPU in compressed row (CSR) format, shape ``(n, n)``,
            float32 or float64, not singular. It must not be changed.

        rhs_stream: An iterable of the right-hand sides ``b``, one or more: contiguous CuPy
            arrays on the GPU, shape ``(n,)``, of the dtype of ``a``. It has no length and
            can be read once. Its producer may fill the same array again for each item: an
            item is valid until the next one is asked for. None of them may be changed.

    Returns:
        The solutions in order, as a list or an iterator: CuPy arrays on the GPU, shape
        ``(n,)``, of the dtype of ``a``, each with memory of its own.

    It is done when
        - each solution is right, to the precision of the dtype, also where the producer
          fills the same array again;
        - nvmath's direct sparse solver plans once, factorises once, and solves once for
          each right-hand side;
        - its resources are freed when the last solution has been given.
    """
    # TODO: Plan and factorise with the first right-hand side, then solve for each of them.
    raise NotImplementedError
