# Transforms rows of odd length out of place and copies them back.
# expect: failed no_allocation extra_copies

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    inplace = first.shape[1] % 2 == 0
    results = []
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": inplace}) as fft:
        fft.plan()
        batch = first
        while batch is not None:
            fft.reset_operand(batch)
            spectrum = fft.execute()
            if not inplace:
                batch[...] = spectrum
            results.append(batch)
            batch = next(remaining, None)
    return results
