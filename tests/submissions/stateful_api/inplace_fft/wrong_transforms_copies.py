# Transforms a copy of each batch in place.
# expect: failed in_place extra_copies

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining).copy()
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            fft.reset_operand(batch.copy())
            results.append(fft.execute())
    return results
