# Transforms into new memory and copies the result back.
# expect: failed no_allocation extra_copies

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1]) as fft:
        fft.plan()
        first[...] = fft.execute()
        results.append(first)
        for batch in remaining:
            fft.reset_operand(batch)
            batch[...] = fft.execute()
            results.append(batch)
    return results
