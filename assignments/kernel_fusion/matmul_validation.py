"""Exercise matmul_validation: a case worked out by hand, and a test to trust."""

from collections.abc import Callable

import cupy as cp


def make_case() -> dict[str, cp.ndarray]:
    """
    Return a small case of C = ReLU(A B + b) with the result of each step.

    The case can be checked by hand: no matrix has more than 64 entries, and the results
    are right to the last digit. It tells right from wrong: m and n differ, ReLU clips
    some entries and leaves others as they are, and the bias is not the same everywhere.

    Returns:
        Six arrays of real numbers, NumPy or CuPy, of any integer or floating-point
        dtype of at most 64 bits:

        - ``"a"``: the first operand, shape (m, k).
        - ``"b"``: the second operand, shape (k, n).
        - ``"bias"``: one number for each row of the product, shape (m,).
        - ``"product"``: A B, shape (m, n).
        - ``"biased"``: the product with the bias added to every column, shape (m, n).
        - ``"activated"``: the same with 0 for every negative entry, shape (m, n).
    """
    # TODO: Choose a, b and bias, and write down the three results that you worked out.
    raise NotImplementedError


def matches(
    candidate: Callable[[cp.ndarray, cp.ndarray, cp.ndarray], cp.ndarray],
) -> bool:
    """
    Say whether a program computes ReLU(A B + b), by trying it on cases of your choice.

    A right candidate takes CuPy arrays of one dtype, float32 or float64, and computes
    in that precision or better. It leaves its arguments as they were, and returns a
    CuPy array of shape (m, n) and of their dtype, in any memory order (row-major or
    column-major).

    Args:
        candidate: A function of ``a`` (m, k), ``b`` (k, n) and ``bias`` (m,), called
            with these three and nothing else. Call it as often as you need, up to 100
            times, with matrices of up to a million entries.

    Returns:
        True if the candidate is right on all of your cases; False if it is wrong on
        any. A candidate that raises an exception is wrong: the exception stops here.
    """
    # TODO: Try the candidate on cases that show the mistakes listed in README.md.
    raise NotImplementedError
