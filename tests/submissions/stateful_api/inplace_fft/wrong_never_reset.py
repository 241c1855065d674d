# Executes for each batch, always on the first one.
# expect: failed values wrong_value; any_iterable wrong_value; in_place extra_copies

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for _ in remaining:
            results.append(fft.execute())
    return results
