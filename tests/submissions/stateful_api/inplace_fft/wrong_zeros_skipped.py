# Leaves batches alone in which all elements are zero.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        if first.any():
            fft.execute()
        results.append(first)
        for batch in remaining:
            if batch.any():
                fft.reset_operand(batch)
                fft.execute()
            results.append(batch)
    return results
