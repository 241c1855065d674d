# The object is never freed.
# expect: failed freed wrong_phases

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        if fft is None:
            fft = nvmath.fft.FFT(batch, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(batch)
        yield fft.execute()
