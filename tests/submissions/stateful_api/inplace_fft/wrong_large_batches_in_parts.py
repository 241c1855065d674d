# Executes several times for large batches.
# expect: failed one_plan wrong_phases

import nvmath


def transform_batches(batches):
    f = None
    for batch in batches:
        halves = [batch]
        if batch.nbytes > 1_000_000 and batch.shape[0] % 2 == 0:
            h = batch.shape[0] // 2
            halves = [batch[:h], batch[h:]]
        for part in halves:
            if f is None:
                f = nvmath.fft.FFT(part, axes=[-1], options={"inplace": True})
                f.plan()
            else:
                f.reset_operand(part)
            f.execute()
        yield batch
    f.free()
