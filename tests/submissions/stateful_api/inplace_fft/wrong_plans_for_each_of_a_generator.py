# Plans once for a list, and for each batch of a generator.
# expect: failed one_plan wrong_phases

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
    if not isinstance(batches, (list, tuple)):
        for x in [first, *remaining]:
            results.append(nvmath.fft.fft(x, axes=[1], options={"inplace": True}))
        return results
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as transform:
        transform.plan(direction="forward")
        results.append(transform.execute(direction="forward"))
        for batch in remaining:
            transform.reset_operand(batch)
            results.append(transform.execute(direction="forward"))
    return results
