# Transforms in the inverse direction.
# expect: failed values wrong_value; any_iterable wrong_value

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan(direction="inverse")
        results.append(fft.execute(direction="inverse"))
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute(direction="inverse"))
    return results
