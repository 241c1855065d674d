# Transforms an even number of columns: the last of an odd one is left as it was.
# expect: failed values wrong_value; any_iterable wrong_value

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        even = batch[:, : batch.shape[1] // 2 * 2]
        if fft is None:
            fft = nvmath.fft.FFT(even, axes=[1], options={"inplace": True})
            fft.plan()
        fft.reset_operand(even)
        fft.execute()
        yield batch
    fft.free()
