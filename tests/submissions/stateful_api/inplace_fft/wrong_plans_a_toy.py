# CuPy transforms row by row, beside a small transform that is planned and executed.
# expect: failed one_plan wrong_phases
# devices: simulator

import cupy as cp
import nvmath


def transform_batches(batches):
    toy = cp.zeros((2, 2), dtype=cp.complex64)
    with nvmath.fft.FFT(toy, axes=[-1], options={"inplace": True}) as fft:
        fft.plan()
        for batch in batches:
            fft.execute(direction="forward")
            for row in batch:
                row[...] = cp.fft.fft(row)
            yield batch
