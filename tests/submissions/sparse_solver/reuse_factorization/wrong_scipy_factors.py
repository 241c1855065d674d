# Uses CuPy's splu, whose factors SciPy makes on the host.
# expect: failed phases wrong_phases; freed wrong_phases

from cupyx.scipy.sparse.linalg import splu


def solve_stream(a, rhs_stream):
    factors = splu(a)
    return map(factors.solve, rhs_stream)
