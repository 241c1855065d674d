# Makes and plans an object for every batch.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    for batch in batches:
        with nvmath.fft.FFT(batch, axes=[1], options={"inplace": True}) as fft:
            fft.plan()
            yield fft.execute()
