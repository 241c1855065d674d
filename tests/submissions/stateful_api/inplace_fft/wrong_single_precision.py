# Computes in single precision, whatever came.
# expect: failed values wrong_value; any_iterable wrong_value; no_allocation extra_copies

import cupy as cp
import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        work = batch.astype(cp.complex64)
        if fft is None:
            fft = nvmath.fft.FFT(work, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(work)
        batch[...] = fft.execute()
        yield batch
    fft.free()
