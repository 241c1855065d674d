# Plans for one row and executes for each row of each batch.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    fft = None
    for batch in batches:
        for row in batch:
            if fft is None:
                fft = nvmath.fft.FFT(row, options={"inplace": True})
                fft.plan()
            fft.reset_operand(row)
            fft.execute()
        yield batch
    fft.free()
