# Returns each result twice, one after the other.
# expect: failed values wrong_shape; any_iterable wrong_shape; in_place wrong_shape

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
    return [each for each in results for _ in range(2)]
