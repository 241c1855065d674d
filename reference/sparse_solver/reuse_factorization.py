"""Reference for reuse_factorization: plan, factorise, then one solve after the other."""

from collections.abc import Iterable, Iterator

import cupy as cp
import cupyx.scipy.sparse as csp
from nvmath.sparse.advanced import DirectSolver


def solve_stream(
    a: csp.csr_matrix, rhs_stream: Iterable[cp.ndarray]
) -> Iterator[cp.ndarray]:
    """Solve A x = b for one right-hand side after the other, as they come."""
    stream = iter(rhs_stream)
    first = next(stream, None)
    if first is None:
        return
    # Leaving the block frees the factors, also where nobody reads on to the end.
    with DirectSolver(a, first) as solver:
        solver.plan()
        solver.factorize()
        yield solver.solve()
        for rhs in stream:
            # Only a reference changes hands; nothing is copied, nothing planned again.
            solver.reset_operands(b=rhs)
            yield solver.solve()
