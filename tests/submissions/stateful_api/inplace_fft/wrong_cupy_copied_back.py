# Right values in the right place by CuPy, which needs new memory and no plan of nvmath's.
# expect: failed no_allocation extra_copies; one_plan wrong_phases

import cupy as cp


def transform_batches(batches):
    for batch in batches:
        batch[...] = cp.fft.fft(batch, axis=-1)
        yield batch
