# Transforms the conjugate inversely and conjugates the result, all in place.
# expect: passed

import cupy as cp
import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        cp.conjugate(batch, out=batch)
        if fft is None:
            fft = nvmath.fft.FFT(batch, axes=[1], options={"inplace": True})
            fft.plan(direction="inverse")
        fft.reset_operand(batch)
        fft.execute(direction="inverse")
        cp.conjugate(batch, out=batch)
        yield batch
    fft.free()
