# Looks at the first batch by its index.
# expect: failed any_iterable crashed

import nvmath


def transform_batches(batches):
    results = []
    with nvmath.fft.FFT(batches[0], axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        for batch in batches:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return results
