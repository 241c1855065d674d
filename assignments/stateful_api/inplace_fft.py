"""Exercise: transform a stream of batches, each in its own memory.

The lesson is in ``README.md``; ``hints.md`` has hints, one at a time.
"""

import nvmath


def transform_batches(batches):
    """
    Transform each row of each batch, in place and with one plan.

    The transform is the forward one and not normalised, as ``numpy.fft.fft`` with
    ``axis=-1``.

    Args:
        batches: Any iterable of batches, one or more: a list, or a generator, which can
            be read only once and has no length. Each batch is a CuPy array on the GPU,
            complex64 or complex128, shape ``(rows, n)``, in C order, with memory of its
            own. All batches have the same shape and dtype.

    Returns:
        A list of the results, or an iterator over them, in the order of the batches.
        Each result lies in the memory of its batch, which it overwrites.

    It is done when
        - every row of every batch is right to the precision of its dtype;
        - each result shares memory with its batch, and no other array of that size
          was allocated on the way;
        - nvmath planned once and executed once for each batch, on the GPU;
        - what was planned has been freed once the last result is out, or is kept for
          later calls.
    """
    # TODO: Plan on the first batch, with an option that lets the result overwrite it.
    raise NotImplementedError
