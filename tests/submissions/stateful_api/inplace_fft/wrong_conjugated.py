# Conjugates each spectrum.
# expect: failed values wrong_value; any_iterable wrong_value

import cupy as cp
import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    for batch in results:
        cp.conjugate(batch, out=batch)
    return results
