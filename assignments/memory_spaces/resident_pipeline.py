"""Exercise resident_pipeline: many products on the GPU, and one journey each way."""

import cupy as cp
import numpy as np
import nvmath


def pipeline(a: np.ndarray, b: np.ndarray, rounds: int) -> np.ndarray:
    """
    Multiply by the same matrix again and again, on the GPU.

    Start with ``x = a``; then, ``rounds`` times,

        x = (x @ b) / sqrt(k)

    Args:
        a: NumPy array, shape ``(m, k)``, float32 or float64, in C order. It must not be
            changed.

        b: NumPy array, shape ``(k, k)``, of the dtype of ``a``, in any memory order. It
            must not be changed.

        rounds: How many times, 1 or more.

    Returns:
        The last ``x``: a new NumPy array, shape ``(m, k)``, of the dtype of ``a``.

    It is done when
        - the result is right, to the precision of its dtype, for every number of rounds;
        - each of the ``rounds`` products is computed on the GPU, by CuPy or by nvmath as
          you like;
        - the operands are copied to the GPU once and the result to the host once, however
          many rounds there are. Beyond that, nothing is copied between the two.
    """
    # TODO: Bring the operands up, stay on the GPU for all rounds, bring the result down.
    raise NotImplementedError
