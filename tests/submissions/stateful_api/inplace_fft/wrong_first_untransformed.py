# Returns the first batch as it came.
# expect: failed values wrong_value; any_iterable wrong_value; one_plan wrong_phases

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(first)
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return results
