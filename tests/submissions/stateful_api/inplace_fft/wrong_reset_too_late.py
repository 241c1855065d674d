# Executes before it resets, so that the first is transformed twice and the last not at all.
# expect: failed values wrong_value; any_iterable wrong_value

import nvmath


def transform_batches(batches):
    batches = list(batches)
    with nvmath.fft.FFT(batches[0], axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        for batch in batches:
            fft.execute()
            fft.reset_operand(batch)
    return batches
