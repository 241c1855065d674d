# Copies each batch into one work array, and its spectrum back.
# expect: failed no_allocation extra_copies

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        if fft is None:
            work = batch.copy()
            fft = nvmath.fft.FFT(work, axes=[1], options={"inplace": True})
            fft.plan()
        work[...] = batch
        fft.execute()
        batch[...] = work
        yield batch
    fft.free()
