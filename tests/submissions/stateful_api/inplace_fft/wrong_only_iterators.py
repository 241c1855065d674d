# Asks the argument itself for the next batch.
# expect: failed any_iterable crashed

import nvmath


def transform_batches(batches):
    remaining = batches
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return results
