# Transforms all rows but the last of each batch.
# expect: failed values wrong_value; any_iterable wrong_value

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        rows = batch[: max(1, len(batch) - 1)]
        if fft is None:
            fft = nvmath.fft.FFT(rows, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(rows)
        fft.execute()
        yield batch
    fft.free()
