# Yields each batch when it has been transformed.
# expect: passed

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        if fft is None:
            fft = nvmath.fft.FFT(batch, axes=[1], options={"inplace": True})
            fft.plan(direction="forward")
        else:
            fft.reset_operand(batch)
        fft.execute(direction="forward")
        yield batch
    fft.free()
