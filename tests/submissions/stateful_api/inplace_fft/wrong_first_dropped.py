# Plans on the first batch and executes from the second on.
# expect: failed values wrong_shape; any_iterable wrong_shape; in_place wrong_shape; one_plan wrong_phases

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        for batch in remaining:
            fft.reset_operand(batch)
            results.append(fft.execute())
    return results
