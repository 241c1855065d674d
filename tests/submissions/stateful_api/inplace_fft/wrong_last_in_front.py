# Returns the last batch's result before all others.
# expect: failed values wrong_value; any_iterable wrong_value; in_place extra_copies

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
    return [results[-1], *results[:-1]]
