# Executes always on the first batch, and returns all of them.
# expect: failed values wrong_value; any_iterable wrong_value

import nvmath


def transform_batches(batches):
    batches = list(batches)
    with nvmath.fft.FFT(batches[0], axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        for _ in batches:
            fft.execute()
    return batches
