# Transforms double precision out of place and copies it back.
# expect: failed no_allocation extra_copies

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
    if first.dtype == "D":
        with nvmath.fft.FFT(first, axes=[1]) as t:
            t.plan(direction="forward")
            first[...] = t.execute(direction="forward")
            out = [first]
            for x in remaining:
                t.reset_operand(x)
                x[...] = t.execute(direction="forward")
                out.append(x)
        return out
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as transform:
        transform.plan(direction="forward")
        results.append(transform.execute(direction="forward"))
        for batch in remaining:
            transform.reset_operand(batch)
            results.append(transform.execute(direction="forward"))
    return results
