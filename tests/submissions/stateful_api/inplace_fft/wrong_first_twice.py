# Transforms the first batch when it plans and again in the loop.
# expect: failed values wrong_value; any_iterable wrong_value; one_plan wrong_phases

import nvmath


def transform_batches(batches):
    batches = list(batches)
    with nvmath.fft.FFT(batches[0], axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        fft.execute()
        for batch in batches:
            fft.reset_operand(batch)
            fft.execute()
    return batches
