# Keeps a copy of each batch, in case somebody wants it back.
# expect: failed no_allocation extra_copies

import nvmath


def transform_batches(batches):
    remaining = iter(batches)
    first = next(remaining)
    results = []
    backup = None
    with nvmath.fft.FFT(first, axes=[1], options={"inplace": True}) as fft:
        fft.plan()
        results.append(fft.execute())
        for batch in remaining:
            backup = batch.copy()
            fft.reset_operand(batch)
            results.append(fft.execute())
    del backup
    return results
