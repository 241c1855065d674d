# Asks for the length of the stream.
# expect: failed any_iterable crashed

import nvmath


def transform_batches(batches):
    results = [None] * len(batches)
    fft = None
    for i, batch in enumerate(batches):
        if fft is None:
            fft = nvmath.fft.FFT(batch, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(batch)
        results[i] = fft.execute()
    fft.free()
    return results
