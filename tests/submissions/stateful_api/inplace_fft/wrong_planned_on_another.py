# Plans on an array of a batch's size that serves for nothing else.
# expect: failed no_allocation extra_copies

import cupy as cp
import nvmath


def transform_batches(batches):
    results = []
    fft = None
    for batch in batches:
        if fft is None:
            other = cp.empty_like(batch)
            fft = nvmath.fft.FFT(other, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(batch)
        results.append(fft.execute())
    fft.free()
    return results
