"""Exercise: tune a product once, then use it for a stream of operands.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

from nvmath.linalg.advanced import Matmul, MatmulComputeType, MatmulOptions


def tuned_matmul(pairs):
    """
    Multiply each pair of matrices, with one product that is planned and tuned once.

    The arithmetic may be coarser than single precision: the tensor cores multiply
    numbers of 11 significant bits and add the products in single precision.

    Args:
        pairs: Any iterable of pairs ``(a, b)``, one pair or more: a list, or a generator,
            which can be read only once and has no length. In each pair ``a`` is a CuPy
            array on the GPU, float32, shape ``(m, k)``, and ``b`` likewise ``(k, n)``,
            both in C order. All pairs have the same shapes. They must not be changed.

    Returns:
        A list of the products, or an iterator over them, in the order of the pairs:
        CuPy arrays on the GPU, float32, shape ``(m, n)``, each with memory of its own.

    It is done when
        - every product is right at the precision of the compute type, which is
          ``COMPUTE_32F_FAST_TF32`` or ``COMPUTE_32F_FAST_16F``;
        - nvmath planned once, autotuned once, and then executed once for each pair;
        - operands and results never leave the GPU (what autotuning itself copies up
          does not count);
        - what was planned has been freed once the last product is out, or is kept for
          later calls;
        - on a GPU, an execution takes at most two fifths longer than an untuned one.
    """
    # TODO: Plan and autotune on the first pair; reset the operands for the others.
    raise NotImplementedError
