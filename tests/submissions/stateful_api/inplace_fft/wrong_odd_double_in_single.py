# Transforms odd rows of double precision in single precision.
# expect: failed values wrong_value
# expect on cuda: failed values wrong_value; no_allocation extra_copies

import nvmath


def transform_batches(batches):
    """
    Transform each row of each batch, in place and with one plan.

    Args:
        batches: An iterable of CuPy arrays, complex, shape ``(rows, n)``.

    Returns:
        A list of the batches, each holding its spectrum.
    """
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as transform:
        transform.plan(direction="forward")
        results.append(transform.execute(direction="forward"))
        for batch in remaining:
            transform.reset_operand(batch)
            results.append(transform.execute(direction="forward"))
    for r in results:
        if r.dtype == "D" and r.shape[1] % 2:
            r[...] = r.astype("F")
    return results
